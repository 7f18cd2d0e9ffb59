"""What a therapist wants to know of a patient before the next session: what has changed, and the way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from outcomes.course import Point, curve
from outcomes.models import PainScore
from patients.models import Medicine, Patient
from screening.models import Flag, Light
from screening.services import lights
from sessions.ledger import LedgerLine, ledger_of
from sessions.models import TreatmentSession
from sessions.motion_courses import MotionCourse, motion_courses_of
from sessions.progress import SAME
from staff.models import User

# Fifty sessions with two scores and a follow-up each.
_MOST_SCORES = 150


@dataclass(frozen=True)
class SinceLast:
    """The last signed session against the one before, and what is new beside it."""

    last: TreatmentSession
    before: TreatmentSession | None
    points: list[LedgerLine]
    motions: list[MotionCourse]


@dataclass(frozen=True)
class PatientPage:
    """Everything above the list of sessions."""

    light: Light
    flags: list[Flag]
    medicines: list[Medicine]
    since_last: SinceLast | None
    pain: list[Point]
    motions: list[MotionCourse]
    ledger: list[LedgerLine]


def patient_page_of(*, patient: Patient, user: User, now: datetime, today: date) -> PatientPage:
    """Read a patient for the therapist. A constant number of queries, however many sessions there are."""
    ledger = ledger_of(patient=patient, user=user)
    motions = motion_courses_of(patient=patient, user=user)
    taken = Medicine.objects.visible_to(user).filter(patient=patient).filter(_is_taken(today))
    flags = Flag.objects.standing(now).gravest_first().visible_to(user).filter(patient=patient)
    return PatientPage(
        light=lights([patient.pk])[patient.pk],
        flags=list(flags),
        medicines=list(taken.order_by("name", "id")),
        since_last=_since_last(_last_two(patient, user), ledger, motions),
        pain=_pain(patient, user),
        motions=motions,
        ledger=ledger,
    )


def _is_taken(today: date) -> Q:
    return Q(ended_on=None) | Q(ended_on__gte=today)


def _last_two(patient: Patient, user: User) -> list[TreatmentSession]:
    signed = TreatmentSession.objects.visible_to(user).signed().filter(patient=patient)
    return list(signed.newest_first().select_related("location", "therapist")[:2])


def _since_last(
    sessions: list[TreatmentSession], ledger: Iterable[LedgerLine], motions: Iterable[MotionCourse]
) -> SinceLast | None:
    """Only what was found in the last session and differs from the time before; motions only beyond their error."""
    if not sessions:
        return None
    last = sessions[0]
    return SinceLast(
        last=last,
        before=sessions[1] if len(sessions) > 1 else None,
        points=[line for line in ledger if line.latest.session_id == last.pk and line.change.kind not in {"", SAME}],
        motions=[
            one
            for one in motions
            if one.latest.session_id == last.pk and one.since_last and one.since_last.is_beyond_error
        ],
    )


def _pain(patient: Patient, user: User) -> list[Point]:
    """The newest scores as a curve."""
    scores = PainScore.objects.visible_to(user).filter(patient=patient).order_by("-measured_at", "-id")
    return curve(list(scores[:_MOST_SCORES]))
