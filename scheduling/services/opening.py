"""When a location is open: weekly hours, closures, extra hours. Visits already booked stay and have to be moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from clinic.models import Location
from scheduling.errors import ClosureEndsEarly, EndsBeforeItStarts
from scheduling.models import Closure, ExtraHours, OpeningHours
from scheduling.periods import Period, check_periods, last_day, lock_therapist, make_way
from scheduling.permission import may_set_hours
from staff.models import User


@transaction.atomic
def set_opening_hours(
    *,
    location: Location,
    weekday: int,
    periods: Sequence[Period],
    valid_from: date,
    valid_until: date | None = None,
    keeps_later: bool = False,
    by: Actor,
) -> list[OpeningHours]:
    """From a day on (until a day), the location is open in these local periods on this weekday, and in no others.

    A location without any hours on a date is open whenever somebody works there; hours set before end the day before.
    Hours set for later are replaced, unless `keeps_later`: then these hold until the day before.
    """
    may_set_hours(by=by, location=location)
    check_periods(periods, valid_from, valid_until)
    _lock(location)
    earlier = OpeningHours.objects.filter(location=location, weekday=weekday)
    valid_until = last_day(earlier, valid_from, valid_until, keeps_later=keeps_later)
    make_way(earlier, valid_from, valid_until)
    rows = OpeningHours.objects.bulk_create(
        OpeningHours(
            location=location,
            weekday=weekday,
            starts_at_local=starts,
            ends_at_local=ends,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for starts, ends in sorted(periods)
    )
    facts = {
        "weekday": int(weekday),
        "periods": [[starts.isoformat(), ends.isoformat()] for starts, ends in sorted(periods)],
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat() if valid_until else None,
    }
    record(actor=by, action="opening_hours.set", subject=location, locations=[location], facts=facts)
    return rows


@transaction.atomic
def set_opening_week(
    *,
    location: Location,
    week: Mapping[int, Sequence[Period]],
    valid_from: date,
    valid_until: date | None = None,
    keeps_later: bool = False,
    by: Actor,
) -> date | None:
    """The same for several weekdays, all of them or none; answers with the last day they hold, if there is one."""
    may_set_hours(by=by, location=location)
    _lock(location)
    every_day = OpeningHours.objects.filter(location=location)
    until = last_day(every_day, valid_from, valid_until, keeps_later=keeps_later)
    span: dict[str, Any] = {"valid_from": valid_from, "valid_until": until}
    for weekday, periods in sorted(week.items()):
        set_opening_hours(location=location, weekday=weekday, periods=periods, **span, by=by)
    return until


@transaction.atomic
def add_closure(*, location: Location, first_on: date, last_on: date, name: str = "", by: Actor) -> Closure:
    """Shut a location for whole days, both included."""
    may_set_hours(by=by, location=location)
    if last_on < first_on:
        raise ClosureEndsEarly()
    _lock(location)
    closure = Closure.objects.create(location=location, first_on=first_on, last_on=last_on, name=name)
    _record(closure, "closure.added", by, first_on=first_on.isoformat(), last_on=last_on.isoformat())
    return closure


@transaction.atomic
def remove_closure(*, closure: Closure, by: Actor) -> None:
    """Open the location again."""
    may_set_hours(by=by, location=closure.location)
    if Closure.objects.filter(pk=closure.pk).delete()[0]:
        _record(closure, "closure.removed", by)


@transaction.atomic
def add_extra_hours(
    *,
    location: Location,
    on: date,
    starts_at_local: time,
    ends_at_local: time,
    therapist: User | None = None,
    by: Actor,
) -> ExtraHours:
    """Open a location on one date beyond its hours, closed or not. With a therapist: for that therapist, who works
    then; without: for those who work then anyway."""
    may_set_hours(by=by, location=location)
    if starts_at_local >= ends_at_local:
        raise EndsBeforeItStarts()
    if therapist is not None:
        lock_therapist(therapist, location)
    _lock(location)
    extra = ExtraHours.objects.create(
        location=location, therapist=therapist, on=on, starts_at_local=starts_at_local, ends_at_local=ends_at_local
    )
    whose = str(therapist.public_id) if therapist else None
    _record(extra, "extra_hours.added", by, on=on.isoformat(), therapist_id=whose)
    return extra


@transaction.atomic
def remove_extra_hours(*, extra: ExtraHours, by: Actor) -> None:
    """Take the extra hours back."""
    may_set_hours(by=by, location=extra.location)
    if ExtraHours.objects.filter(pk=extra.pk).delete()[0]:
        _record(extra, "extra_hours.removed", by)


def _lock(location: Location) -> None:
    """One change of a location's hours at a time. Bookers do not wait for it: what is booked at that moment stays, as
    everything does that was booked before."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)


def _record(row: Closure | ExtraHours, action: str, by: Actor, **facts: object) -> None:
    record(actor=by, action=action, subject=row, locations=[row.location], facts=facts)
