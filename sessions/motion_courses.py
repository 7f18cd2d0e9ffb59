"""How far each of a patient's motions reached over the sessions, and how much of the change can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from patients.models import Patient
from sessions import catalogue
from sessions.models import BodySide, RangeOfMotion, Unit
from sessions.progress import MotionChange, reading_of
from staff.models import User

# How much of a motion's life one line shows.
COURSE_LENGTH = 12
_SIDES = list(BodySide.values)


@dataclass(frozen=True)
class MotionCourse:
    """A motion of one side, as it was measured the last times, oldest first."""

    motion: catalogue.Motion
    side: str
    mode: str
    course: list[RangeOfMotion]

    @property
    def first(self) -> RangeOfMotion:
        return self.course[0]

    @property
    def latest(self) -> RangeOfMotion:
        return self.course[-1]

    @property
    def since_first(self) -> MotionChange | None:
        """Over all that is shown."""
        return self._change(0)

    @property
    def since_last(self) -> MotionChange | None:
        """Since the time before the last."""
        return self._change(-2)

    def _change(self, place: int) -> MotionChange | None:
        if len(self.course) < 2:
            return None
        return reading_of(self.latest, other_side=None, before=self.course[place]).change


def motion_courses_of(*, patient: Patient, user: User) -> list[MotionCourse]:
    """Every motion that was ever measured, head to foot, left before right. One query."""
    seen = RangeOfMotion.objects.visible_to(user).filter(session__patient=patient)
    by_motion = groupby(
        seen.last_of_each_motion(COURSE_LENGTH), key=lambda row: (f"{row.joint}.{row.motion}", row.side, row.mode)
    )
    courses = [MotionCourse(catalogue.motions()[key], side, mode, list(rows)) for (key, side, mode), rows in by_motion]
    order = {key: number for number, key in enumerate(catalogue.motions())}
    return sorted(courses, key=lambda one: (order[one.motion.key], one.mode, _SIDES.index(one.side)))


def reach_of(row: RangeOfMotion) -> int:
    """Where a motion ends, with lengths in millimetres, so that all of a course stand on one scale."""
    return row.end * 10 if row.unit == Unit.CENTIMETRES else row.end
