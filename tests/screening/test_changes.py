"""The five questions before each visit: by link or in the room, looked at by a therapist, asked about by the gate."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.models import Message, SignedLink
from messaging.services import link_url, subject, supersede
from questionnaires.models import QuestionnaireResponse
from questionnaires.services.publishing import load_shipped
from screening.changes import HOLDS_FOR, QUESTIONS, Known, is_no_change, known_before, known_of
from screening.errors import ChangesAnswered, ChangesFirst, NothingToLookAt
from screening.models import ChangeCheck
from screening.services import gate, look_at_change_check, override_gate, record_change_check, request_change_check
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
CONTEXT = {"starts_at": "2026-01-12T14:00:00+00:00", "zone": "America/New_York", "location_name": "Main"}
SAME = dict.fromkeys(QUESTIONS, "no")
NEW_MEDICINE = {**SAME, "change-medicine": "yes", "change-medicine-what": "Warfarin since Monday"}
NOTE = "Warfarin goes into the record; gentle pressure only."
VISIT = uuid.UUID("00000000-0000-4000-8000-00000000abcd")


@pytest.fixture
def soon():
    return timezone.now() + timedelta(days=1)


@pytest.fixture(autouse=True)
def forms(db):
    load_shipped()


def requested(patient, visit_at, visit_id=VISIT):
    about = subject(key=f"appointment:{visit_id}")
    return request_change_check(
        patient=patient, visit_id=visit_id, visit_at=visit_at, subject=about, context=CONTEXT, by=SYSTEM
    )


def recorded(patient, therapist, visit_at, answers=SAME):
    return record_change_check(patient=patient, visit_id=VISIT, visit_at=visit_at, answers=answers, by=therapist)


def old_screening(patient):
    """Screened a month ago: valid, and too old to say what has changed since."""
    return sent_intake(patient, at=timezone.now() - timedelta(days=30))


def entered(client, check):
    """A phone that opened the newest link to a check and told the birth date."""
    link = SignedLink.objects.filter(target_id=check.response.public_id).latest("pk")
    address = "/l/" + link_url(link).split("/l/")[1]
    assert client.post(address, {"birth_on": check.patient.birth_on.isoformat()}).status_code == 302
    return client


def sent(client, check, answers):
    """Answer the one page and send it."""
    phone = entered(client, check)
    page = phone.get(reverse("screening:intake"))["Location"]
    assert phone.post(page, answers).status_code == 302
    return phone.post(reverse("screening:intake-send"))


# What the answers mean


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", ["yes", "not-sure"])
def test_anything_but_no_is_a_change(question, answer):
    assert is_no_change(SAME)
    assert not is_no_change({**SAME, question: answer})


def test_the_answers_have_names_that_stay():
    """The API and the pages know them."""
    assert [str(one) for one in Known] == ["missing", "unchanged", "changed", "looked_at"]


def test_no_answers_are_not_five_times_no():
    assert not is_no_change({})
    assert not is_no_change({"change-medicine-what": "no"})


def test_an_answer_counts_for_three_days():
    assert timedelta(hours=72) == HOLDS_FOR
    now = timezone.now()
    check = ChangeCheck(answered_at=now - HOLDS_FOR, has_changes=False)
    assert known_of(check, at=now) is Known.UNCHANGED
    assert known_of(check, at=now + timedelta.resolution) is Known.MISSING
    assert known_of(None, at=now) is Known.MISSING
    assert known_of(ChangeCheck(), at=now) is Known.MISSING
    check.has_changes = True
    assert known_of(check, at=now) is Known.CHANGED
    assert known_of(check, at=now + timedelta(days=9)) is Known.CHANGED
    check.seen_at = now
    assert known_of(check, at=now) is Known.LOOKED_AT
    assert known_of(check, at=now + timedelta.resolution) is Known.MISSING


@pytest.mark.parametrize("number", [1, 5])
def test_a_days_visits_are_asked_about_in_one_query(patient, soon, number, django_assert_num_queries):
    visits = {uuid.uuid4(): soon for _ in range(number)}
    for visit_id, visit_at in visits.items():
        requested(patient, visit_at, visit_id)
    with django_assert_num_queries(1):
        assert set(known_before(visits).values()) == {Known.MISSING}


# By link


def test_the_patient_answers_by_a_link_that_dies_with_the_visit(patient, client, soon):
    check = requested(patient, soon)
    message = Message.objects.get(template="change_check")
    assert message.expires_at == message.link.expires_at == soon
    answer = sent(client, check, SAME)
    assert answer["Location"] == reverse("screening:intake-done")
    done = client.get(answer["Location"]).content.decode()
    assert "before you come" in done
    check.refresh_from_db()
    assert (check.has_changes, check.seen_at) == (False, None)
    event = AuditEvent.objects.get(action="change_check.answered")
    assert (event.actor_kind, event.facts) == ("link", {"has_changes": False})


def test_in_spanish(patient, client, soon):
    patient.language = "es"
    patient.save()
    phone = entered(client, requested(patient, soon))
    page = phone.get(phone.get(reverse("screening:intake"))["Location"]).content.decode()
    assert "¿Ha empezado, dejado o cambiado alguna medicina?" in page
    assert '<html lang="es"' in page
    phone.post(phone.get(reverse("screening:intake"))["Location"], SAME)
    phone.post(reverse("screening:intake-send"))
    assert "antes de venir" in phone.get(reverse("screening:intake-done")).content.decode()


def test_a_question_left_open_is_not_sent(patient, client, soon):
    check = requested(patient, soon)
    phone = entered(client, check)
    page = phone.get(reverse("screening:intake"))["Location"]
    answer = phone.post(page, {**SAME, "change-injury": ""})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"change-injury"}
    assert phone.post(reverse("screening:intake-send")).status_code == 422
    check.refresh_from_db()
    assert (check.answered_at, check.has_changes) == (None, None)


def test_nobody_is_asked_twice_for_the_same_time(patient, soon):
    first = requested(patient, soon)
    assert requested(patient, soon) == first
    assert Message.objects.filter(template="change_check").count() == 1
    assert AuditEvent.objects.filter(action="change_check.requested").count() == 1


def test_a_move_by_a_day_keeps_the_answers_and_a_move_by_a_week_asks_anew(patient, client, soon):
    check = requested(patient, soon)
    sent(client, check, SAME)
    near = requested(patient, soon + timedelta(days=1))
    assert (near.has_changes, near.visit_at) == (False, soon + timedelta(days=1))
    assert Message.objects.filter(template="change_check").count() == 1
    supersede(key=f"appointment:{VISIT}")
    late = requested(patient, soon + timedelta(days=7))
    assert (late.pk, late.has_changes, late.answered_at) == (check.pk, None, None)
    assert Message.objects.filter(template="change_check").count() == 2
    assert QuestionnaireResponse.objects.filter(questionnaire__key="change-check").count() == 2


def test_a_change_nobody_has_read_outlives_a_move_by_a_week(patient, client, therapist, soon, service):
    """Asked anew at once, a new medicine told would have been written over unread."""
    check, late = requested(patient, soon), soon + timedelta(days=7)
    sent(client, check, NEW_MEDICINE)
    kept = requested(patient, late)
    assert (kept.response, kept.visit_at, known_of(kept, at=late)) == (check.response, late, Known.CHANGED)
    assert ChangeCheck.objects.to_look_at().get() == kept
    old_screening(patient)
    held = {"patient": patient, "service": service, "visit_id": VISIT, "is_held": True, "at": late}
    assert "changes_not_looked_at" in gate(**held).reasons
    look_at_change_check(check=kept, note=NOTE, by=therapist)
    assert gate(**held).reasons == ("changes_not_asked",)
    assert requested(patient, late + timedelta(days=7)).answered_at is None


def test_half_an_answer_for_another_visit_is_not_carried_over(patient, client, soon):
    entered(client, requested(patient, soon))
    page = client.get(reverse("screening:intake"))["Location"]
    client.post(page, {**SAME, "change-pregnant": "no"})
    again = requested(patient, soon + timedelta(days=7), uuid.uuid4())
    assert not set(QUESTIONS) & set(again.response.answers)


# Looked at


def test_a_therapist_looks_and_says_what_it_means(patient, client, therapist, soon):
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    seen = look_at_change_check(check=check, note=f" {NOTE} ", by=therapist)
    assert (seen.seen_by, seen.seen_note) == (therapist, NOTE)
    assert AuditEvent.objects.get(action="change_check.looked_at").actor_id == therapist.public_id
    with pytest.raises(NothingToLookAt):
        look_at_change_check(check=check, note="again", by=therapist)
    check.refresh_from_db()
    assert check.seen_note == NOTE


@pytest.mark.parametrize("note", ["", "  ", "x" * 501, "a\x00b"])
def test_what_it_means_has_to_be_said(patient, client, therapist, soon, note):
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    with pytest.raises(Invalid) as refusal:
        look_at_change_check(check=check, note=note, by=therapist)
    assert set(refusal.value.fields) == {"note"}
    check.refresh_from_db()
    assert check.seen_at is None


@pytest.fixture
def changed(patient, client, soon):
    """A check whose answers name a new medicine."""
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    check.refresh_from_db()
    return check


def test_who_may_not_look(changed, front_desk, auditor, stranger):
    for user, error in ((front_desk, NotAllowed), (auditor, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            look_at_change_check(check=changed, note=NOTE, by=user)
    changed.refresh_from_db()
    assert changed.seen_at is None


def test_there_is_nothing_to_look_at_where_nothing_changed(patient, client, therapist, soon):
    check = requested(patient, soon)
    for answers in ({}, SAME):
        if answers:
            sent(client, check, answers)
        with pytest.raises(NothingToLookAt):
            look_at_change_check(check=check, note=NOTE, by=therapist)
    check.refresh_from_db()
    assert (check.has_changes, check.seen_at) == (False, None)


# Asked in the room


def test_what_a_therapist_asks_in_person_is_looked_at(patient, therapist, soon):
    check = recorded(patient, therapist, soon, NEW_MEDICINE)
    assert (check.has_changes, check.seen_by) == (True, therapist)
    assert check.response.status == "submitted"


def test_asking_in_person_ends_what_the_link_can_do(patient, client, therapist, soon):
    phone = entered(client, requested(patient, soon))
    page = phone.get(reverse("screening:intake"))["Location"]
    check = recorded(patient, therapist, soon)
    for answer in (phone.post(page, NEW_MEDICINE), phone.post(reverse("screening:intake-send"))):
        assert answer["Location"] == reverse("screening:intake-done")
    check.refresh_from_db()
    assert (check.has_changes, check.response.answers["change-medicine"]) == (False, "no")


def test_what_the_patient_told_is_not_written_over(patient, client, therapist, soon):
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    with pytest.raises(ChangesAnswered):
        recorded(patient, therapist, soon)
    check.refresh_from_db()
    assert (check.has_changes, check.seen_at, check.response.answers["change-medicine"]) == (True, None, "yes")


def test_five_answers_are_needed_in_the_room_too(patient, therapist, soon):
    with pytest.raises(Invalid) as refusal:
        recorded(patient, therapist, soon, {"change-injury": "no"})
    assert "change-medicine" in refusal.value.fields
    assert not ChangeCheck.objects.exists()
    assert not QuestionnaireResponse.objects.exists()


def test_who_may_not_record(patient, front_desk, stranger, soon):
    for user, error in ((front_desk, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            recorded(patient, user, soon)
    assert not ChangeCheck.objects.exists()


# The gate


def asked_gate(patient, service, at, **more):
    return gate(patient=patient, service=service, visit_id=VISIT, is_held=True, at=at, **more)


def test_the_gate_warns_while_nobody_asked(patient, service, soon):
    old_screening(patient)
    verdict = asked_gate(patient, service, soon)
    assert (verdict.level, verdict.reasons) == ("warn", ("changes_not_asked",))


def test_the_gate_lets_five_times_no_pass(patient, service, therapist, soon):
    old_screening(patient)
    recorded(patient, therapist, soon)
    assert asked_gate(patient, service, soon).level == "allow"


def test_the_gate_blocks_what_nobody_looked_at_until_somebody_has(patient, client, service, therapist, soon):
    old_screening(patient)
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    verdict = asked_gate(patient, service, soon)
    assert (verdict.level, verdict.reasons) == ("block", ("changes_not_looked_at",))
    look_at_change_check(check=check, note=NOTE, by=therapist)
    assert asked_gate(patient, service, soon).level == "allow"


def test_booking_does_not_ask(patient, client, service, soon):
    old_screening(patient)
    sent(client, requested(patient, soon), NEW_MEDICINE)
    assert gate(patient=patient, service=service, visit_id=VISIT, at=soon).level == "allow"


def test_an_intake_sent_just_before_asks_the_same_and_more(patient, service, soon):
    sent_intake(patient)
    assert asked_gate(patient, service, soon).level == "allow"
    assert asked_gate(patient, service, soon + HOLDS_FOR).reasons == ("changes_not_asked",)


def test_the_answers_of_one_visit_are_not_those_of_another(patient, service, therapist, soon):
    old_screening(patient)
    recorded(patient, therapist, soon)
    other = gate(patient=patient, service=service, visit_id=uuid.uuid4(), is_held=True, at=soon)
    assert other.reasons == ("changes_not_asked",)


def test_the_lead_cannot_pass_what_nobody_read(patient, client, service, lead, soon):
    old_screening(patient)
    sent(client, requested(patient, soon), NEW_MEDICINE)
    verdict = asked_gate(patient, service, soon)
    with pytest.raises(ChangesFirst):
        override_gate(patient=patient, visit_id=VISIT, verdict=verdict, reason="Known to me", by=lead)
    assert asked_gate(patient, service, soon).level == "block"
    assert not AuditEvent.objects.filter(action="gate.overridden").exists()


# Pages and API


def test_the_review_page_shows_it_until_somebody_looked(patient, client, page_of, therapist, soon):
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    page, address = page_of(therapist), reverse("screening:patient", args=[patient.public_id])
    html = page.get(address).content.decode()
    assert "Warfarin since Monday" in html
    # Only what is not a plain no is worth the room.
    assert "injury, a fall" not in html
    look = reverse("screening:look-at-changes", args=[check.public_id])
    refused = page.post(look, {"note": ""})
    assert refused.status_code == 422
    check.refresh_from_db()
    assert check.seen_at is None
    assert page.post(look, {"note": NOTE}).status_code == 302
    assert "Warfarin since Monday" not in page.get(address).content.decode()


@pytest.mark.parametrize("number", [1, 4])
def test_the_review_page_costs_the_same(page_of, changed, therapist, number, django_assert_num_queries):
    for _ in range(number - 1):
        record = ChangeCheck.objects.get(pk=changed.pk)
        record.pk, record.public_id, record.visit_id = None, uuid.uuid4(), uuid.uuid4()
        record.save()
    page, address = page_of(therapist), reverse("screening:patient", args=[changed.patient.public_id])
    page.get(address)
    with django_assert_num_queries(16):
        page.get(address)


def test_strangers_find_no_check(changed, page_of, api, front_desk, stranger):
    check = changed
    look = reverse("screening:look-at-changes", args=[check.public_id])
    for user in (front_desk, stranger):
        assert page_of(user).post(look, {"note": NOTE}).status_code in {403, 404}
        assert api(user).get(f"{ROOT}/change-checks/{check.public_id}/").status_code in {403, 404}
        assert api(user).post(f"{ROOT}/change-checks/{check.public_id}/look/", {"note": NOTE}).status_code in {403, 404}
    assert api(stranger).get(f"{ROOT}/change-checks/").json()["results"] == []
    check.refresh_from_db()
    assert check.seen_at is None


def test_through_the_api(patient, client, api, therapist, soon):
    check = requested(patient, soon)
    sent(client, check, NEW_MEDICINE)
    scripts = api(therapist)
    rows = scripts.get(f"{ROOT}/change-checks/?to_look_at=true&patient={patient.public_id}").json()["results"]
    assert [(row["id"], row["appointment_id"]) for row in rows] == [(str(check.public_id), str(VISIT))]
    one = scripts.get(f"{ROOT}/change-checks/{check.public_id}/").json()
    assert one["answers"]["change-medicine-what"] == "Warfarin since Monday"
    assert AuditEvent.objects.filter(action="patient.read", facts={"screen": "change check"}).count() == 1
    assert scripts.post(f"{ROOT}/change-checks/{check.public_id}/look/", {}, format="json").status_code == 400
    seen = scripts.post(f"{ROOT}/change-checks/{check.public_id}/look/", {"note": NOTE}, format="json").json()
    assert (seen["seen_note"], seen["seen_by_id"]) == (NOTE, str(therapist.public_id))
    assert scripts.get(f"{ROOT}/change-checks/?to_look_at=true").json()["results"] == []


def test_the_door_for_intakes_does_not_take_a_change_check(patient, api, therapist, soon):
    check = requested(patient, soon)
    address = f"{ROOT}/questionnaire-responses/{check.response.public_id}"
    for answer in (
        api(therapist).post(f"{address}/answers/", {"answers": SAME}, format="json"),
        api(therapist).post(f"{address}/submit/"),
    ):
        assert answer.status_code == 422
        assert set(answer.json()["fields"]) == {"questionnaire"}
    check.refresh_from_db()
    assert (check.response.status, check.answered_at) == ("in_progress", None)


def test_the_database_wants_both_or_neither(patient, soon):
    check = requested(patient, soon)
    for halves in ({"answered_at": soon}, {"has_changes": True}, {"seen_at": soon}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ChangeCheck.objects.filter(pk=check.pk).update(**halves)
