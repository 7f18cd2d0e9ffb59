"""The two figures of the body map with trigger points on them. {% load session_map %}"""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from sessions import catalogue
from sessions.workspace import PointLine, Workspace

register = template.Library()

_BOXES = {"front": "0 0 35 93", "back": "37 0 35 93"}


@dataclass(frozen=True)
class Area:
    """A drawn area, and its middle for a browser that cannot tell where it was tapped."""

    key: str
    x: int
    y: int
    is_blocked: bool


@dataclass(frozen=True)
class Figure:
    """The front or the back."""

    view: str
    box: str
    areas: list[Area]
    lines: list[PointLine]


@register.simple_tag
def point_map(desk: Workspace) -> list[Figure]:
    """Front and back: their areas, and the points of the desk that lie on each."""
    blocked = desk.blocked
    return [
        Figure(
            view,
            _BOXES[view],
            [
                Area(key, place.x, place.y, key in blocked)
                for key, place in catalogue.drawing_centres().items()
                if place.view == view
            ],
            [line for line in desk.drawn_points if line.point.view == view],
        )
        for view in catalogue.VIEWS
    ]
