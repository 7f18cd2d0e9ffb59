"""How what became of a finding is put into words and drawn. {% load session_progress %}"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import template

from clinic.templatetags.clinic_ui import local_date
from sessions import catalogue
from sessions.ledger import LedgerLine
from sessions.models import MotionDevice, PointStatus, Position, RangeOfMotion, TriggerPointObservation
from sessions.pressure import DETECTABLE_KPA, from_kpa
from sessions.progress import INSIDE_ERROR, NOT_COMPARABLE, MotionChange, MotionReading, Sign

register = template.Library()

_CHANGES = {
    "new": ("New", "info"),
    "better": ("Better", "success"),
    "same": ("Same", ""),
    "worse": ("Worse", "danger"),
    "resolved": ("Resolved", "success"),
}
_SIGNS = {"tenderness": "tenderness", "palpation_pain": "pain when pressed", "threshold": "pressure threshold"}
_UNITS = {"deg": "°", "mm": " mm", "cm": " cm"}
_OTHER = {"left": "right", "right": "left"}
_ABSENT = {PointStatus.RESOLVED.value, PointStatus.NOT_FOUND.value}
# The sparkline's box; a mark is 4 high on either side of its place.
_WIDTH, _HEIGHT, _MARGIN = 120.0, 32.0, 6.0
_WORST = 4


@dataclass(frozen=True)
class Mark:
    """One finding in a sparkline. Strings, so that no locale turns points into commas."""

    status: str
    translate: str
    has_level: bool


@dataclass(frozen=True)
class Course:
    """A point's life as a small picture, and the same in words."""

    width: int
    height: int
    lines: list[str]
    marks: list[Mark]
    words: str


@register.filter
def change_words(kind: str) -> str:
    """New, better, same, worse or resolved."""
    return _CHANGES[kind][0]


@register.filter
def change_tone(kind: str) -> str:
    """The badge's tone for a change; the word says the same."""
    return _CHANGES[kind][1]


@register.filter
def sign_words(sign: Sign) -> str:
    """A number twice, and whether the difference can be believed."""
    if sign.name != "threshold":
        if sign.before == sign.now:
            return f"{_SIGNS[sign.name]} still {sign.now}"
        return f"{_SIGNS[sign.name]} {sign.before} to {sign.now}"
    if sign.before == sign.now and sign.verdict != NOT_COMPARABLE:
        return f"pressure threshold unchanged at {sign.now} kPa"
    words = f"pressure threshold {sign.before} to {sign.now} kPa"
    if sign.verdict == NOT_COMPARABLE:
        return f"{words}, not comparable: another gauge, probe or examiner"
    side = "inside" if sign.verdict == INSIDE_ERROR else "beyond"
    return f"{words}, {side} measurement error ({DETECTABLE_KPA} kPa)"


@register.filter
def threshold_words(row: TriggerPointObservation) -> str:
    """The mean threshold before treatment, with its trials as the gauge showed them."""
    return _threshold_words(row, row.threshold, row.threshold_trials)


@register.filter
def threshold_after_words(row: TriggerPointObservation) -> str:
    """The mean threshold after treatment, with its trials as the gauge showed them."""
    return _threshold_words(row, row.threshold_after, row.threshold_trials_after)


@register.filter
def treated_words(row: TriggerPointObservation) -> str:
    """What was done to a point and for how long."""
    if not row.technique:
        return ""
    name = catalogue.techniques()[row.technique].name
    return f"{name}, {row.seconds_held} s" if row.seconds_held else name


@register.filter
def rater_words(row: TriggerPointObservation | RangeOfMotion) -> str:
    """Who examined, if it was not the author of the note."""
    is_author = row.rater is None or row.rater_id == row.session.therapist_id
    return "" if is_author or row.rater is None else row.rater.full_name


@register.filter
def other_side_words(reading: MotionReading) -> str:
    """How much of the other side it is; said once, on the side that reaches less."""
    percent = reading.percent_of_other_side
    if percent is None or percent > 100 or (percent == 100 and reading.row.side == "right"):
        return ""
    other = _OTHER[reading.row.side]
    return f"as far as the {other} side" if percent == 100 else f"{percent} % of the {other} side"


@register.filter
def norm_words(reading: MotionReading) -> str:
    """How far from what is usual, in the motion's unit."""
    away = reading.from_norm
    if away is None:
        return ""
    if away == 0:
        return "as usual"
    return f"{abs(away)}{_UNITS[reading.row.unit]} {'below' if away < 0 else 'above'} usual"


@register.filter
def motion_change_words(change: MotionChange) -> str:
    """What changed since the last time, and whether that is more than measurement error."""
    on = local_date(change.before.session.performed_at, change.before.session.location)
    if not change.end and not change.start:
        return f"unchanged since {on}"
    parts = [_further(change.end, change.unit)] if change.end else []
    if change.start:
        parts.append(f"starts {_amount(change.start, change.unit)} {'earlier' if change.start > 0 else 'later'}")
    return f"{', '.join(parts)} than {on}; {_error_words(change)}"


@register.filter
def how_words(row: RangeOfMotion) -> str:
    """How a motion was measured, and what stopped it."""
    words = [
        f"pain {row.pain}/10" if row.pain is not None else "",
        f"pain {row.get_pain_onset_display().lower()}" if row.pain_onset else "",
        f"end feel: {row.get_end_feel_display().lower()}" if row.end_feel else "",
        Position(row.position).label.lower() if row.position else "",
        MotionDevice(row.device).label.lower() if row.device else "",
        row.note,
        f"measured by {rater_words(row)}" if rater_words(row) else "",
    ]
    return ", ".join(word for word in words if word)


@register.simple_tag
def course_of(line: LedgerLine) -> Course:
    """A ledger line as a sparkline: tenderness 0-4 over the sessions, each mark shaped by its finding."""
    places = [(_across(number, len(line.course)), _level(row)) for number, row in enumerate(line.course)]
    marks = [
        Mark(row.status, f"translate({x} {_down(level)})", level is not None)
        for row, (x, level) in zip(line.course, places, strict=True)
    ]
    return Course(int(_WIDTH), int(_HEIGHT), _lines(places), marks, "; ".join(map(_found, line.course)))


def _threshold_words(row: TriggerPointObservation, mean: Decimal | None, trials: list[Decimal]) -> str:
    if mean is None:
        return ""
    area = row.probe_area_cm2 or Decimal(1)
    shown = ", ".join(str(from_kpa(trial, row.threshold_unit, area)) for trial in trials)
    unit = row.get_threshold_unit_display()
    return f"pressure threshold {mean} kPa ({shown} {unit}; {row.threshold_device}, probe {area} cm²)"


def _further(by: int, unit: str) -> str:
    if unit == "level":
        return f"{abs(by)} {'vertebra' if abs(by) == 1 else 'vertebrae'} {'higher' if by > 0 else 'lower'}"
    return f"{_amount(by, unit)} {'further' if by > 0 else 'less far'}"


def _amount(by: int, unit: str) -> str:
    return f"{abs(by)}{_UNITS[unit]}"


def _error_words(change: MotionChange) -> str:
    if change.error is None:
        return "measurement error not known"
    return f"{'beyond' if change.is_beyond_error else 'inside'} measurement error ({change.error:g}°)"


def _level(row: TriggerPointObservation) -> int | None:
    if row.tenderness is None and row.status in _ABSENT:
        return 0
    return row.tenderness


def _across(number: int, count: int) -> str:
    step = (_WIDTH - 2 * _MARGIN) / (count - 1) if count > 1 else 0.0
    return f"{_MARGIN + number * step:.1f}"


def _down(level: int | None) -> str:
    """Untouchable is up, nothing is down; what was not graded stands in the middle."""
    share = 0.5 if level is None else level / _WORST
    return f"{_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN):.1f}"


def _lines(places: list[tuple[str, int | None]]) -> list[str]:
    """The line, interrupted where tenderness was not graded."""
    runs: list[list[str]] = [[]]
    for x, level in places:
        if level is None:
            runs.append([])
        else:
            runs[-1].append(f"{x},{_down(level)}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _found(row: TriggerPointObservation) -> str:
    graded = "" if row.tenderness is None else f", tenderness {row.tenderness} of {_WORST}"
    on: Any = local_date(row.session.performed_at, row.session.location)
    return f"{on} {PointStatus(row.status).label.lower()}{graded}"
