"""What stands at the top of everything the clinic prints, and how it writes a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings

from clinic.models import Location


def sender_of(place: Location | None) -> dict[str, Any]:
    """The clinic, and the location with its address and telephone as far as it is known."""
    if place is None:
        return {"name": settings.CLINIC_NAME, "lines": []}
    return {
        "name": f"{settings.CLINIC_NAME}, {place.name}",
        "lines": [line for line in (place.address, place.phone) if line],
    }


def paper_of(place: Location | None) -> str:
    """The paper that lies in the location's printer."""
    return "us-letter" if place is None or place.country == "US" else "a4"


def day_words(day: date) -> str:
    """A date nobody reads the wrong way round."""
    return f"{day.day} {day:%B %Y}"
