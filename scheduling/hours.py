"""When a location is open and therapists work there, on its wall clock, as intervals of real time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast

from clinic.core.clock import at_local, day_bounds, local
from clinic.models import Location
from scheduling.intervals import Interval, intersect, interval, merge, subtract
from scheduling.models import Closure, ExtraHours, OpeningHours, TimeOff, WorkingHours


def days_between(first: date, last: date) -> Iterator[date]:
    """Each calendar date, both ends included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


@dataclass(frozen=True)
class Weekly:
    """Hours of one weekday while they are valid."""

    starts_at_local: time
    ends_at_local: time
    valid_from: date
    valid_until: date | None


def is_valid_on(hours: Weekly | OpeningHours | WorkingHours, day: date) -> bool:
    """Whether weekly hours hold on a date."""
    return hours.valid_from <= day and (hours.valid_until is None or day <= hours.valid_until)


@dataclass(frozen=True)
class WorkingTime:
    """Opening hours, working hours and absences at one location over some days, read in two queries.

    A therapist works during the weekly hours while the location is open, and during extra hours whether it is or not.
    Closures shut the location for whole days; absences take away from all of it.
    """

    zone: str
    # By therapist and weekday; of the location itself under no therapist.
    weekly: dict[tuple[int | None, int], list[Weekly]]
    extra: dict[tuple[int | None, date], list[tuple[time, time]]]
    closed: list[tuple[date, date]]
    away: dict[int, list[Interval]]

    @classmethod
    def of(cls, *, location: Location, therapists: Collection[int], first: date, last: date) -> WorkingTime:
        """Of these therapists (by key), for the local dates from first to last."""
        weekly: dict[tuple[int | None, int], list[Weekly]] = defaultdict(list)
        extra: dict[tuple[int | None, date], list[tuple[time, time]]] = defaultdict(list)
        for therapist, weekday, on, starts, ends, valid_from, valid_until in _hours(location, therapists, first, last):
            if on is not None:
                extra[therapist, on].append((starts, ends))
            else:
                weekly[therapist, weekday].append(Weekly(starts, ends, valid_from, valid_until))
        closed: list[tuple[date, date]] = []
        away: dict[int, list[Interval]] = defaultdict(list)
        for therapist, starts_at, ends_at, first_on, last_on in _absences(location, therapists, first, last):
            if therapist is None:
                closed.append((first_on, last_on))
            else:
                away[therapist].append(interval(starts_at, ends_at))
        return cls(location.timezone, weekly, extra, closed, away)

    def opening_on(self, day: date) -> list[Interval]:
        """When the location is open: its hours and extra hours, none on a day of closure unless extra ones are set."""
        opened = self._extra(None, day)
        if any(first <= day <= last for first, last in self.closed):
            return opened
        return merge([*self._regular_opening(day), *opened])

    def hours_on(self, therapist: int, day: date) -> list[Interval]:
        """The hours the therapist works, whether the location is open or not, absences not yet taken out."""
        return merge([*self._weekly(therapist, day), *self._extra(therapist, day)])

    def bookable_on(self, therapist: int, day: date) -> list[Interval]:
        """The hours in which the location is open to this therapist, absences not yet taken out."""
        regular = intersect(self._weekly(therapist, day), self.opening_on(day))
        return merge([*regular, *self._extra(therapist, day)])

    def open_on(self, therapist: int, day: date) -> list[Interval]:
        """The hours that are left after absences."""
        hours = self.bookable_on(therapist, day)
        away = self.away.get(therapist)
        return subtract(hours, away) if away else hours

    def _regular_opening(self, day: date) -> list[Interval]:
        if any(is_valid_on(row, day) for weekday in range(7) for row in self.weekly.get((None, weekday), ())):
            return self._weekly(None, day)
        return [interval(*day_bounds(day, self.zone))]

    def _weekly(self, whose: int | None, day: date) -> list[Interval]:
        return merge(
            self._on(day, row.starts_at_local, row.ends_at_local)
            for row in self.weekly.get((whose, day.weekday()), ())
            if is_valid_on(row, day)
        )

    def _extra(self, whose: int | None, day: date) -> list[Interval]:
        return merge(self._on(day, starts, ends) for starts, ends in self.extra.get((whose, day), ()))

    def _on(self, day: date, starts: time, ends: time) -> Interval:
        return interval(at_local(day, starts, self.zone), at_local(day, ends, self.zone))


def local_day(instant: datetime, location: Location) -> date:
    """The calendar date on the location's wall."""
    return local(instant, location.timezone).date()


def _nothing(field: models.Field[Any, Any]) -> Cast:
    return Cast(Value(None), field)


def _hours(location: Location, therapists: Collection[int], first: date, last: date) -> Any:
    """Weekly hours of therapists and location, and extra hours of both, in one query."""
    valid = Q(valid_until=None) | Q(valid_until__gte=first)
    names = ("whose", "day", "date", "starts_at_local", "ends_at_local", "from_on", "until_on")
    span = {"date": _nothing(models.DateField()), "from_on": F("valid_from"), "until_on": F("valid_until")}
    working = WorkingHours.objects.filter(valid, location=location, therapist__in=therapists, valid_from__lte=last)
    opening = OpeningHours.objects.filter(valid, location=location, valid_from__lte=last)
    extra = ExtraHours.objects.filter(
        Q(therapist=None) | Q(therapist__in=therapists), location=location, on__range=(first, last)
    )
    return (
        working.annotate(whose=F("therapist_id"), day=F("weekday"), **span)
        .values_list(*names)
        .union(
            opening.annotate(whose=_nothing(models.BigIntegerField()), day=F("weekday"), **span).values_list(*names),
            extra.annotate(
                whose=F("therapist_id"),
                day=_nothing(models.PositiveSmallIntegerField()),
                date=F("on"),
                from_on=_nothing(models.DateField()),
                until_on=_nothing(models.DateField()),
            ).values_list(*names),
            all=True,
        )
    )


def _absences(location: Location, therapists: Collection[int], first: date, last: date) -> Any:
    """Absences of the therapists anywhere and closures of the location, in one query."""
    from_, until = day_bounds(first, location.timezone)[0], day_bounds(last, location.timezone)[1]
    names = ("whose", "starts", "ends", "from_on", "until_on")
    no_date, no_instant = _nothing(models.DateField()), _nothing(models.DateTimeField())
    away = TimeOff.objects.filter(therapist__in=therapists, starts_at__lt=until, ends_at__gt=from_)
    closures = Closure.objects.filter(location=location, first_on__lte=last, last_on__gte=first)
    return (
        away.annotate(
            whose=F("therapist_id"), starts=F("starts_at"), ends=F("ends_at"), from_on=no_date, until_on=no_date
        )
        .values_list(*names)
        .union(
            closures.annotate(
                whose=_nothing(models.BigIntegerField()),
                starts=no_instant,
                ends=no_instant,
                from_on=F("first_on"),
                until_on=F("last_on"),
            ).values_list(*names),
            all=True,
        )
    )
