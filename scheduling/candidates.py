"""Whom on the wait-list a free time would suit, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from clinic.core.clock import local
from clinic.models import Location, Room
from scheduling.audience import is_for, returning
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, WaitListEntry
from scheduling.models.waiting import WaitListEntryQuerySet
from screening.services import gates_of, lights
from staff.models import User

# So many are looked at for one time; whoever waits behind them is looked at when some of these have gone.
MOST_LOOKED_AT = 500
MOST_SHOWN = 20


@dataclass(frozen=True)
class Opening:
    """Some time of a therapist and a room, with the buffers around it."""

    location: Location
    therapist: User
    room: Room
    starts_at: datetime
    busy_from: datetime
    busy_until: datetime

    @classmethod
    def of(cls, visit: Appointment) -> Opening:
        """The time a visit has or had."""
        names = ("location", "therapist", "room", "starts_at", "busy_from", "busy_until")
        return cls(**{name: getattr(visit, name) for name in names})


@dataclass(frozen=True)
class Candidate:
    """Somebody on the wait-list whom a time would suit; the desk sees why screening keeps one from it."""

    entry: WaitListEntry
    light: str
    is_blocked: bool
    # The gate's codes, which anybody may see.
    reasons: tuple[str, ...] = ()


def candidates(
    *, opening: Opening, by: User, entries: Collection[Any] | None = None, now: datetime | None = None
) -> list[Candidate]:
    """Those whom the time suits, at most twenty; of all who wait here, or of these entries (by public id).

    In the order in which they are asked, with what the gate would say at that time; those it blocks are shown and
    never asked. Seven queries.
    """
    rows = WaitListEntry.objects.visible_to(by)
    if entries is not None:
        rows = rows.filter(public_id__in=entries)
    shown = whom_it_suits(rows=rows, opening=opening, now=now)[:MOST_SHOWN]
    colours = lights({entry.patient_id for entry in shown})
    verdicts = gates_of(wanted=[(entry.patient, entry.service) for entry in shown], at=opening.starts_at)
    return [
        Candidate(entry, str(colours[entry.patient_id]), verdict.is_blocked, verdict.reasons)
        for entry in shown
        for verdict in [verdicts[entry.patient_id, entry.service_id]]
    ]


def who_may_be_asked(*, keys: Collection[int], opening: Opening) -> set[int]:
    """Which of these entries still wait, are still suited and pass the gate; by primary key. Five queries."""
    suited = whom_it_suits(rows=WaitListEntry.objects.filter(pk__in=keys), opening=opening)
    verdicts = gates_of(wanted=[(entry.patient, entry.service) for entry in suited], at=opening.starts_at)
    return {entry.pk for entry in suited if not verdicts[entry.patient_id, entry.service_id].is_blocked}


def whom_it_suits(*, rows: WaitListEntryQuerySet, opening: Opening, now: datetime | None = None) -> list[WaitListEntry]:
    """Those of the entries whom the time suits, whatever screening says. Three queries.

    Their service and length fit into it, the therapist offers the service and is wished for or anybody is, day, time
    of day and notice suit, they have no other visit then, and the service is for them. First come those who have no
    visit yet, then those who would give one up for this; each by how long they have waited.
    """
    at = now or timezone.now()
    wall = local(opening.starts_at, opening.location.timezone)
    waiting = rows.waiting().filter(
        Q(therapists=None) | Q(therapists=opening.therapist),
        Q(weekdays=[]) | Q(weekdays__contains=[wall.weekday()]),
        Q(earliest_local=None) | Q(earliest_local__lte=wall.time()),
        location=opening.location,
        patient__died_on=None,
        from_on__lte=wall.date(),
        until_on__gte=wall.date(),
        service__in=opening.therapist.services.filter(is_active=True),
    )
    looked_at = waiting.select_related("patient", "service", "location", "instead_of").order_by("id")[:MOST_LOOKED_AT]
    fitting = [entry for entry in looked_at if _fits(entry, opening, at)]
    fitting = _whom_it_is_for(_who_are_free(fitting, opening))
    return sorted(fitting, key=lambda entry: (_has_a_visit(entry, at), entry.pk))


def _has_a_visit(entry: WaitListEntry, now: datetime) -> bool:
    """Whether the visit they would give up still lies ahead of them."""
    theirs = entry.instead_of
    return theirs is not None and theirs.status in MOVABLE and theirs.starts_at > now


def _fits(entry: WaitListEntry, opening: Opening, now: datetime) -> bool:
    service, starts_at = entry.service, opening.starts_at
    ends_at = starts_at + timedelta(minutes=entry.length_minutes)
    notice = timedelta(minutes=max(entry.notice_minutes, service.notice_minutes))
    wall_end = local(ends_at, entry.location.timezone)
    return (
        now + notice <= starts_at <= now + timedelta(days=service.horizon_days)
        and opening.busy_from <= starts_at - timedelta(minutes=service.buffer_before_minutes)
        and ends_at + timedelta(minutes=service.buffer_after_minutes) <= opening.busy_until
        and (entry.latest_local is None or wall_end.time() <= entry.latest_local)
        and opening.room.fits(service)
        and (entry.instead_of is None or entry.instead_of.starts_at != starts_at)
    )


def _who_are_free(entries: list[WaitListEntry], opening: Opening) -> list[WaitListEntry]:
    """Those without another visit at that time; the one they would give up is not in the way."""
    taken = Appointment.objects.busy_between(opening.starts_at, opening.busy_until)
    taken = taken.filter(patient__in={entry.patient_id for entry in entries})
    busy: dict[int, list[tuple[int, datetime, datetime]]] = {}
    for patient, key, starts_at, ends_at in taken.values_list("patient_id", "pk", "starts_at", "ends_at"):
        busy.setdefault(patient, []).append((key, starts_at, ends_at))

    def is_free(entry: WaitListEntry) -> bool:
        until = opening.starts_at + timedelta(minutes=entry.length_minutes)
        return not any(
            starts_at < until and opening.starts_at < ends_at and key != entry.instead_of_id
            for key, starts_at, ends_at in busy.get(entry.patient_id, [])
        )

    return [entry for entry in entries if is_free(entry)]


def _whom_it_is_for(entries: list[WaitListEntry]) -> list[WaitListEntry]:
    """Without new patients for a service of returning ones, and the other way round."""
    known = returning({entry.patient_id for entry in entries})
    return [entry for entry in entries if is_for(entry.service, is_returning=entry.patient_id in known)]
