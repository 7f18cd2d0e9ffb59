"""What a signature covers: a change of anything in it is found."""

import pytest
from django.db import connection

from sessions.content import content_of, digest_of, verify
from sessions.models import TreatmentSession
from sessions.services import add_addendum
from tests.sessions.factories import draft_session, signed_session

pytestmark = pytest.mark.django_db

TAMPERINGS = [
    "UPDATE treatment_sessions_treatmentsession SET plan = 'x'",
    "UPDATE treatment_sessions_treatmentsession SET pain_after = 0",
    "UPDATE treatment_sessions_treatmentsession SET lubricant = 'almond oil'",
    "UPDATE treatment_sessions_treatmentsession SET performed_at = performed_at + interval '1 microsecond'",
    "UPDATE treatment_sessions_treatmentsession SET signed_at = signed_at + interval '1 second'",
    "UPDATE treatment_sessions_triggerpointobservation SET status = 'latent'",
    "UPDATE treatment_sessions_triggerpointobservation SET is_recognised_by_patient = true",
    "DELETE FROM treatment_sessions_triggerpointobservation",
    'UPDATE treatment_sessions_rangeofmotion SET "end" = 56',
    "UPDATE treatment_sessions_rangeofmotion SET is_painful = true",
    "DELETE FROM treatment_sessions_rangeofmotion",
    "UPDATE treatment_sessions_techniqueuse SET minutes = 13",
    "UPDATE treatment_sessions_techniqueuse SET despite_reason = 'asked'",
    "DELETE FROM treatment_sessions_techniqueuse",
    "UPDATE treatment_sessions_triggerpoint SET x = x + 1",
    "UPDATE treatment_sessions_triggerpoint SET side = 'right'",
]


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_whoever_gets_past_the_triggers_is_still_found_out(therapist, location, tampering):
    session = signed_session(therapist, location)
    assert verify(session)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # as the owner of the database could
        cursor.execute(tampering)
        assert cursor.rowcount == 1
        cursor.execute("SET session_replication_role = origin")
    assert not verify(TreatmentSession.objects.for_page().get())


def test_the_content_names_everything_by_its_outside_id(therapist, location):
    session = signed_session(therapist, location)
    content = content_of(session)
    assert content["format"] == 4
    assert content["session"] == {
        "id": str(session.public_id),
        "patient_id": str(session.patient.public_id),
        "episode_id": str(session.episode.public_id),
        "appointment_id": str(session.appointment.public_id),
        "therapist_id": str(therapist.public_id),
        "location_id": str(location.public_id),
        "service_id": str(session.service.public_id),
        "performed_at": "2026-01-12T14:00:00.000000+00:00",
        "signed_at": "2026-01-12T14:50:00.000000+00:00",
        "signed_by_id": str(therapist.public_id),
        "subjective": "Neck stiff since Friday.",
        "objective": "Rotation to the right limited.",
        "assessment": "Responds well.",
        "plan": "Again in a week.",
        "pain_before": 6,
        "pain_after": 3,
        "lubricant": "",
    }
    point = session.point_observations.get()
    assert content["trigger_points"] == [
        {
            "id": str(point.public_id),
            "trigger_point_id": str(point.trigger_point.public_id),
            "muscle": "trap_upper",
            "side": "left",
            "view": "back",
            "x": 320,
            "y": 160,
            "place": "",
            "status": "active",
            "tenderness": 3,
            "has_taut_band": None,
            "has_referred_pain": None,
            "is_recognised_by_patient": None,
            "note": "",
        }
    ]
    assert [row["end"] for row in content["motions"]] == [55]
    [technique] = content["techniques"]
    assert (technique["minutes"], technique["despite_reason"], technique["despite_rules"]) == (12, "", [])


def test_a_note_signed_in_the_first_form_still_verifies(therapist, location):
    session = signed_session(therapist, location)
    session.content_format = 1
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE treatment_sessions_treatmentsession SET content_format = 1, content_digest = %s",
            [digest_of(session)],
        )
        cursor.execute("SET session_replication_role = origin")
    old = TreatmentSession.objects.for_page().get()
    assert verify(old)
    assert "despite_reason" not in content_of(old)["techniques"][0]


def test_reading_it_again_gives_the_same_digest(therapist, location):
    session = signed_session(therapist, location)
    assert digest_of(TreatmentSession.objects.get()) == digest_of(session) == session.content_digest
    assert len(session.content_digest) == 64


def test_an_addendum_leaves_the_signature_whole(therapist, location):
    session = signed_session(therapist, location)
    add_addendum(session=session, text="Also slept badly.", by=therapist)
    assert verify(TreatmentSession.objects.get())


def test_a_draft_has_no_signature_to_verify(therapist, location):
    assert not verify(draft_session(therapist, location))
