"""A patient's sessions and trigger points over time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count

from patients.models import Patient
from sessions import catalogue
from sessions.models import TreatmentSession, TreatmentSessionQuerySet, TriggerPoint, TriggerPointObservation
from sessions.progress import PointChange, change_of_point
from staff.models import User

PAGE_SIZE = 20
# How much of a point's life one line shows.
COURSE_LENGTH = 12


@dataclass(frozen=True)
class LedgerLine:
    """A trigger point and its course: how it was found the last times, oldest first."""

    point: TriggerPoint
    course: list[TriggerPointObservation]
    times_seen: int

    @property
    def latest(self) -> TriggerPointObservation:
        return self.course[-1]

    @property
    def change(self) -> PointChange:
        """Since the time before the last."""
        return change_of_point(self.course[-2] if len(self.course) > 1 else None, self.latest)

    @property
    def muscle(self) -> catalogue.Muscle:
        return catalogue.muscles()[self.point.muscle]


@dataclass(frozen=True)
class SessionPage:
    """Some sessions, newest first, and the last one's id when there are older ones."""

    sessions: list[TreatmentSession]
    older_after: str


def sessions_page(*, seen: TreatmentSessionQuerySet, after: TreatmentSession | None) -> SessionPage:
    """One page of a patient's sessions: constant cost on any page."""
    rows = seen.older_than(after) if after else seen
    found = list(rows.newest_first().for_page()[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return SessionPage(shown, str(shown[-1].public_id) if len(found) > PAGE_SIZE else "")


def last_finding(*, point: TriggerPoint, session: TreatmentSession) -> TriggerPointObservation | None:
    """How a point was found the last time before a session."""
    earlier = point.observations.exclude(session=session).filter(session__performed_at__lte=session.performed_at)
    found: TriggerPointObservation | None = (
        earlier.select_related("session__location").order_by("-session__performed_at", "-id").first()
    )
    return found


def last_gauge(*, by: User) -> TriggerPointObservation | None:
    """The therapist's last finding with a pressure gauge: the same gauge lies at hand."""
    measured = TriggerPointObservation.objects.visible_to(by).filter(rater=by).exclude(threshold_device="")
    found: TriggerPointObservation | None = measured.order_by("-id").first()
    return found


def last_signed(*, before: TreatmentSession, by: User) -> TreatmentSession | None:
    """The patient's last signed session before this one, as far as a member may see it."""
    earlier = TreatmentSession.objects.visible_to(by).signed().filter(patient=before.patient)
    found: TreatmentSession | None = (
        earlier.older_than(before).newest_first().select_related("location", "therapist").first()
    )
    return found


def last_session_before(session: TreatmentSession) -> TreatmentSession | None:
    """The last signed session before one: what a patient is asked about in it."""
    signed = TreatmentSession.objects.signed().filter(patient=session.patient)
    found: TreatmentSession | None = signed.older_than(session).newest_first().select_related("location").first()
    return found


def ledger_of(*, patient: Patient, user: User) -> list[LedgerLine]:
    """Every point the patient has, most active first. Two queries."""
    seen = TriggerPointObservation.objects.visible_to(user).filter(trigger_point__patient=patient)
    counts = dict(seen.values_list("trigger_point").annotate(times=Count("id")).order_by())
    by_point = groupby(seen.last_of_each_point(COURSE_LENGTH), key=lambda row: row.trigger_point_id)
    courses = [list(rows) for _, rows in by_point]
    lines = [LedgerLine(rows[0].trigger_point, rows, counts[rows[0].trigger_point_id]) for rows in courses]
    order = {key: number for number, key in enumerate(catalogue.muscles())}
    gravity = {"active": 0, "latent": 1, "not_found": 2, "resolved": 3}
    return sorted(lines, key=lambda line: (gravity[line.latest.status], order[line.point.muscle], line.point.pk))
