"""What a report of an unwanted effect must look like. Pure; forms, API and services share it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from clinic.core.errors import Invalid
from patients.identity import clean_all, clean_choice, clean_text
from patients.models import AllergyCategory
from sessions.models import (
    ALWAYS_SERIOUS,
    CarnesSeverity,
    Causality,
    EventKind,
    EventOutcome,
    Preventability,
    SeriousBecause,
    TreatmentSession,
)

DESCRIPTION_LENGTH = 2_000
ACTION_LENGTH = 1_000
NOTIFIED_LENGTH = 300
REASON_LENGTH = 300
SUBSTANCE_LENGTH = 120
MOST_ONSET_HOURS = 24 * 60
# What the patient's allergy list says of a reaction of each severity.
ALLERGY_SEVERITY = {"minor": "mild", "moderate": "moderate", "major": "severe", "not_adverse": "mild"}


def clean_event(entries: Mapping[str, Any], *, session: TreatmentSession | None) -> dict[str, Any]:
    """A report as it is kept, with the substance and category of a new allergy apart. Raises Invalid."""
    cleaned = clean_all({**_DEFAULTS, **entries}, _RULES)
    wrong = {**_contradictions(cleaned), **_wrong_onset(cleaned, session)}
    if wrong:
        raise Invalid(fields=wrong)
    cleaned["is_serious"] = is_serious(cleaned)
    return cleaned


def is_serious(cleaned: Mapping[str, Any]) -> bool:
    """As ticked, or because of what it is or led to."""
    return bool(
        cleaned["is_serious"]
        or cleaned["serious_because"]
        or cleaned["kind"] in ALWAYS_SERIOUS
        or cleaned["outcome"] == EventOutcome.DIED
    )


def _contradictions(cleaned: Mapping[str, Any]) -> dict[str, str]:
    wrong = {}
    if is_serious(cleaned) and cleaned["severity"] == CarnesSeverity.NOT_ADVERSE:
        wrong["severity"] = "What is serious is at least a minor adverse event."
    if cleaned["kind"] == EventKind.SKIN_REACTION:
        if not cleaned["substance"]:
            wrong["substance"] = "Say what the skin reacted to, or “unknown product”."
        if not cleaned["allergy_category"]:
            wrong["allergy_category"] = "Choose what kind of thing it was."
    return wrong


def _wrong_onset(cleaned: Mapping[str, Any], session: TreatmentSession | None) -> dict[str, str]:
    began, hours = cleaned["onset_at"], cleaned["onset_hours"]
    if began is not None and hours is not None:
        return {"onset_hours": "Say when it began, or how long after the session: not both."}
    if hours is not None and session is None:
        return {"onset_hours": "Choose the session it is counted from."}
    if began is not None and session is not None and began < session.performed_at:
        return {"onset_at": "This is before the session."}
    return {}


def prose(longest: int, *, is_required: bool = False) -> Callable[[Any], str]:
    """Several lines of text, trimmed."""

    def clean(value: Any) -> str:
        text = unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n").strip()
        if is_required and not text:
            raise ValueError("Fill this in.")
        if len(text) > longest or "\x00" in text:
            raise ValueError(f"At most {longest} characters of text.")
        return text

    return clean


def _one_of(choices: Iterable[str]) -> Callable[[Any], str]:
    known = list(choices)
    return lambda value: clean_choice(value, known)


def _serious_because(value: Iterable[str]) -> list[str]:
    ticked = set(value or ())
    if not ticked <= set(SeriousBecause.values):
        raise ValueError("Choose from the list.")
    return [code for code in SeriousBecause.values if code in ticked]


def _onset(value: datetime | None) -> datetime | None:
    if value is not None and value > timezone.now():
        raise ValueError("This is in the future.")
    return value


def _hours(value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or value not in range(MOST_ONSET_HOURS + 1)):
        raise ValueError(f"0 to {MOST_ONSET_HOURS} hours.")
    return value


def _line(longest: int) -> Callable[[Any], str]:
    return lambda value: clean_text(str(value or ""), longest=longest)


_DEFAULTS: dict[str, Any] = {
    "kind": "",
    "severity": "",
    "is_serious": False,
    "serious_because": (),
    "onset_at": None,
    "onset_hours": None,
    "causality": "",
    "preventability": Preventability.UNKNOWN.value,
    "outcome": "",
    "description": "",
    "action_taken": "",
    "notified": "",
    "substance": "",
    "allergy_category": "",
}
_RULES: dict[str, Callable[[Any], Any]] = {
    "kind": _one_of(EventKind.values),
    "severity": _one_of(CarnesSeverity.values),
    "is_serious": bool,
    "serious_because": _serious_because,
    "onset_at": _onset,
    "onset_hours": _hours,
    "causality": _one_of(Causality.values),
    "preventability": _one_of(Preventability.values),
    "outcome": _one_of(EventOutcome.values),
    "description": prose(DESCRIPTION_LENGTH, is_required=True),
    "action_taken": prose(ACTION_LENGTH),
    "notified": _line(NOTIFIED_LENGTH),
    "substance": _line(SUBSTANCE_LENGTH),
    "allergy_category": _one_of(["", *AllergyCategory.values]),
}
EVENT_FIELDS = tuple(_DEFAULTS)
