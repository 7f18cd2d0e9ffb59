"""A visit that has arrived, a draft, and a signed note, all built by the services themselves."""

from datetime import UTC, datetime, timedelta

from audit.actors import SYSTEM
from scheduling.services import mark_arrived
from screening.models import Evaluation, Flag
from sessions.services import (
    record_motion,
    record_regional_pain,
    record_technique,
    record_trigger_point,
    save_note,
    sign_session,
    start_session,
)
from tests.factories import AppointmentFactory, PatientFactory, RoomFactory

# A Monday morning in New York, in the past of no test and far from any change of clocks.
MONDAY_NINE = datetime(2026, 1, 12, 14, 0, tzinfo=UTC)


# One change of each column of a finding that was recorded with few words, as SQL.
POINT_CHANGES = (
    "has_twitch_response = true", "palpation_pain = 3", "tenderness_after = 0", "palpation_pain_after = 1",
    "threshold_trials = '{100}', threshold_unit = 'kPa', threshold_device = 'x', probe_area_cm2 = 1",
    "threshold_trials_after = '{100}', threshold_unit = 'kPa', threshold_device = 'x', probe_area_cm2 = 1",
    "threshold_unit = 'kPa'", "threshold_device = 'x'", "probe_area_cm2 = 1", "rater_id = NULL",
    "technique = 'leg_pull'", "seconds_held = 60",
)  # fmt: skip
MOTION_CHANGES = (
    "pain = 0", "pain_onset = 'with'", "end_feel = 'empty'", "position = 'prone'", "device = 'app'", "rater_id = NULL",
    "note = 'x'", "unit = 'mm'",
)  # fmt: skip


def booked_visit(therapist, location, *, starts_at=MONDAY_NINE, patient=None, **fields):
    """A booked appointment of a patient in the therapist's care."""
    patient = patient or PatientFactory(locations=[location], care_team=[therapist])
    room = fields.pop("room", None) or RoomFactory(location=location)
    return AppointmentFactory(
        patient=patient, therapist=therapist, location=location, room=room, starts_at=starts_at, **fields
    )


def arrived_visit(therapist, location, **fields):
    visit = booked_visit(therapist, location, **fields)
    return mark_arrived(appointment=visit, by=therapist)


def draft_session(therapist, location, *, at=None, **fields):
    visit = arrived_visit(therapist, location, **fields)
    return start_session(appointment=visit, by=therapist, at=at or visit.starts_at)


NOTE = {
    "subjective": "Neck stiff since Friday.",
    "objective": "Rotation to the right limited.",
    "assessment": "Responds well.",
    "plan": "Again in a week.",
    "pain_before": 6,
    "pain_after": 3,
}


def full_draft(therapist, location, **fields):
    """A draft with a whole note, a region's pain, a point, a motion and a technique."""
    session = draft_session(therapist, location, **fields)
    session = save_note(session=session, changes=NOTE, expected_version=1, by=therapist)
    record_regional_pain(
        session=session, region="SHOULDER.TOP", side="left", kind="rest", before=6, after=3, by=therapist
    )
    record_trigger_point(session=session, muscle="trap_upper", side="left", status="active", tenderness=3, by=therapist)
    record_motion(session=session, joint="cervical", motion="rotation", side="right", end=55, by=therapist)
    record_technique(
        session=session, technique="sustained_pressure", region="SHOULDER.TOP", side="left", minutes=12, by=therapist
    )
    return session


def signed_session(therapist, location, **fields):
    session = full_draft(therapist, location, **fields)
    at = session.performed_at + timedelta(minutes=50)
    return sign_session(session=session, by=therapist, at=at)


def raise_flag(patient, *, severity="absolute", **fields):
    """A standing flag, as the rules would have raised it."""
    evaluation = Evaluation.objects.create(
        patient=patient,
        cause="requested",
        rule_set_version="test",
        inputs={},
        inputs_digest="0" * 64,
        fired=[],
        actor_kind="system",
        actor_id=SYSTEM.public_id,
    )
    known = {"rule_id": "CI-04", "rule_version": 1, "title": "Clot in a vein", "action": "No session."}
    return Flag.objects.create(patient=patient, evaluation=evaluation, severity=severity, **{**known, **fields})
