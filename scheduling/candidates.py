"""Whom on the wait-list a free time would suit, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from clinic.core.clock import local
from clinic.models import Audience, Location, Room
from scheduling.models import Appointment, AppointmentStatus, WaitListEntry
from screening.services import lights
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


def candidates(
    *, opening: Opening, by: User, entries: Collection[Any] | None = None, now: datetime | None = None
) -> list[Candidate]:
    """Those whom the time suits, at most twenty; of all who wait here, or of these entries (by public id).

    Their service and length fit into it, the therapist offers the service and is wished for or anybody is, day, time
    of day and notice suit, they have no other visit then, and the service is for them. First come those who have no
    visit yet, then those who would give one up for this; each by how long they have waited. Six queries.
    """
    at = now or timezone.now()
    rows = WaitListEntry.objects.visible_to(by).waiting().filter(location=opening.location)
    if entries is not None:
        rows = rows.filter(public_id__in=entries)
    wall = local(opening.starts_at, opening.location.timezone)
    rows = rows.filter(
        Q(therapists=None) | Q(therapists=opening.therapist),
        Q(weekdays=[]) | Q(weekdays__contains=[wall.weekday()]),
        Q(earliest_local=None) | Q(earliest_local__lte=wall.time()),
        from_on__lte=wall.date(),
        until_on__gte=wall.date(),
        service__in=opening.therapist.services.filter(is_active=True),
    )
    looked_at = rows.select_related("patient", "service", "location", "instead_of").order_by("id")[:MOST_LOOKED_AT]
    fitting = [entry for entry in looked_at if _fits(entry, opening, at)]
    fitting = _who_are_free(fitting, opening)
    fitting = _whom_it_is_for(fitting)
    fitting.sort(key=lambda entry: (entry.instead_of_id is not None, entry.pk))
    shown = fitting[:MOST_SHOWN]
    colours = lights({entry.patient_id for entry in shown})
    return [Candidate(entry, colour := str(colours[entry.patient_id]), _is_blocked(entry, colour)) for entry in shown]


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
    done = Appointment.objects.filter(
        patient__in={entry.patient_id for entry in entries}, status=AppointmentStatus.COMPLETED
    )
    returning = set(done.values_list("patient_id", flat=True).distinct())
    wanted = {Audience.RETURNING_PATIENTS: True, Audience.NEW_PATIENTS: False}
    return [
        entry
        for entry in entries
        if wanted.get(Audience(entry.service.audience), entry.patient_id in returning)
        == (entry.patient_id in returning)
    ]


def _is_blocked(entry: WaitListEntry, light: str) -> bool:
    """What the gate would say, from the light alone; booking asks the gate itself."""
    return light == "red" or (light == "grey" and not entry.service.for_unscreened_patients)
