"""What clinical rows must look like. Pure; services and import share it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from clinic.core.errors import Invalid
from patients.catalogue import CONDITIONS, suggested_code
from patients.catalogue.loading import OTHER
from patients.identity import clean_all, clean_choice, clean_optional_past_date, clean_text
from patients.models import AllergyCategory, Benefit, Chronicity, DiagnosedBy, EarlierTreatmentKind, Side

SEVERITIES = ["", "mild", "moderate", "severe"]
Rule = Callable[[Any], Any]


def _text(longest: int, *, is_required: bool = False) -> Rule:
    return lambda value: clean_text(value, longest=longest, is_required=is_required)


def _one_of(choices: list[str]) -> Rule:
    return lambda value: clean_choice(value, choices)


_CODE: dict[str, Rule] = {"code_system": _text(40), "code": _text(40)}
_ALLERGY: dict[str, Rule] = {
    "substance": _text(120, is_required=True),
    "category": _one_of(AllergyCategory.values),
    "reaction": _text(200),
    "severity": _one_of(SEVERITIES),
    "noted_on": clean_optional_past_date,
    "ended_on": clean_optional_past_date,
    **_CODE,
}
_MEDICINE: dict[str, Rule] = {
    "name": _text(200, is_required=True),
    "dose": _text(80),
    "reason": _text(120),
    "started_on": clean_optional_past_date,
    # A prescription may say when it will end.
    "ended_on": lambda day: day,
    **_CODE,
}
_EARLIER_TREATMENT: dict[str, Rule] = {
    "kind": _one_of(EarlierTreatmentKind.values),
    "detail": _text(200),
    "body_region": _text(40),
    "benefit": _one_of(Benefit.values),
    "started_on": clean_optional_past_date,
    "ended_on": clean_optional_past_date,
}
_CONDITION: dict[str, Rule] = {
    "kind": _one_of([*CONDITIONS, OTHER]),
    "text": _text(200),
    "side": _one_of(Side.values),
    "onset_on": clean_optional_past_date,
    "ended_on": clean_optional_past_date,
    "chronicity": _one_of(Chronicity.values),
    "diagnosed_by": _one_of(DiagnosedBy.values),
    **_CODE,
}


def clean_allergy(entries: dict[str, Any]) -> dict[str, Any]:
    """An allergy as it is stored. Raises Invalid."""
    return _in_order(clean_all(entries, _ALLERGY), "noted_on")


def clean_medicine(entries: dict[str, Any]) -> dict[str, Any]:
    """A medicine as it is stored. Raises Invalid."""
    return _in_order(clean_all(entries, _MEDICINE), "started_on")


def clean_earlier_treatment(entries: dict[str, Any]) -> dict[str, Any]:
    """An earlier treatment as it is stored. Raises Invalid."""
    return _in_order(clean_all(entries, _EARLIER_TREATMENT), "started_on")


def clean_condition(entries: dict[str, Any], *, today: date) -> dict[str, Any]:
    """A condition as it is stored, with a code where the catalogue is sure of one. Raises Invalid."""
    cleaned = _in_order(clean_all(entries, _CONDITION), "onset_on")
    kind = cleaned["kind"]
    if kind == OTHER and not cleaned["text"]:
        raise Invalid(fields={"text": "Say which condition."})
    if kind != OTHER and CONDITIONS[kind].terms and not cleaned["text"]:
        meanings = " / ".join(term.name_en for term in CONDITIONS[kind].terms)
        raise Invalid(fields={"text": f"Say which is meant: {meanings}."})
    if cleaned["code"]:
        _require_valid_code(cleaned, today)
    else:
        suggested = suggested_code(kind, today, cleaned["side"])
        cleaned["code_system"], cleaned["code"] = (suggested.system, suggested.code) if suggested else ("", "")
    return cleaned


def _require_valid_code(cleaned: dict[str, Any], today: date) -> None:
    entry = CONDITIONS.get(cleaned["kind"])
    listed = [code for code in entry.every_code if code.code == cleaned["code"]] if entry else []
    days = [today, cleaned["onset_on"] or today]
    if listed and not any(code.is_valid_on(day) for code in listed for day in days):
        raise Invalid(fields={"code": "This code was retired; leave it empty to get the one valid today."})


def _in_order(cleaned: dict[str, Any], start: str) -> dict[str, Any]:
    started_on, ended_on = cleaned.get(start), cleaned.get("ended_on")
    if started_on and ended_on and ended_on < started_on:
        raise Invalid(fields={"ended_on": "This is before the start."})
    return cleaned
