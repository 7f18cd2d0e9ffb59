"""A motion's course as a small picture: its line, what is usual, and what may be measurement error.

{% load motion_picture %}
"""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from clinic.templatetags.clinic_ui import local_date
from sessions.motion_courses import MotionCourse, reach_of
from sessions.templatetags.session_words import reach_words

register = template.Library()

_WIDTH, _HEIGHT, _MARGIN = 160.0, 56.0, 6.0


@dataclass(frozen=True)
class Band:
    """A range of reach as a stripe across the picture. Strings, so that no locale turns points into commas."""

    y: str
    height: str


@dataclass(frozen=True)
class Picture:
    """The course drawn, and the same in words."""

    width: int
    height: int
    line: str
    dots: list[tuple[str, str]]
    norm: Band | None
    error: Band | None
    words: str


@register.simple_tag
def motion_picture(course: MotionCourse) -> Picture:
    """The line of a motion; inside the error band a measurement does not differ from the first one shown."""
    reached = [reach_of(row) for row in course.course]
    norm, error = _norm(course), _error(course)
    ends = [*reached, *(norm or ()), *(error or ())]
    scale = _Scale(min(ends), max(ends))
    dots = [(_across(number, len(reached)), scale.down(reach)) for number, reach in enumerate(reached)]
    return Picture(
        width=int(_WIDTH),
        height=int(_HEIGHT),
        line=" ".join(f"{x},{y}" for x, y in dots) if len(dots) > 1 else "",
        dots=dots,
        norm=scale.band(norm),
        error=scale.band(error),
        words="; ".join(
            f"{local_date(row.session.performed_at, row.session.location)} {reach_words(row)}" for row in course.course
        ),
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    def down(self, reach: float) -> str:
        """Further is up."""
        share = (reach - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return f"{_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN):.1f}"

    def band(self, ends: tuple[float, float] | None) -> Band | None:
        if ends is None:
            return None
        top, bottom = float(self.down(ends[1])), float(self.down(ends[0]))
        return Band(f"{top:.1f}", f"{max(bottom - top, 1.0):.1f}")


def _norm(course: MotionCourse) -> tuple[float, float] | None:
    low, high = course.motion.norm_low, course.motion.norm_high
    return None if low is None or high is None else (low, high)


def _error(course: MotionCourse) -> tuple[float, float] | None:
    """Around the first measurement, as far as it is known how well the motion can be measured."""
    change = course.since_first
    if change is None or change.error is None:
        return None
    first = reach_of(course.first)
    return first - change.error, first + change.error


def _across(number: int, count: int) -> str:
    step = (_WIDTH - 2 * _MARGIN) / (count - 1) if count > 1 else 0.0
    return f"{_MARGIN + number * step:.1f}"
