"""The dates of a series: a recurrence rule (a part of RFC 5545's), told on the location's wall clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from dateutil import rrule

from clinic.core.clock import at_local, local
from scheduling import errors

FEWEST, MOST = 2, 60
# No visit is booked further ahead than this; a service may set a nearer horizon, which is told date by date.
FURTHEST = timedelta(days=730)
LONGEST_INTERVAL = 99
# How far dates are looked for: beyond the furthest, so that what lies too far ahead is told from what does not exist.
SEARCHED = timedelta(days=5 * 366)

FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TAKEN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY")
# What RFC 5545 knows besides, so that a refusal may name it without repeating whatever was sent.
NOT_TAKEN = (
    "BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
    "RSCALE", "SKIP",
)  # fmt: skip

_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")


@dataclass(frozen=True)
class Rule:
    """A recurrence that ends: every so many days, weeks or months, perhaps on some weekdays only."""

    frequency: str
    interval: int = 1
    count: int | None = None
    # The last local date or the last instant, as written in the rule.
    until: date | datetime | None = None
    # Weekdays, each with its place in the month or none: (1, None) is Tuesday, (1, 2) the second Tuesday.
    days: tuple[tuple[int, int | None], ...] = ()

    def __str__(self) -> str:
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            is_instant = isinstance(self.until, datetime)
            parts.append(f"UNTIL={self.until.strftime('%Y%m%dT%H%M%SZ' if is_instant else '%Y%m%d')}")
        if self.days:
            parts.append("BYDAY=" + ",".join(f"{place or ''}{WEEKDAYS[day]}" for day, place in self.days))
        return ";".join(parts)


def read_rule(text: str) -> Rule:
    """A rule from its text. What is malformed, endless, too long or not understood is refused by name."""
    parts = _parts(text)
    if parts.get("FREQ") not in FREQUENCIES:
        raise errors.RuleMalformed(part="FREQ")
    if "COUNT" in parts and "UNTIL" in parts:
        raise errors.RuleEndsTwice()
    if "COUNT" not in parts and "UNTIL" not in parts:
        raise errors.RuleEndless()
    return Rule(
        frequency=parts["FREQ"],
        interval=_number(parts, "INTERVAL", 1, LONGEST_INTERVAL) or 1,
        count=_count(parts),
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        days=_days(parts),
    )


def dates_of(rule: Rule, *, first_at: datetime, zone_name: str, now: datetime) -> list[datetime]:
    """Every instant of a rule from a first one on; refused when that is no series of 2 to 60 visits within two years.

    The dates are found one after the other: a rule of ten thousand costs no more than one of sixty.
    """
    if first_at <= now:
        raise errors.SeriesInThePast()
    if first_at > now + FURTHEST:
        raise errors.SeriesTooFarAhead()
    if rule.until is not None and _until_wall(rule.until, zone_name) < local(now, zone_name).replace(tzinfo=None):
        raise errors.RuleOver()
    found = occurrences(rule, first_at=first_at, zone_name=zone_name)
    dates = list(islice(found, rule.count or MOST + 1))
    is_cut_short = rule.count is not None and 0 < len(dates) < rule.count
    if is_cut_short or (dates and dates[-1] > now + FURTHEST):
        raise errors.RuleTooFarAhead()
    if len(dates) < FEWEST:
        raise errors.RuleTooShort()
    if len(dates) > MOST:
        raise errors.RuleTooLong()
    return dates


def occurrences(rule: Rule, *, first_at: datetime, zone_name: str) -> Iterator[datetime]:
    """The rule's instants, uncounted, found on the wall clock: the same local time across changes of the clocks.

    With weekdays chosen the first one is the first such weekday. A time inside a spring gap moves forward by the gap;
    a date the zone skipped does not take place, so that no visit lands on a weekday nobody chose.
    """
    start = local(first_at, zone_name).replace(tzinfo=None, fold=0)
    until = start + SEARCHED
    if rule.until is not None:
        until = min(until, _until_wall(rule.until, zone_name))
    for each in _walls(rule, start):
        if each > until:
            return
        # The first instant as it is given: of two equal times of an autumn night it may be the second.
        is_first = each.date() == start.date()
        instant = first_at.astimezone(UTC) if is_first else at_local(each.date(), start.time(), zone_name)
        if local(instant, zone_name).date() == each.date():
            yield instant


def _walls(rule: Rule, start: datetime) -> Iterator[datetime]:
    """The rule's wall times. Of days only every one is asked for and the weekday looked at here: a rule such as every
    seventh day from a Monday, Tuesdays only, would be searched to the end of the calendar in one step."""
    is_daily = rule.frequency == "DAILY"
    weekdays = [rrule.weekdays[day](place) if place else rrule.weekdays[day] for day, place in rule.days]
    found = rrule.rrule(
        FREQUENCIES[rule.frequency],
        dtstart=start,
        interval=rule.interval,
        byweekday=None if is_daily else weekdays or None,
    )
    wanted = {day for day, _ in rule.days} or set(range(7))
    for each in found:
        if not is_daily or each.weekday() in wanted or each > start + SEARCHED:
            yield each


def moved(instant: datetime, *, zone_name: str, days: int = 0, at: time | None = None) -> datetime:
    """An instant some days on and at another time, both on the wall clock."""
    wall = local(instant, zone_name)
    if days == 0 and (at is None or at == wall.time().replace(fold=0)):
        return instant
    return at_local(wall.date() + timedelta(days=days), at or wall.time().replace(fold=0), zone_name)


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").split(";"):
        match = _PART.fullmatch(piece)
        if match is None:
            raise errors.RuleMalformed(part=_known(piece.partition("=")[0]))
        name, value = match.groups()
        if name not in TAKEN:
            raise errors.RulePartNotTaken(part=_known(name))
        if name in parts:
            raise errors.RuleMalformed(part=name)
        parts[name] = value
    return parts


def _known(name: str) -> str:
    return name if name in TAKEN + NOT_TAKEN else "a part"


def _number(parts: dict[str, str], name: str, least: int, most: int) -> int | None:
    text = parts.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise errors.RuleMalformed(part=name)
    return int(text)


def _count(parts: dict[str, str]) -> int | None:
    count = _number(parts, "COUNT", 0, 999_999_999)
    if count is not None and count < FEWEST:
        raise errors.RuleTooShort()
    if count is not None and count > MOST:
        raise errors.RuleTooLong()
    return count


def _until(text: str) -> date | datetime:
    try:
        if re.fullmatch(r"[0-9]{8}", text):
            return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise errors.RuleMalformed(part="UNTIL") from None


def _until_wall(until: date | datetime, zone_name: str) -> datetime:
    """The last moment, on the wall clock; of a date its last one."""
    try:
        if isinstance(until, datetime):
            return local(until, zone_name).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise errors.RuleMalformed(part="UNTIL") from None
    return datetime.combine(until, time.max)


def _days(parts: dict[str, str]) -> tuple[tuple[int, int | None], ...]:
    days = []
    for text in parts["BYDAY"].split(",") if "BYDAY" in parts else []:
        match = _DAY.fullmatch(text)
        # The second Tuesday is a date of a month; of days and weeks there is no second Tuesday.
        if match is None or (match[1] and parts["FREQ"] != "MONTHLY"):
            raise errors.RuleMalformed(part="BYDAY")
        days.append((WEEKDAYS.index(match[2]), int(match[1]) if match[1] else None))
    return tuple(dict.fromkeys(days))
