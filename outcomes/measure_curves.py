"""Curves of measures over an episode: one line per instrument and region, with the limits its change is judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from outcomes.instruments import INSTRUMENTS
from outcomes.instruments.definition import Instrument
from outcomes.instruments.scoring import Change, change, limits_of
from outcomes.models import Measurement, MeasurementScore

WIDTH, HEIGHT, EDGE = 320, 120, 12


@dataclass(frozen=True)
class Mark:
    """One score, and where it stands in the drawing."""

    row: Measurement
    score: MeasurementScore
    x: int
    y: int
    band: str


@dataclass(frozen=True)
class MeasureCurve:
    """The scores of one instrument and region, in order of time. `change` None: one score, or other activities."""

    instrument: Instrument
    region: str
    side: str
    marks: list[Mark]
    unscored: int
    change: Change | None
    goal_y: int | None
    error_y: int | None
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks)


def measure_curves(rows: Iterable[Measurement]) -> list[MeasureCurve]:
    """A curve for each instrument and region of one episode's measurements, read in order and with scores."""
    grouped: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
    for row in rows:
        grouped[row.instrument_key, row.region, row.side].append(row)
    return [_curve(INSTRUMENTS[key[0]], taken) for key, taken in sorted(grouped.items()) if key[0] in INSTRUMENTS]


def _curve(instrument: Instrument, taken: list[Measurement]) -> MeasureCurve:
    scored = [(row, row.current) for row in taken]
    values = [(row, score, score.value) for row, score in scored if score.value is not None]
    marks = [
        Mark(row, score, _x(place, len(values)), _y(instrument, value), instrument.band_of(value))
        for place, (row, score, value) in enumerate(values)
    ]
    goal_y, error_y = _limits(instrument, values[0][2]) if values else (None, None)
    return MeasureCurve(
        instrument=instrument,
        region=taken[0].region,
        side=taken[0].side,
        marks=marks,
        unscored=len(taken) - len(marks),
        change=change(instrument, values[0][2], values[-1][2]) if _are_comparable(values) else None,
        goal_y=goal_y,
        error_y=error_y,
    )


def _are_comparable(values: list[tuple[Measurement, MeasurementScore, Decimal]]) -> bool:
    """Two scores; where patients name the activities, of the same ones."""
    if len(values) < 2:
        return False
    first, last = ({" ".join(name.casefold().split()) for name in values[at][0].activities.values()} for at in (0, -1))
    return first == last


def _limits(instrument: Instrument, first: Decimal) -> tuple[int | None, int | None]:
    """Where a change from the first score begins to matter, and where it leaves the measurement error."""
    points = [instrument.mcid_abs, instrument.mcid_pct and first * instrument.mcid_pct / 100]
    goal = max((limit for limit in points if limit is not None), default=None)
    return _better_by(instrument, first, goal), _better_by(instrument, first, instrument.mdc)


def _better_by(instrument: Instrument, first: Decimal, points: Decimal | None) -> int | None:
    """None: no limit is known, or the first score is too good to improve by so much."""
    if points is None:
        return None
    aim = first - points if instrument.is_worse_when_higher else first + points
    lowest, highest = limits_of(instrument)
    return _y(instrument, aim) if lowest <= aim <= highest else None


def _x(place: int, count: int) -> int:
    return EDGE + round((WIDTH - 2 * EDGE) * place / max(count - 1, 1))


def _y(instrument: Instrument, value: Decimal) -> int:
    lowest, highest = limits_of(instrument)
    return EDGE + round((HEIGHT - 2 * EDGE) * (highest - value) / (highest - lowest))
