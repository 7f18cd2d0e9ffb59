"""When hours change next, and which hold today: what the pages for setting up say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from clinic.core.clock import local
from clinic.models import Location
from scheduling.hours import is_valid_on
from scheduling.models import Closure, ExtraHours, OpeningHours, Weekday
from scheduling.periods import Period


def as_text(periods: Iterable[Period]) -> str:
    """Periods as people write them: 09:00–12:00, 13:00–17:00."""
    return ", ".join(f"{starts:%H:%M}–{ends:%H:%M}" for starts, ends in sorted(periods))


def week_on(rows: Iterable[Any], day: date) -> dict[int, list[Period]]:
    """The hours of each weekday as they hold on a date."""
    week: dict[int, list[Period]] = defaultdict(list)
    for row in rows:
        if is_valid_on(row, day):
            week[row.weekday].append((row.starts_at_local, row.ends_at_local))
    return week


def changes_after(rows: Sequence[Any], today: date, *, empty: str) -> list[tuple[date, str, str]]:
    """From which day on another week holds than before: (day, weekday, hours). A day without hours is `empty`."""
    begins = {row.valid_from for row in rows}
    ends = {row.valid_until + timedelta(days=1) for row in rows if row.valid_until}
    found = []
    for day in sorted(one for one in begins | ends if one > today):
        before, after = week_on(rows, day - timedelta(days=1)), week_on(rows, day)
        found += [
            (day, str(weekday.label), as_text(after[weekday]) or empty)
            for weekday in Weekday
            if sorted(before[weekday]) != sorted(after[weekday])
        ]
    return found


def open_today(locations: Sequence[Location], now: datetime) -> dict[int, str]:
    """What each location's door says today, by primary key. Three queries, however many locations."""
    days = {place.pk: local(now, place.timezone).date() for place in locations}
    if not days:
        return {}
    near = {"first": min(days.values()), "last": max(days.values())}
    hours = _by_place(OpeningHours.objects.filter(location__in=days))
    extra = _by_place(ExtraHours.objects.filter(location__in=days, therapist=None, on__range=tuple(near.values())))
    shut = _by_place(Closure.objects.filter(location__in=days, first_on__lte=near["last"], last_on__gte=near["first"]))
    return {place.pk: _door(days[place.pk], hours[place.pk], extra[place.pk], shut[place.pk]) for place in locations}


def _door(day: date, hours: list[OpeningHours], extra: list[ExtraHours], shut: list[Closure]) -> str:
    opened: list[tuple[time, time]] = [(row.starts_at_local, row.ends_at_local) for row in extra if row.on == day]
    closure = next((row for row in shut if row.first_on <= day <= row.last_on), None)
    if closure is None and not any(is_valid_on(row, day) for row in hours):
        return "No opening hours: open whenever somebody works"
    if closure is None:
        opened += week_on(hours, day)[day.weekday()]
    if opened:
        return f"Open today {as_text(opened)}"
    return f"Closed today: {closure.name}" if closure and closure.name else "Closed today"


def _by_place(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.location_id].append(row)
    return found
