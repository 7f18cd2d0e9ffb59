"""What became of a point or a motion since the last time, and how much of a difference can be believed.

Pure: it is given the rows. Like is compared with like: what was found before the treatment, both times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sessions import catalogue
from sessions.models import PointStatus, RangeOfMotion, TriggerPointObservation, Unit
from sessions.pressure import is_within_error

NEW, BETTER, SAME, WORSE, RESOLVED = "new", "better", "same", "worse", "resolved"
INSIDE_ERROR, NOT_COMPARABLE = "inside_error", "not_comparable"

_PRESENT = {PointStatus.ACTIVE.value, PointStatus.LATENT.value}
_IN_MILLIMETRES = {Unit.MILLIMETRES.value: 1, Unit.CENTIMETRES.value: 10}


@dataclass(frozen=True)
class Sign:
    """One of the three numbers of a point, twice: tenderness, palpation_pain or threshold (kilopascals)."""

    name: str
    before: Decimal | int
    now: Decimal | int
    verdict: str


@dataclass(frozen=True)
class PointChange:
    """What became of a point: new, better, same, worse, resolved, or "" where nothing can be said."""

    kind: str
    signs: tuple[Sign, ...]


@dataclass(frozen=True)
class MotionChange:
    """How much further a motion reaches than the last time, and how much of that may be measurement error.

    `start` is how much earlier it begins, where its beginning is not plain zero. Error None: nobody has measured it.
    """

    before: RangeOfMotion
    end: int
    start: int
    unit: str
    error: float | None

    @property
    def is_beyond_error(self) -> bool | None:
        """Whether it is more than error. None: that cannot be said."""
        return None if self.error is None else max(abs(self.end), abs(self.start)) > self.error


@dataclass(frozen=True)
class MotionReading:
    """A measurement read against the other side, the norm and the last time, in this order of worth."""

    row: RangeOfMotion
    percent_of_other_side: int | None
    # Negative: so far below the norm; positive: above; 0: inside. None: there is no norm in this unit.
    from_norm: int | None
    change: MotionChange | None


def change_of_point(before: TriggerPointObservation | None, now: TriggerPointObservation) -> PointChange:
    """What became of a point since it was examined before. The finding decides; where it is the same, the signs."""
    signs = _signs(before, now) if before else ()
    kind = _change_of_status(before.status if before else "", now.status)
    return PointChange(_change_of_signs(signs) if kind == SAME and now.status in _PRESENT else kind, signs)


def effect_on_point(row: TriggerPointObservation) -> tuple[Sign, ...]:
    """What the treatment did to the point's signs in one session; gauge and rater are the same there."""
    found = [
        _lower_is_better("tenderness", row.tenderness, row.tenderness_after),
        _lower_is_better("palpation_pain", row.palpation_pain, row.palpation_pain_after),
        _threshold(row.threshold, row.threshold_after, is_comparable=True),
    ]
    return tuple(sign for sign in found if sign)


def reading_of(row: RangeOfMotion, *, other_side: RangeOfMotion | None, before: RangeOfMotion | None) -> MotionReading:
    """Read a measurement against what else is known."""
    motion = catalogue.motions()[f"{row.joint}.{row.motion}"]
    return MotionReading(
        row=row,
        percent_of_other_side=_percent_of(other_side, row),
        from_norm=_from_norm(motion, row),
        change=_change_of_motion(motion, before, row) if before else None,
    )


def readings_of(rows: Iterable[RangeOfMotion], earlier: Iterable[RangeOfMotion]) -> dict[int, MotionReading]:
    """All measurements of a session, by their row, each read against its other side and its last time."""
    last = {_key(row): row for row in earlier}
    now = {_key(row): row for row in rows}
    return {
        row.pk: reading_of(row, other_side=now.get(_key(row, side=_OTHER.get(row.side, ""))), before=last.get(key))
        for key, row in now.items()
    }


_OTHER = {"left": "right", "right": "left"}


def _key(row: RangeOfMotion, *, side: str | None = None) -> tuple[str, str, str, str]:
    return row.joint, row.motion, row.mode, row.side if side is None else side


def _change_of_status(before: str, now: str) -> str:
    """By the finding alone. A point that has come back is worse, one that is not found today is better."""
    was_there, is_there = before in _PRESENT, now in _PRESENT
    if not before:
        return NEW if is_there else ""
    if now == PointStatus.RESOLVED and before != now:
        return RESOLVED
    if before == now or not (was_there or is_there):
        return SAME
    return WORSE if not was_there or now == PointStatus.ACTIVE else BETTER


def _change_of_signs(signs: Iterable[Sign]) -> str:
    """Better or worse only where no sign says the opposite."""
    verdicts = {sign.verdict for sign in signs} & {BETTER, WORSE}
    return verdicts.pop() if len(verdicts) == 1 else SAME


def _signs(before: TriggerPointObservation, now: TriggerPointObservation) -> tuple[Sign, ...]:
    found = [
        _lower_is_better("tenderness", before.tenderness, now.tenderness),
        _lower_is_better("palpation_pain", before.palpation_pain, now.palpation_pain),
        _threshold(before.threshold, now.threshold, is_comparable=_gauge(before) == _gauge(now)),
    ]
    return tuple(sign for sign in found if sign)


def _lower_is_better(name: str, before: int | None, now: int | None) -> Sign | None:
    if before is None or now is None:
        return None
    return Sign(name, before, now, SAME if now == before else BETTER if now < before else WORSE)


def _threshold(before: Decimal | None, now: Decimal | None, *, is_comparable: bool) -> Sign | None:
    """A higher threshold is better: it takes more pressure before it hurts."""
    if before is None or now is None:
        return None
    if not is_comparable:
        return Sign("threshold", before, now, NOT_COMPARABLE)
    if is_within_error(before, now):
        return Sign("threshold", before, now, INSIDE_ERROR)
    return Sign("threshold", before, now, BETTER if now > before else WORSE)


def _gauge(row: TriggerPointObservation) -> tuple[str, Decimal | None, int]:
    """Thresholds of another gauge, probe or hand are not comparable."""
    return row.threshold_device.casefold(), row.probe_area_cm2, row.rater_id or row.session.therapist_id


def _percent_of(other: RangeOfMotion | None, row: RangeOfMotion) -> int | None:
    if other is None or row.unit == Unit.LEVEL or other.unit != row.unit or other.end <= 0:
        return None
    return max(0, round(100 * row.end / other.end))


def _from_norm(motion: catalogue.Motion, row: RangeOfMotion) -> int | None:
    if motion.norm_low is None or motion.norm_high is None or row.unit != motion.unit:
        return None
    return min(0, row.end - motion.norm_low) or max(0, row.end - motion.norm_high)


def _change_of_motion(motion: catalogue.Motion, before: RangeOfMotion, now: RangeOfMotion) -> MotionChange:
    then_in, now_in, unit = _shared_unit(before.unit, now.unit)
    is_alike = _measured_by(before) == _measured_by(now)
    return MotionChange(
        before=before,
        end=now.end * now_in - before.end * then_in,
        start=_begin(before) * then_in - _begin(now) * now_in,
        unit=unit,
        error=catalogue.measurement_error(motion, now.device, is_same_rater_and_device=is_alike),
    )


def _shared_unit(before: str, now: str) -> tuple[int, int, str]:
    """By what each of two measurements is multiplied to stand in one unit."""
    if before == now:
        return 1, 1, now
    return _IN_MILLIMETRES[before], _IN_MILLIMETRES[now], Unit.MILLIMETRES.value


def _begin(row: RangeOfMotion) -> int:
    """Where a motion begins, if that says more than where it ends: an extension that lacks 10 is -10 to -10."""
    return 0 if row.start == row.end else row.start


def _measured_by(row: RangeOfMotion) -> tuple[str, int]:
    return row.device, row.rater_id or row.session.therapist_id
