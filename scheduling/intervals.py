"""Stretches of time as pairs of whole epoch seconds, `[from, until)`: quick to merge, cut and search."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor
from zoneinfo import ZoneInfo

Interval = tuple[int, int]


def interval(from_: datetime, until: datetime) -> Interval:
    """Outwards to whole seconds, so a rounded interval never claims less than the exact one."""
    return floor(from_.timestamp()), ceil(until.timestamp())


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time without overlaps; touching stretches become one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def subtract(intervals: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """What is left of merged intervals outside the holes."""
    cut = merge(holes)
    left: list[Interval] = []
    for start, end in intervals:
        edges = [start, *(edge for hole in cut if hole[0] < end and hole[1] > start for edge in hole), end]
        left += [(a, b) for a, b in list(pairwise(edges))[::2] if b > a]
    return left


def intersect(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """The time that merged intervals have in common with others."""
    others = merge(those)
    return [
        (max(start, from_), min(end, until))
        for start, end in these
        for from_, until in others
        if max(start, from_) < min(end, until)
    ]


def covers(intervals: Iterable[Interval], wanted: Interval) -> bool:
    """Whether one of merged intervals holds all of the wanted one."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in intervals)


@dataclass(frozen=True)
class Taken:
    """Busy time of one person or room, ready to be asked."""

    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> Taken:
        merged = merge(intervals)
        return cls([start for start, _ in merged], [end for _, end in merged])

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing taken overlaps `[start, end)`."""
        before = bisect_left(self.starts, end) - 1
        return before < 0 or self.ends[before] <= start


NOTHING_TAKEN = Taken([], [])


def offset_at(seconds: int, zone: ZoneInfo) -> int:
    """Seconds a zone's wall clock is ahead of UTC at an instant."""
    ahead = datetime.fromtimestamp(seconds, zone).utcoffset()
    return int(ahead.total_seconds()) if ahead else 0


def grid_starts(block: Interval, length: int, zone: ZoneInfo, step: int) -> Iterator[int]:
    """Every instant in the block whose wall clock shows a multiple of `step` since midnight, with room for `length`.

    On a day with a clock change a wall time inside the gap does not occur and one inside the overlap occurs twice.
    """
    start, end = block
    offset = offset_at(start, zone)
    if offset == offset_at(end, zone):
        first = -(-(start + offset) // step) * step - offset
        yield from range(first, end - length + 1, step)
        return
    for minute in range(-(-start // 60) * 60, end - length + 1, 60):
        if (minute + offset_at(minute, zone)) % step == 0:
            yield minute
