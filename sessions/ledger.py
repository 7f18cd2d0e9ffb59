"""A patient's sessions and trigger points over time."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from patients.models import Patient
from sessions import catalogue
from sessions.models import TreatmentSession, TreatmentSessionQuerySet, TriggerPoint, TriggerPointObservation
from staff.models import User

PAGE_SIZE = 20


@dataclass(frozen=True)
class LedgerLine:
    """A trigger point and how it was found last."""

    point: TriggerPoint
    latest: TriggerPointObservation
    times_seen: int

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


def last_session_before(session: TreatmentSession) -> TreatmentSession | None:
    """The last signed session before one: what a patient is asked about in it."""
    signed = TreatmentSession.objects.signed().filter(patient=session.patient)
    found: TreatmentSession | None = signed.older_than(session).newest_first().select_related("location").first()
    return found


def ledger_of(*, patient: Patient, user: User) -> list[LedgerLine]:
    """Every point the patient has, most active first. Two queries."""
    seen = TriggerPointObservation.objects.visible_to(user).filter(trigger_point__patient=patient)
    counts = dict(seen.values_list("trigger_point").annotate(times=Count("id")).order_by())
    lines = [LedgerLine(row.trigger_point, row, counts[row.trigger_point_id]) for row in seen.latest_of_each_point()]
    order = {key: number for number, key in enumerate(catalogue.muscles())}
    gravity = {"active": 0, "latent": 1, "not_found": 2, "resolved": 3}
    return sorted(lines, key=lambda line: (gravity[line.latest.status], order[line.point.muscle], line.point.pk))
