"""When therapists work, and when they are away; see `opening` for when the location is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from clinic.models import Location
from scheduling.errors import EndsBeforeItStarts
from scheduling.models import TimeOff, WorkingHours
from scheduling.periods import Period, check_periods, last_day, lock_therapist, make_way
from scheduling.permission import may_set_hours
from staff.models import User


@transaction.atomic
def set_working_hours(
    *,
    therapist: User,
    location: Location,
    weekday: int,
    periods: Sequence[Period],
    valid_from: date,
    valid_until: date | None = None,
    keeps_later: bool = False,
    by: Actor,
) -> list[WorkingHours]:
    """From a day on (until a day), the therapist works these local periods on this weekday, and no others.

    Periods with a gap between them make a break. Hours set before end the day before; visits already booked stay.
    Hours set for later are replaced, unless `keeps_later`: then these hold until the day before.
    """
    may_set_hours(by=by, location=location)
    check_periods(periods, valid_from, valid_until)
    lock_therapist(therapist, location)
    earlier = WorkingHours.objects.filter(therapist=therapist, location=location, weekday=weekday)
    valid_until = last_day(earlier, valid_from, valid_until, keeps_later=keeps_later)
    make_way(earlier, valid_from, valid_until)
    rows = WorkingHours.objects.bulk_create(
        WorkingHours(
            therapist=therapist,
            location=location,
            weekday=weekday,
            starts_at_local=starts,
            ends_at_local=ends,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for starts, ends in sorted(periods)
    )
    record(
        actor=by,
        action="working_hours.set",
        subject=therapist,
        locations=[location],
        facts={
            "weekday": int(weekday),
            "periods": [[starts.isoformat(), ends.isoformat()] for starts, ends in sorted(periods)],
            "valid_from": valid_from.isoformat(),
            "valid_until": valid_until.isoformat() if valid_until else None,
        },
    )
    return rows


@transaction.atomic
def set_working_week(
    *,
    therapist: User,
    location: Location,
    week: Mapping[int, Sequence[Period]],
    valid_from: date,
    valid_until: date | None = None,
    keeps_later: bool = False,
    by: Actor,
) -> date | None:
    """The same for several weekdays, all of them or none; answers with the last day they hold, if there is one."""
    may_set_hours(by=by, location=location)
    lock_therapist(therapist, location)
    every_day = WorkingHours.objects.filter(therapist=therapist, location=location)
    until = last_day(every_day, valid_from, valid_until, keeps_later=keeps_later)
    span: dict[str, Any] = {"valid_from": valid_from, "valid_until": until}
    for weekday, periods in sorted(week.items()):
        set_working_hours(therapist=therapist, location=location, weekday=weekday, periods=periods, **span, by=by)
    return until


@transaction.atomic
def add_time_off(*, therapist: User, location: Location, starts_at: datetime, ends_at: datetime, by: Actor) -> TimeOff:
    """Close a therapist's diary for a while, at every location. Visits already booked stay and have to be moved."""
    may_set_hours(by=by, location=location)
    if starts_at >= ends_at:
        raise EndsBeforeItStarts()
    lock_therapist(therapist, location)
    time_off = TimeOff.objects.create(therapist=therapist, location=location, starts_at=starts_at, ends_at=ends_at)
    _record_absence(time_off, "time_off.added", by)
    return time_off


@transaction.atomic
def remove_time_off(*, time_off: TimeOff, by: Actor) -> None:
    """Open the diary again."""
    may_set_hours(by=by, location=time_off.location)
    if TimeOff.objects.filter(pk=time_off.pk).delete()[0]:
        _record_absence(time_off, "time_off.removed", by)


def _record_absence(time_off: TimeOff, action: str, by: Actor) -> None:
    record(
        actor=by,
        action=action,
        subject=time_off,
        locations=[time_off.location],
        facts={
            "therapist_id": str(time_off.therapist.public_id),
            "starts_at": time_off.starts_at.isoformat(),
            "ends_at": time_off.ends_at.isoformat(),
        },
    )
