import pytest

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from patients.models import Episode
from sessions.errors import NotArrived, ScreeningBlocks
from sessions.models import TreatmentSession
from sessions.services import start_session
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, arrived_visit, booked_visit, raise_flag

pytestmark = pytest.mark.django_db


def nothing_happened(visit, status="arrived"):
    visit.refresh_from_db()
    assert visit.status == status
    assert not TreatmentSession.objects.exists()
    assert not AuditEvent.objects.filter(action="session.started").exists()


def test_opens_the_note_of_an_arrived_patient(therapist, location):
    visit = arrived_visit(therapist, location)

    session = start_session(appointment=visit, by=therapist, at=MONDAY_NINE)

    visit.refresh_from_db()
    assert visit.status == "in_session"
    assert (session.patient, session.appointment, session.therapist) == (visit.patient, visit, therapist)
    assert (session.location, session.service, session.performed_at) == (location, visit.service, MONDAY_NINE)
    assert (session.state, session.version) == ("draft", 1)
    event = AuditEvent.objects.get(action="session.started")
    assert event.subject_id == str(session.public_id)
    assert event.patient_id == visit.patient.public_id
    assert event.location_ids == [location.public_id]
    assert event.facts == {"session_id": str(session.public_id), "appointment_id": str(visit.public_id)}


def test_opens_an_episode_once_and_stays_in_it(therapist, location):
    first = arrived_visit(therapist, location)
    one = start_session(appointment=first, by=therapist)
    again = arrived_visit(therapist, location, patient=first.patient, starts_at=MONDAY_NINE.replace(day=13))
    two = start_session(appointment=again, by=therapist)
    assert one.episode == two.episode == Episode.objects.get()


def test_starting_twice_opens_the_same_note(therapist, location):
    visit = arrived_visit(therapist, location)
    first = start_session(appointment=visit, by=therapist)
    assert start_session(appointment=visit, by=therapist) == first
    assert TreatmentSession.objects.count() == 1
    assert AuditEvent.objects.filter(action="session.started").count() == 1


def test_a_therapist_of_the_care_team_may_stand_in(therapist, location):
    visit = arrived_visit(therapist, location)
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=visit.patient, therapist=colleague)
    session = start_session(appointment=visit, by=colleague)
    assert session.therapist == colleague


@pytest.mark.parametrize("status", ["booked", "confirmed", "cancelled", "no_show", "completed"])
def test_refuses_a_patient_who_is_not_here(therapist, location, status):
    extra = {"cancelled_at": MONDAY_NINE, "cancel_reason": "clinic"} if status == "cancelled" else {}
    visit = booked_visit(therapist, location, status=status, **extra)
    with pytest.raises(NotArrived):
        start_session(appointment=visit, by=therapist)
    nothing_happened(visit, status)


def test_refuses_a_therapist_who_does_not_care_for_the_patient(therapist, location):
    visit = arrived_visit(therapist, location)
    with pytest.raises(NotFound):
        start_session(appointment=visit, by=UserFactory(locations=[location]))
    nothing_happened(visit)


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_refuses_everybody_who_does_not_treat(therapist, location, role):
    visit = arrived_visit(therapist, location)
    with pytest.raises(NotAllowed):
        start_session(appointment=visit, by=UserFactory(roles=[role], locations=[location]))
    nothing_happened(visit)


@pytest.mark.parametrize("severity", ["absolute", "relative"])
def test_a_blocking_flag_refuses_with_its_codes(therapist, location, severity):
    visit = arrived_visit(therapist, location)
    raise_flag(visit.patient, severity=severity)
    with pytest.raises(ScreeningBlocks) as refusal:
        start_session(appointment=visit, by=therapist)
    assert f"{severity}_flag" in refusal.value.facts["reasons"]
    nothing_happened(visit)


def test_an_unscreened_patient_is_refused_a_service_that_needs_screening(therapist, location):
    visit = arrived_visit(therapist, location)
    visit.service.for_unscreened_patients = False
    visit.service.save()
    with pytest.raises(ScreeningBlocks) as refusal:
        start_session(appointment=visit, by=therapist)
    assert refusal.value.facts["reasons"] == ["not_screened", "changes_not_asked"]
    nothing_happened(visit)


def test_a_caution_does_not_stop_the_session(therapist, location):
    visit = arrived_visit(therapist, location)
    raise_flag(visit.patient, severity="caution")
    assert start_session(appointment=visit, by=therapist).state == "draft"
