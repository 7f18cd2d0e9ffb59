"""Small cells: a number about very few people tells on them, so it is not printed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from reports import statistics

# clinical.md 7.4: configurable, at least 5.
_LEAST_MINIMUM = 5


def minimum_cell() -> int:
    """The smallest group of people a number is printed for."""
    return max(_LEAST_MINIMUM, int(getattr(settings, "REPORT_MINIMUM_CELL", _LEAST_MINIMUM)))


@dataclass(frozen=True)
class Count:
    """How many people or episodes; `value` is None when that would be too few to print."""

    value: int | None
    text: str


@dataclass(frozen=True)
class Share:
    """A part of a group with its interval, in percent. Everything is None when either side is too few to print,
    or when the group is empty."""

    count: Count
    total: Count
    percent: float | None
    low: float | None
    high: float | None


def is_small(count: int) -> bool:
    """Somebody, but too few."""
    return 0 < count < minimum_cell()


def reveal(count: int) -> Count:
    """The count, or "fewer than 5"."""
    if is_small(count):
        return Count(None, f"fewer than {minimum_cell()}")
    return Count(count, f"{count:,}")


def reveal_share(count: int, total: int) -> Share:
    """The share with Wilson's interval, unless the part, the rest or the whole is too few people."""
    if is_small(total - count) and not is_small(count):
        return Share(Count(None, f"all but fewer than {minimum_cell()}"), reveal(total), None, None, None)
    interval = statistics.wilson(count, total)
    if interval is None or is_small(count) or is_small(total):
        return Share(reveal(count), reveal(total), None, None, None)
    return Share(reveal(count), reveal(total), 100 * count / total, 100 * interval.low, 100 * interval.high)
