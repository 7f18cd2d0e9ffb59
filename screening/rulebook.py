"""The rules as data: read from rules/*.json, checked once, the same for every patient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from screening.medicines import DICTIONARY

RULES = Path(__file__).resolve().parent / "rules"
DEFINITIONS = "definitions.json"

SEVERITIES = ("absolute", "relative", "local", "caution")
URGENCIES = ("emergency", "same_day", "routine")

Expression = Mapping[str, Any]

# operator -> names inside it that must be there, names that may be there
_OPERATORS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "answer": (frozenset({"of", "in"}), frozenset()),
    "ticked": (frozenset({"of", "code", "unsure"}), frozenset()),
    "tick_unsure": (frozenset({"code", "unsure"}), frozenset()),
    "number": (frozenset({"of"}), frozenset({"at_least", "below"})),
    "date": (frozenset({"of", "within_days"}), frozenset()),
    "age": (frozenset(), frozenset({"at_least", "below"})),
    "at_least": (frozenset({"count", "of"}), frozenset()),
    "medicine": (
        frozenset({"class"}),
        frozenset({"certainty", "substances", "ended_within_days", "started_within_days", "undated"}),
    ),
    "only_medicines": (frozenset({"of", "class"}), frozenset()),
    "condition": (
        frozenset(),
        frozenset({"kinds", "codes", "terms", "not_terms", "within_days", "ended_within_days", "over"}),
    ),
    "allergy": (frozenset(), frozenset({"categories", "terms"})),
    # Answered before or at a visit (screening/at_visit.py), not in the intake.
    "at_visit": (frozenset({"of", "in"}), frozenset()),
    # What other rules have found; a rule with it is asked after all those without.
    "found": (frozenset(), frozenset({"rules", "not_rules", "severities"})),
}
_PLAIN = {"yes", "unsure", "answered"}
_LISTS = {"any", "all"}


class BadRule(ValueError):
    """A rule file that cannot be used; the message names the place."""


@dataclass(frozen=True)
class Case:
    """One way a rule can fire. The first case that holds decides the severity."""

    severity: str
    urgency: str
    when: Expression
    action: str
    regions: tuple[str, ...]
    regions_from: str
    techniques: tuple[str, ...]
    patient_words: Mapping[str, str]
    # Answers of a visit older than this say nothing about today (drunk); None: they hold until asked again.
    visit_answers_hold_hours: int | None = None

    @property
    def takes_not_sure_for_yes(self) -> bool:
        """clinical.md §2.1: not sure counts as yes for absolute, relative and emergency."""
        return self.severity in {"absolute", "relative"} or self.urgency == "emergency"


@dataclass(frozen=True)
class Rule:
    """One contraindication or red flag."""

    id: str
    version: int
    title: str
    source: str
    needs_clinical_review: tuple[str, ...]
    # Answers older than this say nothing about today (a fever); None: they hold until asked again.
    answers_hold_days: int | None
    cases: tuple[Case, ...]
    # Questions that older forms did not ask: without them a screening is whole nevertheless.
    newer_questions: frozenset[str] = frozenset()

    @property
    def asks(self) -> frozenset[str]:
        """linkIds whose answers this rule rests on."""
        return frozenset(link_id for case in self.cases for link_id in _link_ids(case.when))

    @cached_property
    def asks_at_visits(self) -> frozenset[str]:
        """linkIds of the forms of a visit whose answers this rule rests on."""
        leaves = (leaf for case in self.cases for leaf in _leaves(case.when))
        return frozenset(body["of"] for operator, body in leaves if operator == "at_visit")

    @cached_property
    def rests_on_others(self) -> bool:
        """Whether it asks what other rules have found."""
        return any(operator == "found" for case in self.cases for operator, _body in _leaves(case.when))

    @property
    def reads(self) -> frozenset[str]:
        """linkIds of everything this rule looks at in a form, also where silence is allowed."""
        named = (link_id for case in self.cases for link_id in _read_ids(case.when))
        return frozenset(named) | frozenset(case.regions_from for case in self.cases if case.regions_from)


@dataclass(frozen=True)
class Rulebook:
    """All rules, and the version of the whole set."""

    rules: tuple[Rule, ...]
    definitions: Mapping[str, Expression]
    version: str

    def rule(self, rule_id: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == rule_id)

    @cached_property
    def asks_at_visits(self) -> frozenset[str]:
        return frozenset[str]().union(*(rule.asks_at_visits for rule in self.rules))


@cache
def rulebook() -> Rulebook:
    """The shipped rules."""
    return read_rulebook(RULES)


def read_rulebook(folder: Path) -> Rulebook:
    """Every rule in a folder, checked. Raises BadRule."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    definitions = {
        name: _resolve(expression, {}, f"{DEFINITIONS} {name}")
        for name, expression in json.loads(texts.pop(DEFINITIONS, "{}")).items()
    }
    rules = tuple(_read_rule(json.loads(text), definitions, name) for name, text in texts.items())
    digest = hashlib.sha256(DICTIONARY.read_bytes())
    for name in sorted(texts):
        digest.update(texts[name].encode())
    digest.update(json.dumps(definitions, sort_keys=True).encode())
    return Rulebook(rules, definitions, digest.hexdigest()[:16])


def _read_rule(raw: Mapping[str, Any], definitions: Mapping[str, Expression], name: str) -> Rule:
    if name != f"{raw.get('id')}.json":
        raise BadRule(f"{name}: the file is named for its rule.")
    cases = tuple(_read_case(raw, case, definitions, f"{name} case {n}") for n, case in enumerate(raw["cases"]))
    if not cases:
        raise BadRule(f"{name}: a rule needs a case.")
    return Rule(
        id=raw["id"],
        version=raw["version"],
        title=raw["title"],
        source=raw["source"],
        needs_clinical_review=tuple(raw.get("needs_clinical_review", [])),
        answers_hold_days=raw.get("answers_hold_days"),
        cases=cases,
        newer_questions=frozenset(raw.get("newer_questions", [])),
    )


def _read_case(raw: Mapping[str, Any], case: Mapping[str, Any], definitions: Mapping[str, Expression], at: str) -> Case:
    severity, urgency = case["severity"], case.get("urgency", "routine")
    if severity not in SEVERITIES or urgency not in URGENCIES:
        raise BadRule(f"{at}: unknown severity or urgency.")
    words = case.get("patient_words", raw.get("patient_words", {}))
    if urgency != "routine" and set(words) != {"en", "es"}:
        raise BadRule(f"{at}: an urgent case tells the patient what to do, in English and Spanish.")
    regions = case.get("regions", [])
    return Case(
        severity=severity,
        urgency=urgency,
        when=_resolve(case["when"], definitions, at),
        action=case["action"],
        regions=tuple(regions) if isinstance(regions, list) else (),
        regions_from="" if isinstance(regions, list) else regions["from_answer"],
        techniques=tuple(case.get("techniques", [])),
        patient_words=words,
        visit_answers_hold_hours=case.get("visit_answers_hold_hours"),
    )


def _resolve(expression: Expression, definitions: Mapping[str, Expression], at: str) -> Expression:
    """The expression with its references filled in and its shape checked."""
    if not isinstance(expression, Mapping) or len(expression) != 1:
        raise BadRule(f"{at}: an expression has exactly one operator.")
    ((operator, body),) = expression.items()
    if operator in _LISTS:
        return {operator: [_resolve(part, definitions, at) for part in body]}
    if operator == "ref":
        if body not in definitions:
            raise BadRule(f"{at}: there is no definition {body}.")
        return definitions[body]
    if operator == "not":
        return {"not": _resolve_negated(body, definitions, at)}
    if operator in _PLAIN:
        if not isinstance(body, str):
            raise BadRule(f"{at}: {operator} names a question.")
        return expression
    return {operator: _check_body(operator, body, definitions, at)}


def _resolve_negated(body: Expression, definitions: Mapping[str, Expression], at: str) -> Expression:
    inner = _resolve(body, definitions, at)
    if {"yes", "ticked"} & {operator for operator, _body in _leaves(inner)}:
        raise BadRule(f"{at}: not over yes would turn 'not sure' into safety; name the answers instead.")
    return inner


def _check_body(operator: str, body: Any, definitions: Mapping[str, Expression], at: str) -> Any:
    if operator not in _OPERATORS:
        raise BadRule(f"{at}: there is no operator {operator}.")
    required, optional = _OPERATORS[operator]
    if not isinstance(body, Mapping) or not required <= set(body) <= required | optional or not body:
        raise BadRule(f"{at}: {operator} takes {sorted(required)} and may take {sorted(optional)}.")
    if operator == "at_least":
        return {**body, "of": [_resolve(part, definitions, at) for part in body["of"]]}
    return body


def _leaves(expression: Expression) -> Iterator[tuple[str, Any]]:
    """The operators that look at something, with what they look for."""
    ((operator, body),) = expression.items()
    parts = _parts(operator, body)
    if parts is None:
        yield operator, body
        return
    for part in parts:
        yield from _leaves(part)


def _parts(operator: str, body: Any) -> list[Expression] | None:
    """What an operator puts together; None for one that looks at something."""
    if operator in _LISTS:
        return list(body)
    if operator == "not":
        return [body]
    return list(body["of"]) if operator == "at_least" else None


def _link_ids(expression: Expression) -> Iterator[str]:
    for operator, body in _leaves(expression):
        if operator in {"yes", "unsure"}:
            yield body
        if operator in {"answer", "ticked"}:
            yield body["of"]


def _read_ids(expression: Expression) -> Iterator[str]:
    for operator, body in _leaves(expression):
        if operator in _PLAIN:
            yield body
        elif isinstance(body, Mapping):
            yield from (body[name] for name in ("of", "unsure") if isinstance(body.get(name), str))
