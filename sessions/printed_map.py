"""The body map on paper: the drawing the page shows, and the shapes its points have there, as one picture."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from xml.etree import ElementTree  # our own file, never anybody's upload

from django.conf import settings
from django.template.loader import render_to_string

from clinic.templatetags.body_map import REGIONS
from sessions.workspace import PointLine

_DRAWING = "clinic/static/vendor/body-muscles/body-map.svg"


def map_picture(lines: Iterable[PointLine]) -> str:
    """Front and back with the points on them, as SVG. What it shows stands beside it as a list, by number."""
    return render_to_string("sessions/printed_map.svg", {"outlines": _outlines(), "lines": list(lines)})


@cache
def _outlines() -> tuple[str, ...]:
    """The shapes of all areas that the page draws, in its order."""
    drawn = ElementTree.parse(settings.BASE_DIR / _DRAWING).iter("{http://www.w3.org/2000/svg}path")  # noqa: S314
    shapes = {path.get("id", ""): path.get("d", "") for path in drawn}
    return tuple(shapes[key] for key in REGIONS)
