"""The therapist's review page: what it shows, who sees it, and its buttons."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from messaging.models import Message, SignedLink
from patients.models import Allergy, EarlierTreatment, Medicine
from screening.models import Evaluation, Flag
from screening.services import clear_flag, request_intake
from tests.factories import MedicineFactory, PatientFactory, UserFactory
from tests.screening.factories import sent_intake
from tests.screening.test_clear_flag import ANSWERS

pytestmark = pytest.mark.django_db


def review(patient):
    return reverse("screening:patient", args=[patient.public_id])


def test_the_page_shows_flags_with_their_reasons_and_the_answers(patient, therapist, page_of):
    MedicineFactory(patient=patient, name="Coumadin 5 mg")
    sent_intake(patient, leg_symptom="yes", leg_symptom_kind=["swollen"])
    page = page_of(therapist).get(review(patient)).content.decode()
    for words in (
        "Possible deep-vein thrombosis",
        "Is one leg swollen, warm, red or sore, more than the other?",
        "Do not touch the leg.",
        "Only the clinical lead can lift this",
        "Blood thinner (anticoagulant)",
        "Coumadin 5 mg (warfarin)",
        "Calf",
        "Where it hurts",
        "Do not treat",
    ):
        assert words in page


def test_emergencies_stand_first_then_the_graver(patient, therapist, page_of):
    legs = {"leg_symptom": "not-sure", "leg_symptom_kind": ["not-sure"], "vein_past": "yes"}
    dizziness = {"dizzy": "yes", "dizzy_new": "no", "dizzy_turning": "no"}
    sent_intake(patient, saddle_numb="yes", fever="yes", **legs, **dizziness)
    lines = page_of(therapist).get(review(patient)).context["standing"]
    assert [line.flag.rule_id for line in lines] == ["RF-01", "RF-06", "CI-11", "CI-05", "CI-38"]


def test_opening_the_page_leaves_one_audit_row(patient, therapist, page_of):
    page_of(therapist).get(review(patient))
    event = AuditEvent.objects.get(action="patient.read")
    assert (event.actor_id, event.facts) == (therapist.public_id, {"screen": "screening"})


def test_an_auditor_reads_and_has_nothing_to_press(patient, auditor, page_of):
    sent_intake(patient, **ANSWERS["caution"])
    page = page_of(auditor).get(review(patient)).content.decode()
    assert "Reaction to oils" in page
    assert "Clear</a>" not in page
    assert "Send intake link" not in page
    assert "Run the rules again" not in page


@pytest.mark.parametrize("role", ["front_desk", "admin"])
def test_the_desk_does_not_see_detail(patient, location, page_of, role):
    user = UserFactory(roles=[role], locations=[location])
    assert page_of(user).get(review(patient)).status_code == 403
    assert not AuditEvent.objects.filter(action="patient.read").exists()


def test_a_stranger_finds_nothing_behind_any_door(patient, stranger, page_of):
    sent_intake(patient, **ANSWERS["caution"])
    flag, response = Flag.objects.get(), Evaluation.objects.get().response
    client, events = page_of(stranger), AuditEvent.objects.count()
    assert client.get(review(patient)).status_code == 404
    for name, public_id in (
        ("send-intake", patient.public_id),
        ("screen", patient.public_id),
        ("accept", response.public_id),
        ("clear", flag.public_id),
        ("reopen", flag.public_id),
    ):
        assert client.post(reverse(f"screening:{name}", args=[public_id]), {"reason": "x"}).status_code == 404
    assert AuditEvent.objects.count() == events
    assert Flag.objects.get().status == "open"


def test_nobody_gets_in_without_signing_in(patient, client):
    answer = client.get(review(patient))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.usefixtures("intake_form")
@pytest.mark.parametrize("role", ["front_desk", "admin", "therapist"])
def test_everybody_who_registers_patients_sends_the_intake(patient, location, page_of, role):
    user = UserFactory(roles=[role], locations=[location])
    if role == "therapist":
        patient.care_team.create(therapist=user, started_on=timezone.now().date())
    answer = page_of(user).post(reverse("screening:send-intake", args=[patient.public_id]))
    assert answer.status_code == 302
    link = SignedLink.objects.get()
    assert (link.patient, link.purpose) == (patient, "intake")
    message = Message.objects.get()
    assert (message.template, message.link, message.context) == (
        "intake_request",
        link,
        {"location_name": "Downtown"},
    )


def test_an_auditor_does_not_send_the_intake(patient, auditor, page_of):
    assert page_of(auditor).post(reverse("screening:send-intake", args=[patient.public_id])).status_code == 403
    assert not SignedLink.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.usefixtures("intake_form")
def test_a_patient_who_cannot_be_reached_is_named_to_the_sender(patient, therapist, page_of):
    patient.email = ""
    patient.save(update_fields=["email"])
    answer = page_of(therapist).post(reverse("screening:send-intake", args=[patient.public_id]), follow=True)
    assert "cannot be reached" in answer.content.decode()


def test_a_sent_link_waits_on_the_page(patient, therapist, page_of):
    sent_intake(PatientFactory())
    request_intake(patient=patient, by=therapist)
    assert "Link sent" in page_of(therapist).get(review(patient)).content.decode()


def test_a_therapist_clears_in_the_dialog(patient, therapist, page_of):
    sent_intake(patient, **ANSWERS["relative"])
    flag, client = Flag.objects.get(), page_of(therapist)
    address = reverse("screening:clear", args=[flag.public_id])
    assert "Clear the flag" in client.get(address, headers={"HX-Request": "true"}).content.decode()
    refused = client.post(address, {"reason": "ok"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"clearance_from", "cleared_until"}
    last_day = timezone.now().date() + timedelta(days=30)
    posted = {"reason": "Letter read", "clearance_from": "Dr Chen", "cleared_until": last_day.isoformat()}
    answer = client.post(address, posted, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == review(patient)
    flag.refresh_from_db()
    assert (flag.status, flag.reason) == ("cleared", "Letter read")
    # Until the end of the last day in New York.
    assert flag.cleared_until.isoformat()[:10] == (last_day + timedelta(days=1)).isoformat()
    assert flag.cleared_until.hour in {4, 5}
    page = client.get(review(patient)).content.decode()
    assert "Letter read" in page
    assert "Dr Chen" in page


def test_the_page_without_scripts_clears_too(patient, therapist, page_of):
    sent_intake(patient, **ANSWERS["caution"])
    address = reverse("screening:clear", args=[Flag.objects.get().public_id])
    answer = page_of(therapist).post(address, {"reason": "Asked"})
    assert answer["Location"] == review(patient)
    assert Flag.objects.get().status == "cleared"


def test_a_clearance_too_long_is_refused_beside_its_field(patient, therapist, page_of):
    sent_intake(patient, **ANSWERS["relative"])
    address = reverse("screening:clear", args=[Flag.objects.get().public_id])
    posted = {"reason": "ok", "clearance_from": "Dr", "cleared_until": "2199-01-01"}
    answer = page_of(therapist).post(address, posted)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"cleared_until"}
    assert Flag.objects.get().status == "open"


def test_an_absolute_flag_offers_the_therapist_no_button_and_refuses_the_post(patient, therapist, page_of):
    sent_intake(patient, **ANSWERS["absolute"])
    address, client = reverse("screening:clear", args=[Flag.objects.get().public_id]), page_of(therapist)
    assert "Only the clinical lead can lift this" in client.get(address).content.decode()
    answer = client.post(address, {"reason": "ok", "clearance_from": "Dr"})
    assert answer.status_code == 403
    assert Flag.objects.get().status == "open"


def test_an_auditor_cannot_open_the_clearing_form(patient, auditor, page_of):
    sent_intake(patient, **ANSWERS["caution"])
    assert page_of(auditor).get(reverse("screening:clear", args=[Flag.objects.get().public_id])).status_code == 403


def test_a_cleared_flag_is_opened_again_from_the_page(patient, therapist, page_of):
    sent_intake(patient, **ANSWERS["caution"])
    flag = Flag.objects.get()
    clear_flag(flag=flag, reason="Asked", by=therapist)
    answer = page_of(therapist).post(reverse("screening:reopen", args=[flag.public_id]))
    assert answer["Location"] == review(patient)
    assert Flag.objects.filter(status="open").count() == 1


@pytest.mark.parametrize("severity", ["relative", "caution"])
def test_a_page_whose_light_is_amber_does_not_say_that_no_flag_stands(
    patient, therapist, page_of, in_a_month, severity
):
    """A graver flag that was cleared keeps the light amber: it is cleared with limits. A cleared caution is gone."""
    sent_intake(patient, **ANSWERS[severity])
    terms = {"clearance_from": "Dr Chen", "cleared_until": in_a_month} if severity == "relative" else {}
    clear_flag(flag=Flag.objects.get(), reason="Asked", by=therapist, **terms)
    answer = page_of(therapist).get(review(patient))
    page = answer.content.decode()
    is_graver = severity == "relative"
    assert answer.context["colour"] == ("amber" if is_graver else "green")
    assert ("Nothing stands uncleared" in page) is is_graver
    assert ("No flag stands" in page) is not is_graver


def test_the_rules_run_again_on_request(patient, therapist, page_of):
    MedicineFactory(patient=patient, name="Xarelto")
    page_of(therapist).post(reverse("screening:screen", args=[patient.public_id]))
    assert Flag.objects.get().rule_id == "CI-06a"
    assert Evaluation.objects.get().cause == "requested"


def test_what_the_patient_wrote_is_added_to_the_record_by_one_click_each(patient, therapist, page_of):
    MedicineFactory(patient=patient, name="Metoprolol 50 mg")
    answers = {
        "medicines_any": "yes",
        "medicines": "Metoprolol 50 mg\nPlavix 75 mg\n",
        "blood_thinner": "yes",
        "blood_thinner_which": "Plavix",
        "product_allergy": "yes",
        "product_allergy_which": ["oil"],
        "product_allergy_detail": "almond oil, rash",
        "tried_physiotherapy": "some",
        "tried_surgery": "not-tried",
    }
    response = sent_intake(patient, **answers).response
    client = page_of(therapist)
    offered = client.get(review(patient)).context["suggestions"]
    assert [one.key for one in offered] == ["medicine-plavix 75 mg", "allergy-oil", "treatment-physiotherapy"]
    address = reverse("screening:accept", args=[response.public_id])
    for one in offered:
        assert client.post(address, {"key": one.key}).status_code == 302
    assert client.post(address, {"key": offered[0].key}).status_code == 404
    assert list(Medicine.objects.order_by("pk").values_list("name", flat=True)) == ["Metoprolol 50 mg", "Plavix 75 mg"]
    assert Allergy.objects.get().reaction == "almond oil, rash"
    assert (EarlierTreatment.objects.get().kind, EarlierTreatment.objects.get().benefit) == ("physiotherapy", "some")
    assert client.get(review(patient)).context["suggestions"] == []


def test_an_auditor_adds_nothing_to_the_record(patient, auditor, page_of):
    response = sent_intake(patient, medicines_any="yes", medicines="Plavix").response
    address = reverse("screening:accept", args=[response.public_id])
    assert page_of(auditor).post(address, {"key": "medicine-plavix"}).status_code == 403
    assert not Medicine.objects.exists()


@pytest.mark.parametrize("count", [3, 12])
def test_the_page_takes_the_same_queries_for_many_flags(
    patient, therapist, page_of, django_assert_max_num_queries, count
):
    evaluation = sent_intake(patient)
    for number in range(count):
        given = {"rule_id": f"X-{number}", "rule_version": 1, "severity": "caution", "title": "x", "action": "x"}
        Flag.objects.create(patient=patient, evaluation=evaluation, **given)
    client = page_of(therapist)
    with django_assert_max_num_queries(22):
        assert len(client.get(review(patient)).context["standing"]) == count


def test_a_patient_without_a_location_or_an_intake_still_has_a_page(therapist, page_of):
    patient = PatientFactory(care_team=[therapist])
    page = page_of(therapist).get(review(patient)).content.decode()
    assert "No intake has been sent yet." in page
    assert "Not screened" in page
