"""What a signature covers: a change of anything in it is found."""

import pytest
from django.db import connection

from sessions.content import content_of, digest_of, verify
from sessions.models import RangeOfMotion, TreatmentSession, TriggerPointObservation
from sessions.services import add_addendum
from tests.sessions.factories import MOTION_CHANGES, POINT_CHANGES, draft_session, signed_session

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
    *[f"UPDATE treatment_sessions_triggerpointobservation SET {change}" for change in POINT_CHANGES],
    *[f"UPDATE treatment_sessions_rangeofmotion SET {change}" for change in MOTION_CHANGES],
    "UPDATE treatment_sessions_techniqueuse SET minutes = 13",
    "UPDATE treatment_sessions_techniqueuse SET despite_reason = 'asked'",
    "DELETE FROM treatment_sessions_techniqueuse",
    "UPDATE treatment_sessions_regionalpain SET after = 0",
    "DELETE FROM treatment_sessions_regionalpain",
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
            "has_twitch_response": None,
            "palpation_pain": None,
            "threshold_trials": [],
            "tenderness_after": None,
            "palpation_pain_after": None,
            "threshold_trials_after": [],
            "threshold_unit": "",
            "threshold_device": "",
            "probe_area_cm2": None,
            "rater_id": str(therapist.public_id),
            "technique": "",
            "seconds_held": None,
            "note": "",
        }
    ]
    [motion] = content["motions"]
    assert motion == {
        "id": str(session.motions.get().public_id),
        "joint": "cervical",
        "motion": "rotation",
        "side": "right",
        "mode": "active",
        "start": 0,
        "end": 55,
        "unit": "deg",
        "is_painful": False,
        "pain": None,
        "pain_onset": "",
        "end_feel": "",
        "position": "",
        "device": "",
        "note": "",
        "rater_id": str(therapist.public_id),
    }
    [technique] = content["techniques"]
    assert (technique["minutes"], technique["despite_reason"], technique["despite_rules"]) == (12, "", [])
    [pain] = content["regional_pains"]
    assert (pain["region"], pain["side"], pain["kind"]) == ("SHOULDER.TOP", "left", "rest")
    assert (pain["before"], pain["after"]) == (6, 3)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_note_signed_in_an_earlier_form_still_verifies(therapist, location, number):
    session = signed_session(therapist, location)
    session.content_format = number
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE treatment_sessions_treatmentsession SET content_format = %s, content_digest = %s",
            [number, digest_of(session)],
        )
        cursor.execute("SET session_replication_role = origin")
    old = TreatmentSession.objects.for_page().get()
    assert verify(old)
    content = content_of(old)
    assert content["format"] == number
    assert ("despite_reason" in content["techniques"][0]) == (number > 1)
    assert ("palpation_pain" in content["trigger_points"][0]) == (number > 2)
    assert ("end_feel" in content["motions"][0]) == (number > 2)
    assert "regional_pains" not in content


def test_every_column_of_a_finding_is_signed(therapist, location):
    """A column that is added later and forgotten here could be changed behind a signature."""
    content = content_of(signed_session(therapist, location))
    unsigned = {"id", "public_id", "created_at", "updated_at", "session"}
    for model, line in (
        (TriggerPointObservation, content["trigger_points"][0]),
        (RangeOfMotion, content["motions"][0]),
    ):
        columns = {field.name for field in model._meta.concrete_fields} - unsigned
        missing = {name for name in columns if name not in line and f"{name}_id" not in line}
        assert not missing


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
