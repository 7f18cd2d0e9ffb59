"""What a therapist sees or asks in the room, and what the change check says: the rules hear both at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from questionnaires.models import QuestionnaireResponse
from questionnaires.services.publishing import load_shipped
from screening.at_visit import ANSWERS, WORDS
from screening.models import Evaluation, Flag
from screening.rulebook import rulebook
from screening.services import clear_flag, gate, lights, record_at_visit, record_change_check, screen
from tests.factories import UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
FIT = {"seen-impaired": "no", "seen-no-consent": "no"}
UNCHANGED = dict.fromkeys(("change-diagnosis", "change-medicine", "change-injury", "change-unwell"), "no")


@pytest.fixture
def screened(patient):
    sent_intake(patient)
    return patient


def standing(patient):
    return sorted(Flag.objects.filter(patient=patient).counting(timezone.now()).values_list("rule_id", "severity"))


def asked_about_changes(patient, by, **changes):
    pregnant = {"change-pregnant": "no"} if patient.sex != "male" else {}
    answers = {**UNCHANGED, **pregnant, **{name.replace("_", "-"): value for name, value in changes.items()}}
    now = timezone.now()
    record_change_check(patient=patient, visit_id=patient.public_id, visit_at=now, answers=answers, by=by)


@pytest.mark.parametrize("value", ["yes", "not-sure"])
@pytest.mark.parametrize("seen", ["seen-impaired", "seen-no-consent"])
def test_what_is_seen_in_the_room_stops_today_and_not_tomorrow(screened, therapist, service, seen, value):
    record_at_visit(patient=screened, answers={**FIT, seen: value}, by=therapist)
    rule_id = {"seen-impaired": "CI-28", "seen-no-consent": "CI-29"}[seen]
    assert standing(screened) == [(rule_id, "absolute")]
    now = timezone.now()
    verdict = gate(patient=screened, service=service)
    assert (verdict.level, verdict.rule_ids) == ("block", (rule_id,))
    assert gate(patient=screened, service=service, at=now + timedelta(hours=11, minutes=55)).level == "block"
    assert gate(patient=screened, service=service, at=now + timedelta(hours=12, minutes=5)).level == "allow"


def test_answering_again_lifts_it_because_it_is_no_longer_true(screened, therapist, service):
    record_at_visit(patient=screened, answers={**FIT, "seen-impaired": "yes"}, by=therapist)
    record_at_visit(patient=screened, answers=FIT, by=therapist)
    assert standing(screened) == []
    assert Flag.objects.get().status == "resolved"
    assert gate(patient=screened, service=service).level == "allow"


def test_lifted_once_is_not_lifted_the_next_time(screened, therapist, lead):
    drunk = {**FIT, "seen-impaired": "yes"}
    record_at_visit(patient=screened, answers=drunk, by=therapist)
    clear_flag(flag=Flag.objects.get(), reason="A stroke long ago slurs the words", clearance_from="Dr Chen", by=lead)
    screen(patient=screened, by=therapist)
    assert standing(screened) == [("CI-28", "absolute")]
    assert lights([screened.pk])[screened.pk] == "amber"
    with time_machine.travel(timezone.now() + timedelta(hours=6)):
        record_at_visit(patient=screened, answers=drunk, by=therapist)
        assert Flag.objects.filter(status="open").count() == 1
        assert lights([screened.pk])[screened.pk] == "red"


def test_a_fever_cleared_once_comes_back_with_the_next_fever(screened, lead):
    sent_intake(screened, fever="yes")
    clear_flag(flag=Flag.objects.get(), reason="Only hay fever", clearance_from="Dr Chen", by=lead)
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        sent_intake(screened, fever="yes")
        assert list(Flag.objects.filter(status="open").values_list("rule_id", flat=True)) == ["CI-11"]


def test_a_doctor_who_is_needed_and_may_not_be_asked_stops_the_session(patient, therapist, service):
    sent_intake(patient, vein_past="yes", contact_doctor="no")
    assert standing(patient) == [("CI-05", "relative"), ("CI-29", "absolute")]
    record_at_visit(patient=patient, answers={**FIT, "contact-now": "yes"}, by=therapist)
    assert standing(patient) == [("CI-05", "relative")]
    record_at_visit(patient=patient, answers=FIT, by=therapist)
    assert standing(patient) == [("CI-05", "relative")]
    record_at_visit(patient=patient, answers={**FIT, "contact-now": "no"}, by=therapist)
    assert standing(patient) == [("CI-05", "relative"), ("CI-29", "absolute")]
    record_at_visit(patient=patient, answers=FIT, by=therapist)
    assert standing(patient) == [("CI-05", "relative"), ("CI-29", "absolute")]


@pytest.mark.parametrize("by", ["front_desk", "auditor", "admin"])
def test_only_therapists_answer_for_what_they_see(screened, by, request):
    before = Evaluation.objects.count(), QuestionnaireResponse.objects.count()
    with pytest.raises(NotAllowed):
        record_at_visit(patient=screened, answers=FIT, by=request.getfixturevalue(by))
    assert (Evaluation.objects.count(), QuestionnaireResponse.objects.count()) == before


def test_a_stranger_does_not_find_the_patient(screened, location):
    before = Evaluation.objects.count(), QuestionnaireResponse.objects.count()
    with pytest.raises(NotFound):
        record_at_visit(patient=screened, answers=FIT, by=UserFactory(roles=["therapist"], locations=[location]))
    assert (Evaluation.objects.count(), QuestionnaireResponse.objects.count()) == before


@pytest.mark.parametrize("answers", [{}, {"seen-impaired": "no"}, {**FIT, "seen-impaired": "maybe"}, {**FIT, "x": 1}])
def test_half_an_answer_is_refused_and_nothing_is_kept(screened, therapist, answers):
    before = Evaluation.objects.count(), QuestionnaireResponse.objects.count(), AuditEvent.objects.count()
    with pytest.raises(Invalid):
        record_at_visit(patient=screened, answers=answers, by=therapist)
    after = Evaluation.objects.count(), QuestionnaireResponse.objects.count(), AuditEvent.objects.count()
    assert after == before


def test_the_evaluation_keeps_what_was_seen_and_no_other_words(screened, therapist):
    asked_about_changes(screened, therapist, change_unwell="yes", change_unwell_what="A cough", change_infection="no")
    evaluation = record_at_visit(patient=screened, answers=FIT, by=therapist)
    kept = evaluation.inputs["at_visit"]
    assert {name: one["value"] for name, one in kept.items() if name != "change-pregnant"} == {
        **FIT, "change-infection": "no",
    }  # fmt: skip
    assert "A cough" not in str(evaluation.inputs)


def test_a_fever_before_the_visit_blocks_it_even_when_somebody_has_looked(screened, therapist, service):
    asked_about_changes(screened, therapist, change_unwell="yes", change_infection="yes")
    assert standing(screened) == [("CI-11", "absolute")]
    assert gate(patient=screened, service=service).level == "block"
    assert gate(patient=screened, service=service, at=timezone.now() + timedelta(days=8)).level == "allow"
    asked_about_changes(screened, therapist, change_unwell="no")
    assert standing(screened) == []


def test_feeling_unwell_without_an_infection_is_left_to_the_therapist(screened, therapist):
    asked_about_changes(screened, therapist, change_unwell="yes", change_infection="no")
    assert standing(screened) == []


def test_a_pregnancy_heard_of_before_a_visit_guards_its_regions(therapist, location):
    from_intake = sent_intake(None).patient
    from_intake.care_team.create(therapist=therapist, started_on=timezone.now().date())
    from_intake.locations.add(location)
    asked_about_changes(from_intake, therapist, change_pregnant="not-sure")
    flag = Flag.objects.get(patient=from_intake)
    assert (flag.rule_id, flag.severity, flag.regions) == ("CI-23", "local", ["ABDOMEN", "PELVIS", "BACK.LOW"])


def test_the_visit_forms_belong_to_no_screening_by_themselves(patient, therapist):
    load_shipped()
    evaluation = record_at_visit(patient=patient, answers=FIT, by=therapist)
    assert (evaluation.response, evaluation.is_complete) == (None, False)
    assert lights([patient.pk])[patient.pk] == "grey"


def test_every_question_rules_rest_on_has_words_and_every_answer(screened):
    assert set(WORDS) == rulebook().asks_at_visits
    assert set(ANSWERS) == {"yes", "no", "not-sure"}


def test_the_page_asks_keeps_and_leads_to_what_stands(screened, therapist, page_of):
    page = page_of(therapist)
    address = reverse("screening:at-visit", args=[screened.public_id])
    html = page.get(address).content.decode()
    assert "seem intoxicated or sedated" in html
    half = page.post(address, {"seen-impaired": "yes"})
    assert half.status_code == 422
    assert standing(screened) == []
    done = page.post(address, {"seen-impaired": "yes", "seen-no-consent": "no"})
    assert done.url == reverse("screening:patient", args=[screened.public_id])
    shown = page.get(done.url).content.decode()
    assert "Intoxicated, sedated, or cannot say how it feels" in shown
    assert "At a visit:" in shown


def test_the_page_is_for_therapists_in_care(screened, front_desk, location, page_of):
    address = reverse("screening:at-visit", args=[screened.public_id])
    assert page_of(front_desk).get(address).status_code == 403
    stranger = UserFactory(roles=["therapist"], locations=[location])
    assert page_of(stranger).post(address, FIT).status_code == 404
    assert standing(screened) == []


def test_without_the_form_there_is_no_page(patient, therapist, page_of):
    assert page_of(therapist).get(reverse("screening:at-visit", args=[patient.public_id])).status_code == 404


def test_the_names_of_other_rules_stand_beside_the_flag(patient, therapist, page_of):
    sent_intake(patient, by=SYSTEM, vein_past="yes", contact_doctor="no")
    html = page_of(therapist).get(reverse("screening:patient", args=[patient.public_id])).content.decode()
    assert "Together with:" in html
