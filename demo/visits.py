"""Treats the demo's patients: books, receives, logs, signs, and asks how it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
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
from sessions import catalogue
from sessions.models import TreatmentSession
from sessions.services import (
    record_motion,
    record_technique,
    record_trigger_point,
    sign_session,
    start_session,
)
from sessions.services.points import Finding
from staff.models import User

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
    muscles, _ = COMPLAINTS[course.complaint]
    for index, muscle in enumerate(muscles if number % 3 == 0 else muscles[:1]):
        status = "active" if visit.before >= 5 and index == 0 else "latent" if visit.before >= 2 else "resolved"
        tenderness = max(0, min(4, round(visit.before / 2.5) - index))
        record_trigger_point(
            session=session, muscle=muscle, side=course.side, status=status, **_graded(visit, tenderness), by=by
        )
    if number % 3 == 0:
        _measure(session, course, visit, by=by)
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


def _measure(session: TreatmentSession, course: Course, visit: Visit, *, by: User) -> None:
    """The complaint's motion, and its other side where it has one."""
    _, (joint, motion, limit) = COMPLAINTS[course.complaint]
    known = catalogue.motions()[f"{joint}.{motion}"]
    gained = round((course.visits[0].before - visit.before) * 2.5)
    hurt = course.side if known.is_sided else ""
    ends = {hurt: max(5, limit + gained)}
    if known.is_sided:
        ends["right" if hurt == "left" else "left"] = known.norm_low or limit
    for side, end in ends.items():
        record_motion(
            session=session,
            joint=joint,
            motion=motion,
            side=side,
            end=end,
            pain=max(0, visit.before - 2) if side == hurt else 0,
            device="goniometer",
            by=by,
        )


def _graded(visit: Visit, tenderness: int) -> Finding:
    """The numbers of a point: the more it hurts, the less pressure it takes."""
    threshold = 42 - 2 * visit.before
    return {
        "tenderness": tenderness,
        "palpation_pain": visit.before,
        "tenderness_after": max(0, tenderness - 1),
        "palpation_pain_after": visit.after,
        "threshold_readings": [Decimal(threshold + nudge) / 10 for nudge in (0, 2, 1)],
        "threshold_unit": "kgf/cm2",
        "threshold_device": "Algometer 1",
        "probe_area_cm2": Decimal(1),
    }


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
