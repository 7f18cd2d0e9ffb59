"""Where deep pressure endangers every patient, whatever their flags (clinical.md CI-37).

The areas belong to the technique, never to the patient: nothing is flagged, the treatment gate asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Which of the five levels count as deep. A default that needs clinical review.
DEEP_FROM = 4
# Ways of treating that pull and do not press.
_PULLING = frozenset({"stretching", "traction"})


@dataclass(frozen=True)
class Area:
    """An endangerment area: regions that are nothing else (`whole`), and regions it takes a part of.

    How the areas lie in our regions needs clinical review.
    """

    name: str
    whole: tuple[str, ...] = ()
    part: tuple[str, ...] = ()


AREAS = (
    Area("Front of the neck, carotid artery", whole=("NECK.ANT",)),
    Area("Armpit", whole=("SHOULDER.AX",)),
    Area("Inner elbow", part=("ARM.ANT", "FOREARM.FLEX")),
    Area("Groin", part=("HIP.ANT", "THIGH.MED")),
    Area("Back of the knee", part=("THIGH.POST", "LEG.POST")),
    Area("Abdomen, over the organs", whole=("ABDOMEN",)),
    # In no region and in each: the form says so beside the pressure.
    Area("Bony points"),
)


def areas_in(region: str) -> list[Area]:
    """The endangerment areas a region is, or holds."""
    return [area for area in AREAS if region in area.whole + area.part]


def endangering(*, region: str, kinds: frozenset[str], pressure: int | None) -> Iterator[str]:
    """Why pressure there needs a written reason: it is deep; or it was not said and the whole region is at risk."""
    areas = [] if kinds & _PULLING else areas_in(region)
    if areas and pressure is not None and pressure >= DEEP_FROM:
        yield "endangered_deep"
    elif pressure is None and any(region in area.whole for area in areas):
        yield "endangered_unsaid"
