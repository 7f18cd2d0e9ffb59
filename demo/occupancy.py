"""Which hours of therapists and rooms the demo has given away, so that its own bookings never clash."""

from __future__ import annotations

from datetime import date, datetime, time

from clinic.core.clock import at_local
from clinic.models import Room
from demo.setting import SHIFTS, Post, Setting


class Occupancy:
    """Whole local hours: every demo service with its buffer fits into one, the extended one into two."""

    def __init__(self, setting: Setting) -> None:
        self._rooms = setting.rooms
        self._taken: set[tuple[str, int, date, int]] = set()

    def take(self, post: Post, day: date, hour: int, *, hours: int = 1) -> Room | None:
        """A room for these hours, now given away together with the therapist; None if either is busy."""
        wanted = range(hour, hour + hours)
        if not post.works_on(day) or not _within_shift(post, wanted):
            return None
        if any(("therapist", post.therapist.pk, day, each) in self._taken for each in wanted):
            return None
        for room in self._rooms:
            if not any(("room", room.pk, day, each) in self._taken for each in wanted):
                for each in wanted:
                    self._taken.add(("therapist", post.therapist.pk, day, each))
                    self._taken.add(("room", room.pk, day, each))
                return room
        return None


def _within_shift(post: Post, hours: range) -> bool:
    starts, ends = SHIFTS[post.shift]
    return starts.hour <= hours.start and hours.stop <= ends.hour


def hours_of(post: Post) -> range:
    """The hours of a therapist's shift."""
    starts, ends = SHIFTS[post.shift]
    return range(starts.hour, ends.hour)


def instant(post: Post, day: date, hour: int) -> datetime:
    """A local hour at the therapist's location."""
    return at_local(day, time(hour), post.location.timezone)
