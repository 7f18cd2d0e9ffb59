"""What can be found and done, as data: muscles, regions, motions, techniques, and where they lie on the body map."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from screening.regions import KINDS

_HERE = Path(__file__).resolve().parent
# The figures are 35 units wide and 93 high; places are 0-1000 in each axis.
_WIDTH, _HEIGHT = 35.0, 93.0
# How far from the middle of the body a tap still means the middle.
_MIDDLE = 12


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the body, for techniques and muscles, and the areas of the body map that show it."""

    code: str
    name: str
    drawings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere on the front or back figure."""

    view: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Muscle:
    """A muscle that may hold trigger points. Where its pain is felt is a hint, never a rule."""

    key: str
    name: str
    regions: tuple[str, ...]
    is_paired: bool
    may_be_midline: bool
    places: tuple[Place, ...]
    referral: str
    mistaken_for: tuple[str, ...]
    safety: tuple[str, ...]
    source: str

    @property
    def region(self) -> str:
        return self.regions[0]

    @property
    def views(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.view for place in self.places))

    @property
    def sides(self) -> tuple[str, ...]:
        paired = ("left", "right") if self.is_paired else ()
        return (*paired, "midline") if self.may_be_midline or not paired else paired

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to think of before pressing here."""
        texts = safety_texts()
        return tuple(texts[rule] for rule in self.safety)

    def place_on(self, side: str, view: str = "") -> Place:
        """Its usual place on a side of the body; on one figure, if it can be seen there."""
        place = next((place for place in self.places if place.view == view), self.places[0])
        return _on_side(place, side)


@dataclass(frozen=True, slots=True)
class Motion:
    """A joint's motion, its unit and the norm it is read against."""

    joint: str
    motion: str
    joint_name: str
    motion_name: str
    is_sided: bool
    unit: str
    # Without a published norm: "" and None.
    norm: str
    norm_low: int | None
    norm_high: int | None
    end_feel: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.joint}.{self.motion}"

    @property
    def name(self) -> str:
        return f"{self.joint_name} {self.motion_name}"

    @property
    def sides(self) -> tuple[str, ...]:
        return ("left", "right") if self.is_sided else ("midline",)

    @property
    def units(self) -> tuple[str, ...]:
        """What it may be recorded in, the usual one first."""
        return ("mm", "cm") if self.unit == "mm" else (self.unit,)

    @property
    def levels(self) -> tuple[str, ...]:
        """What a level counts, from the lowest."""
        return LEVELS if self.unit == "level" else ()


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """How far two measurements of an unchanged motion may differ, in degrees. Empty: any joint, motion or device."""

    joints: tuple[str, ...]
    motions: tuple[str, ...]
    devices: tuple[str, ...]
    same_rater: float
    different_rater: float
    source: str

    def fits(self, motion: Motion, device: str) -> bool:
        """Whether it is about this motion, measured so."""
        asked = ((self.joints, motion.joint), (self.motions, motion.motion), (self.devices, device))
        return all(not known or value in known for known, value in asked)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something patients come with, and the muscles often involved: where to look first, never a rule."""

    key: str
    name: str
    conditions: tuple[str, ...]
    muscles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Technique:
    """Something a therapist does with the hands, or teaches."""

    key: str
    name: str
    family: str
    touch: str
    uses_lubricant: bool

    @property
    def is_hands_on(self) -> bool:
        return self.touch != "none"

    @property
    def kinds(self) -> frozenset[str]:
        """What of it a rule or a clearance may forbid (`screening/regions.py`)."""
        kinds = {"percussive" if self.touch in {"percussion", "vibration"} else self.touch}
        if self.uses_lubricant:
            kinds.add("lubricant")
        return frozenset(kinds & set(KINDS))


VIEWS = ("front", "back")
# How far up a hand reaches behind the back. Rows hold the place in this list: it is only ever added to at the end.
LEVELS = (
    "thigh", "buttock", "sacrum", "L5", "L4", "L3", "L2", "L1",
    "T12", "T11", "T10", "T9", "T8", "T7", "T6", "T5", "T4", "T3", "T2", "T1",
)  # fmt: skip
FAMILIES = {"myofascial_release": "Myofascial release", "massage": "Massage", "other": "Other"}


@cache
def regions() -> dict[str, Region]:
    """All regions by code, head to foot."""
    rows = _read("regions")["regions"]
    return {row["code"]: Region(row["code"], row["name"], tuple(row["drawings"])) for row in rows}


@cache
def muscles() -> dict[str, Muscle]:
    """All muscles by key, head to foot."""
    return {row["key"]: _muscle(row) for row in _read("muscles")["muscles"]}


@cache
def motions() -> dict[str, Motion]:
    """All motions by "joint.motion", head to foot."""
    rows = [Motion(**{**row, "end_feel": tuple(row["end_feel"])}) for row in _read("motions")["motions"]]
    return {row.key: row for row in rows}


def measurement_error(motion: Motion, device: str, *, is_same_rater_and_device: bool) -> float | None:
    """How far two measurements of a motion may differ without a change. None: nobody has said so for this unit."""
    if motion.unit != "deg":
        return None
    error = next(error for error in measurement_errors() if error.fits(motion, device))
    return error.same_rater if is_same_rater_and_device else error.different_rater


@cache
def measurement_errors() -> tuple[MeasurementError, ...]:
    """All that is known, the most particular first; the last fits every motion."""
    lists = ("joints", "motions", "devices")
    rows = _read("errors")["errors"]
    return tuple(MeasurementError(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows)


@cache
def complaints() -> dict[str, Complaint]:
    """All complaints by key."""
    rows = _read("complaints")["complaints"]
    lists = ("conditions", "muscles")
    return {row["key"]: Complaint(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows}


@cache
def techniques() -> dict[str, Technique]:
    """All techniques by key, in their families."""
    return {row["key"]: Technique(**row) for row in _read("techniques")["techniques"]}


@cache
def safety_texts() -> dict[str, str]:
    """What a screening rule means for the hand that is about to press."""
    return dict(_read("muscles")["safety"])


@cache
def drawing_centres() -> dict[str, Place]:
    """The middle of each drawn area of the body map, by its key."""
    rows = _read("drawings")["drawings"]
    return {row["key"]: Place(row["view"], row["x"], row["y"]) for row in rows}


def side_at(view: str, x: int) -> str:
    """The patient's own side at a place of a figure."""
    from_the_middle = x - _axis()[view]
    if abs(from_the_middle) <= _MIDDLE:
        return "midline"
    # On the front figure the patient's left is on the reader's right.
    return "left" if (from_the_middle > 0) == (view == "front") else "right"


def muscles_near(place: Place, *, how_many: int = 6) -> list[Muscle]:
    """The muscles whose usual places lie closest to a place, nearest first."""
    side = side_at(place.view, place.x)
    seen_here = [muscle for muscle in muscles().values() if place.view in muscle.views]
    return sorted(seen_here, key=lambda muscle: _distance(muscle, place, side))[:how_many]


def _distance(muscle: Muscle, place: Place, side: str) -> float:
    sides = ("left", "right") if side == "midline" else (side,)
    return min(
        math.hypot((there.x - place.x) * _WIDTH, (there.y - place.y) * _HEIGHT)
        for one_side in sides
        for there in (_on_side(usual, one_side) for usual in muscle.places if usual.view == place.view)
    )


def _on_side(place: Place, side: str) -> Place:
    axis = _axis()[place.view]
    if side == "midline":
        return Place(place.view, axis, place.y)
    return place if side == "left" else Place(place.view, 2 * axis - place.x, place.y)


@cache
def _axis() -> dict[str, int]:
    return dict(_read("muscles")["axis"])


def _muscle(row: dict[str, Any]) -> Muscle:
    lists = {name: tuple(row[name]) for name in ("regions", "mistaken_for", "safety")}
    return Muscle(**{**row, **lists, "places": tuple(Place(**place) for place in row["places"])})


@cache
def _read(name: str) -> dict[str, Any]:
    contents: dict[str, Any] = json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))
    return contents
