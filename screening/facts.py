"""Everything the rules may look at, as plain values: no database, so an evaluation can be repeated from its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from screening import medicines

# linkIds whose words may name medicines.
MEDICINE_QUESTIONS = ("blood-thinner-which", "medicines")


@dataclass(frozen=True)
class MedicineFact:
    """A medicine on record."""

    id: str
    name: str
    code_system: str = ""
    code: str = ""
    started_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True)
class ConditionFact:
    """A condition on record."""

    id: str
    kind: str
    text: str = ""
    code: str = ""
    onset_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True)
class AllergyFact:
    """An allergy on record that has not ended."""

    id: str
    category: str
    substance: str


@dataclass(frozen=True)
class Mention:
    """A medicine recognised somewhere: where, which, and how sure."""

    match: medicines.Match
    evidence: dict[str, Any]
    started_on: date | None = None
    ended_on: date | None = None

    def is_past(self, today: date) -> bool:
        return self.ended_on is not None and self.ended_on < today


@dataclass(frozen=True)
class VisitAnswer:
    """What was answered, or seen, before or at a visit: the newest answer to a question counts."""

    value: Any
    said_at: datetime


@dataclass(frozen=True)
class Found:
    """What another rule has found, for the rules that rest on it."""

    rule_id: str
    severity: str
    title: str


@dataclass(frozen=True)
class Facts:
    """What is known about a patient on a day. `now` is needed where an answer of a visit holds for hours only."""

    today: date
    age: int
    now: datetime | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    answered_on: date | None = None
    # Questions the form did not ask this patient, or left to choice: their silence means nothing.
    not_asked: frozenset[str] = frozenset()
    medicines: tuple[MedicineFact, ...] = ()
    conditions: tuple[ConditionFact, ...] = ()
    allergies: tuple[AllergyFact, ...] = ()
    at_visit: Mapping[str, VisitAnswer] = field(default_factory=dict)
    found: tuple[Found, ...] = ()

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Every medicine recognised in the record and in the answers."""
        return (*self._on_record(), *self._in_answers(), *self._in_other_lists())

    def _on_record(self) -> Iterator[Mention]:
        for row in self.medicines:
            for match in medicines.matches(row.name, code_system=row.code_system, code=row.code):
                evidence = {"kind": "medicine", "id": row.id, "text": row.name, **_of_match(match)}
                yield Mention(match, evidence, row.started_on, row.ended_on)

    def _in_answers(self) -> Iterator[Mention]:
        for link_id in MEDICINE_QUESTIONS:
            for match in medicines.matches(str(self.answers.get(link_id) or "")):
                yield Mention(match, {"kind": "answer", "link_id": link_id, "value": match.written, **_of_match(match)})

    def _in_other_lists(self) -> Iterator[Mention]:
        """Blood thinners named among conditions ("on warfarin") and allergies are always asked about."""
        lists: Iterable[tuple[str, str, str, date | None]] = [
            *(("condition", row.id, row.text, row.ended_on) for row in self.conditions),
            *(("allergy", row.id, row.substance, None) for row in self.allergies),
            *(("answer", "medicine-allergies", str(self.answers.get("medicine-allergies") or ""), None),),
        ]
        for kind, where, text, ended_on in lists:
            for match in medicines.matches(text):
                doubtful = replace(match, when="unclear") if match.when == "now" else match
                place = {"link_id": where, "value": text} if kind == "answer" else {"id": where, "text": text}
                yield Mention(doubtful, {"kind": kind, **place, **_of_match(doubtful)}, ended_on=ended_on)

    def snapshot(self) -> dict[str, Any]:
        """What an evaluation keeps of what it saw."""
        return {
            "today": self.today.isoformat(),
            "age": self.age,
            "answers": dict(self.answers),
            "answered_on": _iso(self.answered_on),
            "not_asked": sorted(self.not_asked),
            "medicines": [_plain(row) for row in self.medicines],
            "conditions": [_plain(row) for row in self.conditions],
            "allergies": [_plain(row) for row in self.allergies],
            "at_visit": {link_id: _visit_answer(one) for link_id, one in sorted(self.at_visit.items())},
            "mentions": [{**mention.evidence, "is_past": mention.is_past(self.today)} for mention in self.mentions],
        }


def _of_match(match: medicines.Match) -> dict[str, str]:
    return {"substance": match.substance, "class": match.medicine_class, "certainty": match.certainty}


def _plain(row: Any) -> dict[str, Any]:
    return {name: _iso(value) if isinstance(value, date) else value for name, value in asdict(row).items()}


def _visit_answer(one: VisitAnswer) -> dict[str, Any]:
    return {"value": one.value, "said_at": one.said_at.isoformat()}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
