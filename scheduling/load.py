"""How much hands-on time a therapist has in a day, and whether one more visit is too much.

Hands-on time is the visit itself, without its buffers. A day is that of the visit's location; visits elsewhere count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clinic.core.clock import day_bounds
from clinic.core.errors import ClinicError
from clinic.models import Location
from scheduling.errors import TooManyMinutesADay, TooManyMinutesWithoutBreak
from scheduling.hours import local_day
from scheduling.intervals import Interval, interval
from scheduling.models import TherapistLimits
from staff.models import User


def limits_of(therapist: User) -> TherapistLimits | None:
    """The therapist's limits, if any are set. Read with `select_related("limits")` it asks nothing."""
    return getattr(therapist, "limits", None)


def day_of(starts_at: datetime, location: Location) -> tuple[datetime, datetime]:
    """The local day a visit begins on, for which its load is counted."""
    return day_bounds(local_day(starts_at, location), location.timezone)


@dataclass(frozen=True)
class Load:
    """A therapist's limits and visits (`[start, end)` in seconds, in any order)."""

    limits: TherapistLimits
    visits: list[Interval]

    @classmethod
    def of(cls, limits: TherapistLimits, visits: Iterable[tuple[datetime, datetime]]) -> Load:
        return cls(limits, [interval(*visit) for visit in visits])

    def refusal(self, wanted: Interval, day: Interval) -> ClinicError | None:
        """Why one more visit on that day would be too much, if it would."""
        most = self.limits.most_minutes_a_day
        that_day = [visit for visit in self.visits if day[0] <= visit[0] < day[1]]
        if most is not None and _seconds([*that_day, wanted]) > most * 60:
            return TooManyMinutesADay(minutes=most)
        most = self.limits.most_minutes_without_break
        if most is not None and _seconds(self._run_with(wanted)) > most * 60:
            return TooManyMinutesWithoutBreak(minutes=most)
        return None

    def check(self, wanted: Interval, day: Interval) -> None:
        """Raise what `refusal` says."""
        refusal = self.refusal(wanted, day)
        if refusal is not None:
            raise refusal

    def _run_with(self, wanted: Interval) -> list[Interval]:
        """The visits around the wanted one with no break between them, and the wanted one."""
        pause = self.limits.break_minutes * 60
        run, from_, until = [wanted], *wanted
        for start, end in sorted(self.visits, reverse=True):
            if start <= wanted[0] and from_ - end < pause:
                run.append((start, end))
                from_ = min(from_, start)
        for start, end in sorted(self.visits):
            if start > wanted[0] and start - until < pause:
                run.append((start, end))
                until = max(until, end)
        return run


def _seconds(visits: Iterable[Interval]) -> int:
    return sum(end - start for start, end in visits)
