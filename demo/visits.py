"""Treats the demo's patients: books, receives, logs, signs, and asks how it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from audit.actors import SYSTEM
from clinic.models import Room, Service
from demo.answers import REGIONS
from demo.courses import COMPLAINTS, Course, Visit
from demo.setting import Post
from outcomes.models import Survey
from outcomes.services import answer_survey
from patients.models import Patient
from scheduling.models import Appointment
from scheduling.services import book_appointment, mark_arrived
from sessions.models import TreatmentSession
from sessions.services import (
    record_motion,
    record_technique,
    record_trigger_point,
    sign_session,
    start_session,
)

_SAID = (
    "Sleeps a little better, still stiff in the morning.",
    "Worse after a long day at the desk.",
    "Felt easier for two days, then it came back.",
    "No change since the last visit.",
    "Could carry the shopping without stopping.",
    "Tender the evening after, fine the next day.",
)
_FOUND = (
    "Tissue moderately restricted, warms and lengthens under sustained pressure.",
    "Taut band palpable; familiar pain reproduced at the point.",
    "Mildly restricted; end of range comes with a pull, not with pain.",
)
_THOUGHT = (
    "Responds to slow holds. Keep the pressure low and the time long.",
    "No clear change over three visits: review the plan with the patient next time.",
    "Range is returning; pain follows more slowly.",
)
_PLANNED = (
    "Same regions next week. Home: one minute of gentle stretch, twice a day.",
    "Two more visits, then look at the scores together.",
    "Add the lower back next time if the patient agrees.",
)
_HOLDS = ("sustained_pressure", "cross_hand_release", "trigger_point_pressure", "pin_and_stretch")


@dataclass(frozen=True)
class Slot:
    """An hour given away: when, in which room, for which service."""

    starts_at: datetime
    room: Room
    service: Service


def book(patient: Patient, post: Post, slot: Slot, *, is_history: bool) -> Appointment:
    """Book a slot of the demo's own diary; nobody is told."""
    return book_appointment(
        patient=patient,
        therapist=post.therapist,
        service=slot.service,
        location=post.location,
        starts_at=slot.starts_at,
        room=slot.room,
        notify=not is_history,
        is_history=is_history,
        at=slot.starts_at - timedelta(days=6) if is_history else None,
        by=SYSTEM,
    )


def treat(
    patient: Patient, post: Post, slot: Slot, course: Course, visit: Visit, *, number: int, random: Random
) -> TreatmentSession:
    """A whole visit in the past, signed."""
    appointment = book(patient, post, slot, is_history=True)
    mark_arrived(appointment=appointment, by=SYSTEM, at=slot.starts_at - timedelta(minutes=4))
    session = examine(appointment, post, course, visit, number=number, random=random)
    ended_at = slot.starts_at + timedelta(minutes=slot.service.duration_minutes + 3)
    session = sign_session(session=session, changes=note(visit, random), by=post.therapist, at=ended_at)
    follow_up(session, visit)
    return session


def examine(
    appointment: Appointment, post: Post, course: Course, visit: Visit, *, number: int, random: Random
) -> TreatmentSession:
    """A visit's findings and what was done; the range of motion is measured at every third visit."""
    by = post.therapist
    session = start_session(appointment=appointment, by=by, at=appointment.starts_at)
    muscles, (joint, motion, limit) = COMPLAINTS[course.complaint]
    for index, muscle in enumerate(muscles if number % 3 == 0 else muscles[:1]):
        status = "active" if visit.before >= 5 and index == 0 else "latent" if visit.before >= 2 else "resolved"
        tenderness = max(0, min(4, round(visit.before / 2.5) - index))
        record_trigger_point(
            session=session, muscle=muscle, side=course.side, status=status, tenderness=tenderness, by=by
        )
    if number % 3 == 0:
        gained = round((course.visits[0].before - visit.before) * 2.5)
        is_sided = motion in {"rotation", "abduction", "dorsiflexion"} or joint in {"hip", "shoulder"}
        record_motion(
            session=session,
            joint=joint,
            motion=motion,
            side=course.side if is_sided else "",
            end=max(5, limit + gained),
            is_painful=visit.before >= 5,
            by=by,
        )
    record_technique(
        session=session,
        technique=random.choice(_HOLDS),
        region=REGIONS[course.complaint],
        side=course.side,
        minutes=random.choice([25, 30, 35, 40]),
        pressure=random.choice([2, 2, 3]),
        by=by,
    )
    return session


def note(visit: Visit, random: Random) -> dict[str, object]:
    return {
        "subjective": random.choice(_SAID),
        "objective": random.choice(_FOUND),
        "assessment": random.choice(_THOUGHT),
        "plan": random.choice(_PLANNED),
        "pain_before": visit.before,
        "pain_after": visit.after,
    }


def follow_up(session: TreatmentSession, visit: Visit) -> None:
    """The answer a day later, where there was one."""
    survey = Survey.objects.get(session_id=session.public_id)
    answered_at = survey.due_at + timedelta(hours=3)
    if visit.follow_up is None or answered_at > timezone.now():
        return
    answer_survey(
        survey=survey,
        pain=visit.follow_up,
        had_unexpected_effect=visit.had_unexpected_effect,
        effect_text="Sore for two days where the pressure was." if visit.had_unexpected_effect else "",
        at=answered_at,
        by=SYSTEM,
    )
