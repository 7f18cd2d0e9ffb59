"""Motions as they are measured in a session. Only while the note is a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from sessions import catalogue
from sessions.access import lock_draft, note_act
from sessions.checks import check_rater, is_between, is_text
from sessions.models import (
    EndFeel,
    MotionDevice,
    MotionMode,
    PainOnset,
    Position,
    RangeOfMotion,
    TreatmentSession,
)
from staff.models import User

_NOTE_LENGTH = 120
_LISTS: dict[str, Sequence[str]] = {
    "pain_onset": PainOnset.values,
    "end_feel": EndFeel.values,
    "position": Position.values,
    "device": MotionDevice.values,
}
_HIGHEST = {"deg": 200, "mm": 200, "cm": 100, "level": len(catalogue.LEVELS) - 1}


class Measuring(TypedDict, total=False):
    """How a motion was measured and what it was like. What is left out was not noted."""

    is_painful: bool
    pain: int | None
    pain_onset: str
    end_feel: str
    position: str
    device: str
    rater: User | None
    note: str


_UNSAID: Measuring = {
    "is_painful": False,
    "pain": None,
    "pain_onset": "",
    "end_feel": "",
    "position": "",
    "device": "",
    "rater": None,
    "note": "",
}


@transaction.atomic
def record_motion(
    *,
    session: TreatmentSession,
    joint: str,
    motion: str,
    end: int,
    by: User,
    side: str = "",
    start: int | None = None,
    mode: str = MotionMode.ACTIVE,
    unit: str = "",
    **measuring: Unpack[Measuring],
) -> RangeOfMotion:
    """Record a measured motion in its own unit; once per side and mode, and again corrects it.

    Signed from neutral zero: start is negative beyond zero the other way, and above it when zero is not reached. A
    level is its place in catalogue.LEVELS. Pain above 0 makes the motion painful.
    """
    locked = lock_draft(session, by=by)
    known = catalogue.motions().get(f"{joint}.{motion}")
    if known is None:
        raise Invalid(fields={"motion": "Choose a motion of the list."})
    which = _side_of_motion(known, side, mode)
    measured_in = unit or known.unit
    begin = min(0, end) if start is None else start
    _check_limits(known, measured_in, begin, end)
    row, is_new = RangeOfMotion.objects.update_or_create(
        session=locked,
        joint=joint,
        motion=motion,
        side=which,
        mode=mode,
        defaults={"start": begin, "end": end, "unit": measured_in, **_columns({**_UNSAID, **measuring}, by=by)},
    )
    action = "motion.recorded" if is_new else "motion.corrected"
    note_act(action=action, subject=row, session=locked, by=by)
    return row


@transaction.atomic
def remove_motion(*, motion: RangeOfMotion, by: User) -> None:
    """Take back a measurement."""
    locked = lock_draft(motion.session, by=by)
    if not RangeOfMotion.objects.filter(pk=motion.pk).delete()[0]:
        raise NotFound()
    note_act(action="motion.removed", subject=motion, session=locked, by=by)


def _columns(said: Measuring, *, by: User) -> dict[str, Any]:
    """What is written, once it is checked."""
    wrong = _wrong_in(said) | check_rater(said["rater"], by=by)
    if wrong:
        raise Invalid(fields=wrong)
    is_painful = said["is_painful"] or bool(said["pain"])
    return {**said, "is_painful": is_painful, "rater": said["rater"] or by, "note": said["note"].strip()}


def _wrong_in(said: Measuring) -> dict[str, str]:
    wrong = {}
    if said["pain"] is not None and not is_between(said["pain"], 0, 10):
        wrong["pain"] = "0 to 10."
    for name, known in _LISTS.items():
        if said[name] not in {"", *known}:  # type: ignore[literal-required]  # the names are keys of Measuring
            wrong[name] = "Choose from the list."
    if not is_text(said["note"], _NOTE_LENGTH):
        wrong["note"] = f"At most {_NOTE_LENGTH} characters."
    return wrong


def _side_of_motion(known: catalogue.Motion, side: str, mode: str) -> str:
    wrong = {}
    which = side if side or known.is_sided else known.sides[0]
    if which not in known.sides:
        wrong["side"] = "This motion has: " + ", ".join(known.sides) + "."
    if mode not in MotionMode.values:
        wrong["mode"] = "Choose active, passive or active-assisted."
    if wrong:
        raise Invalid(fields=wrong)
    return which


def _check_limits(known: catalogue.Motion, unit: str, start: int, end: int) -> None:
    if unit not in known.units:
        raise Invalid(fields={"unit": "This motion is measured in: " + ", ".join(known.units) + "."})
    wrong = {}
    lowest, highest = (-180 if unit == "deg" else 0), _HIGHEST[unit]
    for name, value, limit in (("start", start, min(180, highest)), ("end", end, highest)):
        if not is_between(value, lowest, limit):
            wrong[name] = f"A whole number from {lowest} to {limit}."
    if not wrong and end < start:
        wrong["end"] = "The motion ends at or after its start."
    if wrong:
        raise Invalid(fields=wrong)
