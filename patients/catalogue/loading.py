"""Reads conditions.json once, into types that refuse a mistyped entry at start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

OTHER = "other"
# ICD-10-CM injuries end in the kind of care.
_SEVENTH_CHARACTERS = {"A": "active treatment", "D": "routine healing", "S": "late effect"}


@dataclass(frozen=True)
class Code:
    """A code of a code system, and the days it may be used on. `side` None: the code has no side."""

    system: str
    code: str
    label: str
    side: str | None
    valid_from: date
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def _usable(codes: tuple[Code, ...], day: date, side: str) -> tuple[Code, ...]:
    valid = [code for code in codes if code.is_valid_on(day)]
    sides = {None, side}
    if side == "both" and not any(code.side == "both" for code in valid):
        sides = {None, "left", "right"}
    return tuple(code for code in valid if code.side in sides)


@dataclass(frozen=True)
class Term:
    """One meaning of an ambiguous name."""

    key: str
    name_en: str
    name_es: str
    codes: tuple[Code, ...]

    def codes_on(self, day: date, side: str = "none") -> tuple[Code, ...]:
        """The codes for a day and side, best first."""
        return _usable(self.codes, day, side)


@dataclass(frozen=True)
class TreatedCondition:
    """One condition of the catalogue. One with `terms` is ambiguous: ask, never assume."""

    key: str
    seed_item: str
    name_en: str
    name_es: str
    codes: tuple[Code, ...]
    terms: tuple[Term, ...]
    is_coded_automatically: bool
    measures: tuple[str, ...]
    licensed_measures: tuple[str, ...]
    safety_rules: tuple[str, ...]
    safety_note: str
    source: str

    def name(self, language: str = "en") -> str:
        return self.name_es if language == "es" else self.name_en

    @property
    def every_code(self) -> tuple[Code, ...]:
        """Retired ones and those of every meaning included."""
        return self.codes + tuple(code for term in self.terms for code in term.codes)

    def codes_on(self, day: date, side: str = "none") -> tuple[Code, ...]:
        """The codes for a day and side, best first; of every meaning where the name is ambiguous."""
        own = _usable(self.codes, day, side)
        return own + tuple(code for term in self.terms for code in term.codes_on(day, side))

    def term(self, key: str) -> Term | None:
        return next((term for term in self.terms if term.key == key), None)


def _read_codes(entries: list[dict[str, Any]], system: str) -> Iterator[Code]:
    for entry in entries:
        valid_to = entry.get("valid_to")
        seventh = _SEVENTH_CHARACTERS if entry.get("takes_seventh_character") else {"": ""}
        for character, care in seventh.items():
            yield Code(
                system=system,
                code=entry["code"] + character,
                label=f"{entry['label']}, {care}" if care else entry["label"],
                side=entry.get("side"),
                valid_from=date.fromisoformat(entry["valid_from"]),
                valid_to=date.fromisoformat(valid_to) if valid_to else None,
            )


def _read_term(entry: dict[str, Any], system: str) -> Term:
    name = entry["name"]
    return Term(entry["key"], name["en"], name["es"], tuple(_read_codes(entry["codes"], system)))


def _read_condition(entry: dict[str, Any], system: str) -> TreatedCondition:
    return TreatedCondition(
        key=entry["key"],
        seed_item=entry["seed_item"],
        name_en=entry["name"]["en"],
        name_es=entry["name"]["es"],
        codes=tuple(_read_codes(entry["codes"], system)),
        terms=tuple(_read_term(term, system) for term in entry.get("terms", [])),
        is_coded_automatically=entry["is_coded_automatically"],
        measures=tuple(entry["measures"]),
        licensed_measures=tuple(entry.get("licensed_measures", [])),
        safety_rules=tuple(entry["safety_rules"]),
        safety_note=entry.get("safety_note", ""),
        source=entry["source"],
    )


def _load() -> Mapping[str, TreatedCondition]:
    document = json.loads((Path(__file__).parent / "conditions.json").read_text(encoding="utf-8"))
    conditions = [_read_condition(entry, document["system"]) for entry in document["conditions"]]
    return {condition.key: condition for condition in conditions}


CONDITIONS = _load()


def condition_name(kind: str, text: str, language: str = "en") -> str:
    """What a recorded condition is called: the catalogue's name, with the words added to it; else the words."""
    entry = CONDITIONS.get(kind)
    if entry is None:
        return text
    return f"{entry.name(language)}: {text}" if text else entry.name(language)


def suggested_code(kind: str, day: date, side: str) -> Code | None:
    """The one code to fill in, or none where a person must choose."""
    entry = CONDITIONS.get(kind)
    if entry is None or not entry.is_coded_automatically:
        return None
    usable = entry.codes_on(day, side)
    needs_two_codes = side == "both" and any(code.side in {"left", "right"} for code in usable)
    return usable[0] if usable and not needs_two_codes else None
