"""What a draft carried over and nobody has confirmed, as the page names it."""

from __future__ import annotations

from dataclasses import dataclass

from sessions import catalogue
from sessions.models import BodySide, CarriedValue, TreatmentSession

NOTE_NAMES = {
    "subjective": "Subjective",
    "objective": "Objective",
    "assessment": "Assessment",
    "plan": "Plan",
    "lubricant": "Oil, gel or lotion used",
}


@dataclass(frozen=True)
class CarriedLine:
    """One unconfirmed value and its name."""

    row: CarriedValue
    name: str


def carried_lines(session: TreatmentSession) -> list[CarriedLine]:
    """Every unconfirmed value of a draft: words, points, techniques."""
    return [CarriedLine(row, name_of(row)) for row in session.carried.for_page()]


def name_of(row: CarriedValue) -> str:
    """What stands unconfirmed, in the page's words."""
    if row.technique_use:
        use = row.technique_use
        name, place = catalogue.techniques()[use.technique].name, catalogue.regions()[use.region].name
        return f"{name}, {place}, {BodySide(use.side).label.lower()}, {use.minutes} min"
    if row.trigger_point:
        muscle = catalogue.muscles()[row.trigger_point.muscle].name
        return f"{muscle}, {BodySide(row.trigger_point.side).label.lower()}"
    return NOTE_NAMES[row.note_field]
