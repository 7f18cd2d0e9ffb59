"""When therapists work at a location, on its wall clock, as intervals of real time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from clinic.core.clock import at_local, day_bounds, local
from clinic.models import Location
from scheduling.intervals import Interval, interval, merge, subtract
from scheduling.models import TimeOff, WorkingHours


def days_between(first: date, last: date) -> Iterator[date]:
    """Each calendar date, both ends included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


@dataclass(frozen=True)
class WorkingTime:
    """The working hours and absences of some therapists at one location over some days, read in two queries."""

    zone: str
    rows: dict[tuple[int, int], list[WorkingHours]]
    away: dict[int, list[Interval]]

    @classmethod
    def of(cls, *, location: Location, therapists: Collection[int], first: date, last: date) -> WorkingTime:
        """Of these therapists (by key), for the local dates from first to last."""
        valid = Q(valid_until=None) | Q(valid_until__gte=first)
        hours = WorkingHours.objects.filter(valid, location=location, therapist__in=therapists, valid_from__lte=last)
        rows: dict[tuple[int, int], list[WorkingHours]] = defaultdict(list)
        for row in hours.order_by("id"):
            rows[row.therapist_id, row.weekday].append(row)
        from_, until = day_bounds(first, location.timezone)[0], day_bounds(last, location.timezone)[1]
        absences = TimeOff.objects.filter(therapist__in=therapists, starts_at__lt=until, ends_at__gt=from_)
        away: dict[int, list[Interval]] = defaultdict(list)
        for therapist, starts_at, ends_at in absences.values_list("therapist_id", "starts_at", "ends_at"):
            away[therapist].append(interval(starts_at, ends_at))
        return cls(location.timezone, rows, away)

    def hours_on(self, therapist: int, day: date) -> list[Interval]:
        """The hours by the weekly pattern, absences not yet taken out."""
        return merge(
            interval(at_local(day, row.starts_at_local, self.zone), at_local(day, row.ends_at_local, self.zone))
            for row in self.rows.get((therapist, day.weekday()), ())
            if row.valid_from <= day and (row.valid_until is None or day <= row.valid_until)
        )

    def open_on(self, therapist: int, day: date) -> list[Interval]:
        """The hours that are left after absences."""
        hours = self.hours_on(therapist, day)
        away = self.away.get(therapist)
        return subtract(hours, away) if away else hours


def local_day(instant: datetime, location: Location) -> date:
    """The calendar date on the location's wall."""
    return local(instant, location.timezone).date()
