"""Unwanted effects: reported, corrected, looked at, asked for; never overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from outcomes.models import Survey
from patients.models import Allergy
from sessions.errors import AlreadySigned, NothingToAskAbout, NotSerious
from sessions.event_log import effect_question, serious_alarms
from sessions.ledger import last_session_before
from sessions.models import AdverseEvent, AdverseEventSeen, EffectCheck
from sessions.services import (
    acknowledge_adverse_event,
    correct_adverse_event,
    record_adverse_event,
    record_no_effect,
    sign_session,
)
from tests.factories import LocationFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, draft_session, full_draft, signed_session

pytestmark = pytest.mark.django_db
BRUISE = {
    "kind": "bruise", "severity": "minor", "causality": "probable", "outcome": "recovering",
    "description": "Blue spot on the calf.",
}  # fmt: skip
RASH = {**BRUISE, "kind": "skin_reaction", "substance": "Almond oil", "allergy_category": "oil"}
FRACTURE = {**BRUISE, "kind": "fracture", "severity": "major", "description": "Rib."}


@pytest.fixture
def session(therapist, location):
    return signed_session(therapist, location)


@pytest.fixture
def lead(location):
    """A clinical lead of the location, who does not care for the patient."""
    return UserFactory(roles=["therapist"], locations=[location], is_clinical_lead=True)


def report(session, by, entries=BRUISE, **more):
    return record_adverse_event(patient=session.patient, session=session, entries=entries, by=by, **more)


def untouched(events, audited):
    assert AdverseEvent.objects.count() == events
    assert AuditEvent.objects.count() == audited
    assert not Allergy.objects.exists()
    assert not EffectCheck.objects.exists()


def refused(error, session, by, entries=BRUISE, **more):
    events, audited = AdverseEvent.objects.count(), AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        report(session, by, entries, **more)
    untouched(events, audited)
    return refusal.value


def test_an_event_says_what_happened_after_which_session(session, therapist):
    event = report(session, therapist, {**BRUISE, "onset_hours": 20})
    assert (event.session, event.number, event.author, event.is_serious) == (session, 1, therapist, False)
    assert event.delay == timedelta(hours=20)
    trail = AuditEvent.objects.get(action="adverse_event.recorded")
    assert trail.facts == {"event_id": str(event.event_id), "number": 1, "is_serious": False}
    assert trail.patient_id == session.patient.public_id


def test_the_delay_is_counted_from_the_session_when_the_instant_is_known(session, therapist):
    began = session.performed_at + timedelta(hours=3)
    assert report(session, therapist, {**BRUISE, "onset_at": began}).delay == timedelta(hours=3)


@pytest.mark.parametrize(
    ("entries", "is_serious"),
    [
        ({}, False),
        ({"is_serious": True}, True),
        ({"serious_because": ["hospital"]}, True),
        ({"kind": "fracture"}, True),
        ({"kind": "nerve"}, True),
        ({"outcome": "died"}, True),
        ({"kind": "fall"}, False),
    ],
)
def test_what_is_serious(session, therapist, entries, is_serious):
    assert report(session, therapist, {**BRUISE, **entries}).is_serious is is_serious


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"kind": "x"}, "kind"),
        ({"severity": ""}, "severity"),
        ({"causality": "surely"}, "causality"),
        ({"outcome": ""}, "outcome"),
        ({"preventability": "x"}, "preventability"),
        ({"description": "  "}, "description"),
        ({"description": "x" * 2001}, "description"),
        ({"action_taken": "\x00"}, "action_taken"),
        ({"serious_because": ["boredom"]}, "serious_because"),
        ({"severity": "not_adverse", "kind": "fracture"}, "severity"),
        ({"onset_hours": -1}, "onset_hours"),
        ({"onset_hours": 1, "onset_at": MONDAY_NINE}, "onset_hours"),
        ({"onset_at": MONDAY_NINE - timedelta(hours=1)}, "onset_at"),
        ({"onset_at": timezone.now() + timedelta(days=400)}, "onset_at"),
        ({"kind": "skin_reaction", "allergy_category": "oil"}, "substance"),
        ({"kind": "skin_reaction", "substance": "Oil"}, "allergy_category"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_is_not_an_event(session, therapist, entries, field):
    assert list(refused(Invalid, session, therapist, {**BRUISE, **entries}).fields) == [field]


def test_hours_need_a_session_to_be_counted_from(session, therapist):
    audited = AuditEvent.objects.count()
    with pytest.raises(Invalid) as refusal:
        record_adverse_event(patient=session.patient, entries={**BRUISE, "onset_hours": 2}, by=therapist)
    assert list(refusal.value.fields) == ["onset_hours"]
    untouched(0, audited)


def test_a_skin_reaction_enters_the_allergy_list(session, therapist):
    event = report(session, therapist, {**RASH, "severity": "major", "onset_at": MONDAY_NINE})
    allergy = Allergy.objects.get()
    assert event.allergy == allergy
    assert (allergy.substance, allergy.category, allergy.severity) == ("Almond oil", "oil", "severe")
    assert (allergy.patient, allergy.noted_on) == (session.patient, MONDAY_NINE.date())
    assert AuditEvent.objects.filter(action="allergy.added").count() == 1


def test_a_known_allergy_is_not_entered_twice(session, therapist):
    first = report(session, therapist, RASH)
    again = report(session, therapist, {**RASH, "substance": "ALMOND OIL"})
    assert again.allergy == first.allergy
    assert Allergy.objects.count() == 1


def test_only_a_therapist_of_the_care_team_reports(session, stranger, front_desk, auditor):
    refused(NotFound, session, stranger)
    refused(NotAllowed, session, front_desk)
    refused(NotAllowed, session, auditor)


def test_a_session_of_another_patient_is_not_found(session, therapist, location):
    other = signed_session(therapist, location, starts_at=MONDAY_NINE + timedelta(days=1))
    audited = AuditEvent.objects.count()
    with pytest.raises(NotFound):
        record_adverse_event(patient=session.patient, session=other, entries=BRUISE, by=therapist)
    untouched(0, audited)


def test_a_correction_is_a_new_version_and_the_old_one_stays(session, therapist):
    first = report(session, therapist)
    second = correct_adverse_event(event=first, entries={**BRUISE, "kind": "nerve"}, reason="Numb, too", by=therapist)
    first.refresh_from_db()
    assert (first.kind, first.number, first.is_serious) == ("bruise", 1, False)
    assert (second.kind, second.number, second.is_serious) == ("nerve", 2, True)
    assert (second.event_id, second.session, second.correction_reason) == (first.event_id, session, "Numb, too")
    assert list(AdverseEvent.objects.current()) == [second]
    assert AuditEvent.objects.filter(action="adverse_event.corrected").count() == 1


def test_of_two_corrections_of_one_version_one_wins(session, therapist):
    first = report(session, therapist)
    correct_adverse_event(event=first, entries=BRUISE, reason="a", by=therapist)
    audited = AuditEvent.objects.count()
    with pytest.raises(Changed) as refusal:
        correct_adverse_event(event=first, entries=BRUISE, reason="b", by=therapist)
    assert refusal.value.facts == {"current_version": 2}
    untouched(2, audited)


def test_a_correction_says_why(session, therapist):
    first = report(session, therapist)
    audited = AuditEvent.objects.count()
    with pytest.raises(Invalid):
        correct_adverse_event(event=first, entries=BRUISE, reason=" ", by=therapist)
    untouched(1, audited)


def test_what_was_entered_in_error_no_longer_counts_and_stays_readable(session, therapist, lead):
    first = report(session, therapist, FRACTURE)
    correct_adverse_event(event=first, entries=FRACTURE, reason="Other patient", is_withdrawn=True, by=therapist)
    assert not AdverseEvent.objects.standing().exists()
    assert AdverseEvent.objects.count() == 2
    assert serious_alarms(lead) == []


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE treatment_sessions_adverseevent SET description = 'x'", "adverse_event_is_append_only"),
        ("DELETE FROM treatment_sessions_adverseevent", "adverse_event_is_append_only"),
        ("UPDATE treatment_sessions_adverseeventseen SET note = 'x'", "adverse_event_seen_is_append_only"),
        ("DELETE FROM treatment_sessions_adverseeventseen", "adverse_event_seen_is_append_only"),
        ("UPDATE treatment_sessions_effectcheck SET had_effect = true", "effect_check_is_append_only"),
        ("DELETE FROM treatment_sessions_effectcheck", "effect_check_is_append_only"),
    ],
)
def test_the_database_refuses_every_change(session, later, lead, statement, name):
    therapist = session.therapist
    event = report(session, therapist, FRACTURE)
    acknowledge_adverse_event(event=event, note="Told the insurer", by=lead)
    record_no_effect(session=later, by=therapist)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refusal.value.__cause__.diag.constraint_name == name
    assert AdverseEvent.objects.get().description == "Rib."


def test_a_serious_event_alarms_the_lead_until_one_has_looked(session, therapist, lead, stranger):
    report(session, therapist)
    event = report(session, therapist, FRACTURE)
    elsewhere = UserFactory(roles=["therapist"], locations=[LocationFactory()], is_clinical_lead=True)
    assert serious_alarms(lead) == [event]
    assert serious_alarms(elsewhere) == serious_alarms(therapist) == serious_alarms(stranger) == []
    acknowledge_adverse_event(event=event, note="Called the patient", by=lead)
    acknowledge_adverse_event(event=event, note="Twice is once", by=lead)
    assert serious_alarms(lead) == []
    assert AdverseEventSeen.objects.get().note == "Called the patient"
    assert AuditEvent.objects.filter(action="adverse_event.seen").count() == 1


def test_an_event_that_turns_serious_alarms_then(session, therapist, lead):
    event = report(session, therapist)
    assert serious_alarms(lead) == []
    worse = correct_adverse_event(event=event, entries=FRACTURE, reason="X-ray", by=therapist)
    assert serious_alarms(lead) == [worse]


def test_only_a_lead_acknowledges_and_only_what_is_serious(session, therapist, lead):
    harmless, serious = report(session, therapist), report(session, therapist, FRACTURE)
    lead_who_cares = therapist
    audited = AuditEvent.objects.count()
    with pytest.raises(NotAllowed):
        acknowledge_adverse_event(event=serious, note="x", by=therapist)
    with pytest.raises(NotFound):
        acknowledge_adverse_event(event=harmless, note="x", by=lead)
    with pytest.raises(Invalid):
        acknowledge_adverse_event(event=serious, note=" ", by=lead)
    lead_who_cares.is_clinical_lead = True
    with pytest.raises(NotSerious):
        acknowledge_adverse_event(event=harmless, note="x", by=lead_who_cares)
    assert not AdverseEventSeen.objects.exists()
    assert AuditEvent.objects.count() == audited


def test_the_lead_sees_serious_events_of_the_location_and_changes_none(session, therapist, lead):
    harmless, serious = report(session, therapist), report(session, therapist, FRACTURE)
    assert list(AdverseEvent.objects.visible_to(lead)) == [serious]
    assert set(AdverseEvent.objects.visible_to(therapist)) == {harmless, serious}
    with pytest.raises(NotFound):
        correct_adverse_event(event=serious, entries=BRUISE, reason="x", by=lead)
    assert AdverseEvent.objects.count() == 2


def test_from_a_follow_up_the_survey_counts_as_read(session, therapist):
    survey = Survey.objects.get(session_id=session.public_id)
    Survey.objects.filter(pk=survey.pk).update(
        state="answered", pain=3, had_unexpected_effect=True, answered_at=timezone.now(), effect_text="A bruise"
    )
    survey.refresh_from_db()
    assert report(session, therapist, survey=survey).survey == survey
    survey.refresh_from_db()
    assert survey.effect_seen_at is not None


@pytest.fixture
def later(therapist, location, session):
    return full_draft(therapist, location, patient=session.patient, starts_at=MONDAY_NINE + timedelta(days=7))


def test_the_next_visit_asks_and_one_tap_answers(session, later, therapist):
    asked = effect_question(later, before=last_session_before(later))
    assert (asked.asked_about, asked.answer) == (session, None)
    check = record_no_effect(session=later, by=therapist)
    assert record_no_effect(session=later, by=therapist) == check
    assert (check.asked_about, check.had_effect, check.by) == (session, False, therapist)
    assert effect_question(later, before=session).answer == check
    assert AuditEvent.objects.filter(action="effects.asked").count() == 1


def test_a_yes_is_the_event_itself_and_comes_after_a_no(session, later, therapist):
    record_no_effect(session=later, by=therapist)
    event = report(session, therapist, asked_in=later)
    answer = effect_question(later, before=session).answer
    assert (answer.had_effect, answer.event, answer.asked_about) == (True, event, session)
    assert EffectCheck.objects.count() == 2


def test_a_first_visit_has_nothing_to_ask_about(therapist, location):
    draft = draft_session(therapist, location)
    assert last_session_before(draft) is None
    audited = AuditEvent.objects.count()
    with pytest.raises(NothingToAskAbout):
        record_no_effect(session=draft, by=therapist)
    untouched(0, audited)


def test_the_question_is_the_authors_and_of_a_draft(session, later, therapist, location):
    colleague = UserFactory(locations=[location])
    audited = AuditEvent.objects.count()
    with pytest.raises(NotFound):
        record_no_effect(session=later, by=colleague)
    untouched(0, audited)
    sign_session(session=later, by=therapist, at=later.performed_at + timedelta(hours=1))
    audited = AuditEvent.objects.count()
    with pytest.raises(AlreadySigned):
        record_no_effect(session=later, by=therapist)
    untouched(0, audited)
