"""The body map: front and back figures whose regions can be marked. {% load body_map %}"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import template

register = template.Library()

# view, key (the id of the drawing, without its side), name, whether there is a left and a right one
DRAWN = (
    ("front", "head", "Head", False),
    ("front", "face", "Face", False),
    ("front", "neck", "Neck", True),
    ("front", "shoulder-front", "Shoulder, front", True),
    ("front", "shoulder-side", "Shoulder, side", True),
    ("front", "chest-upper", "Chest, upper", True),
    ("front", "chest-lower", "Chest, lower", True),
    ("front", "serratus-anterior", "Serratus anterior", True),
    ("front", "biceps", "Biceps", True),
    ("front", "elbow", "Elbow", True),
    ("front", "forearm", "Forearm", True),
    ("front", "hand", "Hand, palm", True),
    ("front", "abs-upper", "Abdomen, upper", True),
    ("front", "abs-lower", "Abdomen, lower", True),
    ("front", "obliques", "Obliques", True),
    ("front", "hip-flexor", "Groin and hip flexors", True),
    ("front", "adductors", "Adductors", True),
    ("front", "quads", "Quadriceps", True),
    ("front", "knee", "Knee", True),
    ("front", "tibialis-anterior", "Shin", True),
    ("front", "foot", "Foot, top", True),
    ("back", "head-back", "Head, back", False),
    ("back", "nape", "Nape of the neck", False),
    ("back", "traps-upper", "Trapezius, upper", True),
    ("back", "traps-mid", "Trapezius, middle", True),
    ("back", "traps-lower", "Trapezius, lower", True),
    ("back", "deltoid-rear", "Deltoid, rear", True),
    ("back", "triceps-long", "Triceps, long head", True),
    ("back", "triceps-lateral", "Triceps, lateral head", True),
    ("back", "forearm-flexors", "Forearm flexors", True),
    ("back", "forearm-extensors", "Forearm extensors", True),
    ("back", "hand-back", "Hand, back", True),
    ("back", "lats-upper", "Latissimus, upper", True),
    ("back", "lats-mid", "Latissimus, middle", True),
    ("back", "lats-lower", "Latissimus, lower", True),
    ("back", "spine", "Spine", False),
    ("back", "lower-back-erectors", "Erector spinae, lumbar", True),
    ("back", "lower-back-ql", "Quadratus lumborum", True),
    ("back", "gluteus-medius", "Gluteus medius", True),
    ("back", "gluteus-maximus", "Gluteus maximus", True),
    ("back", "hamstrings-medial", "Hamstrings, medial", True),
    ("back", "hamstrings-lateral", "Hamstrings, lateral", True),
    ("back", "knee-back", "Knee, hollow", True),
    ("back", "calves-gastroc-medial", "Gastrocnemius, medial", True),
    ("back", "calves-gastroc-lateral", "Gastrocnemius, lateral", True),
    ("back", "calves-soleus", "Soleus", True),
    ("back", "foot-back", "Heel and sole", True),
)


@dataclass(frozen=True, slots=True)
class Region:
    """One area of skin that can be pressed on the figure."""

    key: str
    name: str
    view: str
    side: str  # "left", "right" (the patient's own) or ""

    @property
    def label(self) -> str:
        """The region's name with its side: Trapezius, upper (left)."""
        return f"{self.name} ({self.side})" if self.side else self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """What the figure shows on one region."""

    region: Region
    is_selected: bool
    is_blocked: bool
    strength: int


def _regions() -> Iterable[Region]:
    for view, key, name, is_paired in DRAWN:
        if is_paired:
            yield from (Region(f"{key}-{side}", name, view, side) for side in ("left", "right"))
        else:
            yield Region(key, name, view, "")


REGIONS = {region.key: region for region in _regions()}


@register.inclusion_tag("clinic/_body_map.html")
def body_map(
    selected: Collection[str] = (),
    blocked: Collection[str] = (),
    strength: Mapping[str, int] | None = None,
    name: str = "",
    legend: str = "Body map",
) -> dict[str, Any]:
    """Both figures. With a name they are a form field of checkboxes; without one they are a picture with a list.

    selected: region keys; blocked: keys that may not be treated; strength: key to 1-5, how much.
    """
    strength = strength or {}
    marks = [
        Mark(
            region=region,
            is_selected=region.key in selected,
            is_blocked=region.key in blocked,
            strength=max(0, min(5, int(strength.get(region.key, 0)))),
        )
        for region in REGIONS.values()
    ]
    return {
        "views": [
            {"key": key, "box": box, "marks": [mark for mark in marks if mark.region.view == key]}
            for key, box in (("front", "0 0 35 93"), ("back", "37 0 35 93"))
        ],
        "name": name,
        "legend": legend,
        "marked": [mark for mark in marks if mark.is_selected or mark.strength],
        "blocked": [mark for mark in marks if mark.is_blocked],
        "has_strength": bool(strength),
    }


@register.filter
def region_label(key: str) -> str:
    """A region's name with its side; the key itself when it is not on the map."""
    return REGIONS[key].label if key in REGIONS else key
