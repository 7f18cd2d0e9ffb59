"""What a change to a series would do to each of its visits: which it reaches, which it leaves alone and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from django.db import models
from django.utils import timezone

from audit.actors import Actor
from clinic.models import Room
from scheduling.claims import Claim
from scheduling.errors import VisitOfAnotherSeries
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, AppointmentQuerySet, AppointmentSeries
from scheduling.permission import may_handle
from scheduling.plans import PlannedVisit, judge
from scheduling.series import moved
from staff.models import User


class Scope(models.TextChoices):
    THIS = "this", "Only this visit"
    FOLLOWING = "following", "This and all following"
    ALL = "all", "All visits to come"


class Kept(models.TextChoices):
    """Why a visit is left alone."""

    OUTSIDE = "outside", "Not chosen"
    OVER = "over", "Past or no longer open"
    MOVED = "moved_before", "Was moved by itself"
    SAME = "same", "Already so"


@dataclass(frozen=True)
class Change:
    """Another time of day, another day, another therapist or room; what is not said stays with each visit."""

    days: int = 0
    at: time | None = None
    therapist: User | None = None
    room: Room | None = None

    def claim_of(self, visit: Appointment) -> Claim:
        """What the visit would claim."""
        starts_at = moved(visit.starts_at, zone_name=visit.location.timezone, days=self.days, at=self.at)
        therapist = self.therapist or visit.therapist
        return Claim(
            patient=visit.patient,
            therapist=therapist,
            service=visit.service,
            location=visit.location,
            starts_at=starts_at,
            room=self.room,
            replaces=visit,
            minutes=visit.minutes,
        )

    def changes(self, visit: Appointment) -> bool:
        """Whether anything would be another."""
        claim = self.claim_of(visit)
        is_same_room = claim.room is None or claim.room.pk == visit.room_id
        return not is_same_room or (claim.starts_at, claim.therapist.pk) != (visit.starts_at, visit.therapist_id)


@dataclass(frozen=True)
class Reached:
    """A visit of the series. `kept` says why it is left alone; else `planned` is what a move would make of it."""

    visit: Appointment
    kept: Kept | None = None
    planned: PlannedVisit | None = None

    @property
    def is_touched(self) -> bool:
        return self.kept is None

    @property
    def is_in_the_way(self) -> bool:
        """Whether this one alone would stop the whole change."""
        return self.planned is not None and not self.planned.is_free


def reach(
    visits: Iterable[Appointment],
    *,
    scope: str,
    start: Appointment,
    include_moved: bool,
    now: datetime,
    change: Change | None = None,
) -> list[Reached]:
    """Every visit of a series, and whether a change from one on touches it. Raises when that one is not among them."""
    rows = sorted(visits, key=lambda visit: (visit.starts_at, visit.pk))
    first = next((row for row in rows if row.pk == start.pk), None)
    if first is None:
        raise VisitOfAnotherSeries()
    number = first.series_number or 0
    return [
        Reached(row, _kept(row, scope, number, include_moved=include_moved, now=now, change=change)) for row in rows
    ]


def plan_move(
    *,
    series: AppointmentSeries,
    scope: str,
    start: Appointment,
    change: Change,
    include_moved: bool = False,
    by: Actor,
    now: datetime | None = None,
) -> list[Reached]:
    """What moving would do, visit by visit: kept, possible, or in the way and why. Reads only."""
    may_handle(by=by, appointment=start)
    at = now or timezone.now()
    reached = reach(visits_of(series), scope=scope, start=start, include_moved=include_moved, now=at, change=change)
    claims = {one.visit.pk: change.claim_of(one.visit) for one in reached if one.is_touched}
    planned = {one.number: one for one in judge(claims, by=by, now=at)}
    return [Reached(one.visit, one.kept, planned.get(one.visit.pk)) for one in reached]


def plan_cancel(
    *,
    series: AppointmentSeries,
    scope: str,
    start: Appointment,
    include_moved: bool = False,
    by: Actor,
    now: datetime | None = None,
) -> list[Reached]:
    """Which visits a cancellation would call off. Reads only."""
    may_handle(by=by, appointment=start)
    at = now or timezone.now()
    return reach(visits_of(series), scope=scope, start=start, include_moved=include_moved, now=at)


def visits_of(series: AppointmentSeries) -> AppointmentQuerySet:
    """The visits of a series with all they name, in order of time."""
    return Appointment.objects.filter(series=series).for_diary()


def _kept(
    visit: Appointment, scope: str, number: int, *, include_moved: bool, now: datetime, change: Change | None
) -> Kept | None:
    its_own = visit.series_number or 0
    is_chosen = {Scope.THIS: its_own == number, Scope.FOLLOWING: its_own >= number}.get(Scope(scope), True)
    if visit.status not in MOVABLE or visit.starts_at <= now:
        return Kept.OVER
    if not is_chosen:
        return Kept.OUTSIDE
    if scope != Scope.THIS and not include_moved and visit.series_at != visit.starts_at:
        return Kept.MOVED
    if change is not None and not change.changes(visit):
        return Kept.SAME
    return None
