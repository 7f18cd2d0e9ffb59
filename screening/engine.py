"""Running the rules over facts. Pure: the same facts and rules always give the same findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from screening import medicines
from screening.facts import ConditionFact, Facts, Found, Mention
from screening.rulebook import Case, Expression, Rule, Rulebook

# Why an expression holds. None means that it does not; an empty list holds without a positive reason.
Evidence = list[dict[str, Any]]


@dataclass(frozen=True)
class Finding:
    """A rule that fired: how gravely, why, and what to do."""

    rule_id: str
    rule_version: int
    title: str
    severity: str
    urgency: str
    action: str
    regions: tuple[str, ...]
    techniques: tuple[str, ...]
    evidence: Evidence
    patient_words: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None

    @property
    def is_urgent(self) -> bool:
        return self.urgency != "routine"

    @property
    def expires_on(self) -> date | None:
        return self.expires_at.date() if self.expires_at else None

    def snapshot(self) -> dict[str, Any]:
        """What an evaluation keeps of it."""
        return {
            "rule_id": self.rule_id,
            "rule_version": self.rule_version,
            "title": self.title,
            "severity": self.severity,
            "urgency": self.urgency,
            "action": self.action,
            "regions": list(self.regions),
            "techniques": list(self.techniques),
            "evidence": self.evidence,
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
        }


def evaluate(facts: Facts, book: Rulebook) -> tuple[Finding, ...]:
    """Every rule that fires, by rule id. Of a rule's cases the first that holds."""
    first = _fired([rule for rule in book.rules if not rule.rests_on_others], facts)
    found = tuple(Found(finding.rule_id, finding.severity, finding.title) for finding in first)
    then = _fired([rule for rule in book.rules if rule.rests_on_others], replace(facts, found=found))
    return tuple(sorted((*first, *then), key=lambda finding: finding.rule_id))


def _fired(rules: Iterable[Rule], facts: Facts) -> list[Finding]:
    findings = (_fire(rule, facts) for rule in rules)
    return [finding for finding in findings if finding is not None]


def unanswered(facts: Facts, book: Rulebook) -> tuple[str, ...]:
    """Safety questions the rules rest on that were asked and not answered. Silence is never "no"."""
    asked = frozenset().union(*(rule.asks - rule.newer_questions for rule in book.rules))
    return tuple(sorted(link_id for link_id in asked - facts.not_asked if _answer(facts, link_id) is None))


def _fire(rule: Rule, facts: Facts) -> Finding | None:
    until = _answers_hold_until(rule, facts)
    if until is not None and until.date() <= facts.today:
        facts = replace(facts, answers={})
    for case in rule.cases:
        known = _still_said(case, facts)
        evidence = holds(case.when, known, takes_not_sure_for_yes=case.takes_not_sure_for_yes)
        if evidence is not None:
            return _finding(rule, case, known, evidence)
    return None


def _answers_hold_until(rule: Rule, facts: Facts) -> datetime | None:
    if rule.answers_hold_days is None or facts.answered_on is None:
        return None
    return datetime.combine(facts.answered_on + timedelta(days=rule.answers_hold_days), time.min, UTC)


def _still_said(case: Case, facts: Facts) -> Facts:
    """The facts without what was said at a visit too long ago for this case."""
    if case.visit_answers_hold_hours is None or facts.now is None:
        return facts
    since = facts.now - timedelta(hours=case.visit_answers_hold_hours)
    return replace(facts, at_visit={name: one for name, one in facts.at_visit.items() if one.said_at > since})


def _finding(rule: Rule, case: Case, facts: Facts, evidence: Evidence) -> Finding:
    named = _listed(_answer(facts, case.regions_from)) if case.regions_from else case.regions
    return Finding(
        rule_id=rule.id,
        rule_version=rule.version,
        title=rule.title,
        severity=case.severity,
        urgency=case.urgency,
        action=case.action,
        regions=tuple(named),
        techniques=case.techniques,
        evidence=_without_repeats(evidence),
        patient_words=case.patient_words,
        expires_at=_expiry(rule, case, facts, evidence),
    )


def _expiry(rule: Rule, case: Case, facts: Facts, evidence: Evidence) -> datetime | None:
    """When the last of the evidence no longer counts; None when some of it stays."""
    ends = [_end_of(one, rule, case, facts) for one in evidence]
    known = [end for end in ends if end is not None]
    return max(known, default=None) if len(known) == len(ends) else None


def _end_of(one: Mapping[str, Any], rule: Rule, case: Case, facts: Facts) -> datetime | None:
    if one["kind"] == "answer":
        return _answers_hold_until(rule, facts)
    if one["kind"] == "visit" and case.visit_answers_hold_hours is not None:
        return facts.at_visit[one["link_id"]].said_at + timedelta(hours=case.visit_answers_hold_hours)
    return None


def _without_repeats(evidence: Evidence) -> Evidence:
    return [one for place, one in enumerate(evidence) if one not in evidence[:place]]


def holds(expression: Expression, facts: Facts, *, takes_not_sure_for_yes: bool) -> Evidence | None:
    """Why an expression holds, or None."""
    ((operator, body),) = expression.items()
    strict = takes_not_sure_for_yes
    if operator == "any":
        return _any([holds(part, facts, takes_not_sure_for_yes=strict) for part in body])
    if operator == "all":
        return _all([holds(part, facts, takes_not_sure_for_yes=strict) for part in body])
    if operator == "at_least":
        held = [holds(part, facts, takes_not_sure_for_yes=strict) for part in body["of"]]
        return _any(held) if sum(one is not None for one in held) >= body["count"] else None
    if operator == "not":
        return [] if holds(body, facts, takes_not_sure_for_yes=strict) is None else None
    return _OPERATORS[operator](body, facts, strict)


def _any(parts: list[Evidence | None]) -> Evidence | None:
    held = [part for part in parts if part is not None]
    return [one for part in held for one in part] if held else None


def _all(parts: list[Evidence | None]) -> Evidence | None:
    return None if any(part is None for part in parts) else _any(parts)


def _answer(facts: Facts, link_id: str) -> Any:
    value = facts.answers.get(link_id)
    return None if value in ("", [], None) else value


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _said(link_id: str, value: Any) -> Evidence:
    return [{"kind": "answer", "link_id": link_id, "value": value}]


def _yes(link_id: str, facts: Facts, strict: bool) -> Evidence | None:
    value = _answer(facts, link_id)
    if value == "yes" or value is True or (strict and value == "not-sure"):
        return _said(link_id, value)
    return None


def _unsure(link_id: str, facts: Facts, strict: bool) -> Evidence | None:
    return _said(link_id, "not-sure") if _answer(facts, link_id) == "not-sure" else None


def _answered(link_id: str, facts: Facts, strict: bool) -> Evidence | None:
    value = _answer(facts, link_id)
    return None if value is None else _said(link_id, value)


def _answer_in(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    given = [value for value in _listed(_answer(facts, body["of"])) if value in body["in"]]
    return _said(body["of"], given[0] if len(given) == 1 else given) if given else None


def _ticked(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    if body["code"] in _listed(_answer(facts, body["of"])):
        return _said(body["of"], body["code"])
    return _tick_unsure(body, facts, strict) if strict else None


def _tick_unsure(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    is_named = body["code"] in _listed(_answer(facts, body["unsure"]))
    return _said(body["unsure"], body["code"]) if is_named else None


def _number(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    value = _answer(facts, body["of"])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _said(body["of"], value) if _is_between(value, body) else None


def _is_between(value: float, body: Expression) -> bool:
    return body.get("at_least", value) <= value and ("below" not in body or value < body["below"])


def _date(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    value = _answer(facts, body["of"])
    if value is None:
        return None
    age_in_days = (facts.today - date.fromisoformat(value)).days
    return _said(body["of"], value) if age_in_days <= body["within_days"] else None


def _age(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    return [{"kind": "age", "value": facts.age}] if _is_between(facts.age, body) else None


def _medicine(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    wanted = [mention for mention in facts.mentions if _is_wanted(mention, body, facts.today)]
    if len({mention.match.substance for mention in wanted}) < body.get("substances", 1):
        return None
    return [mention.evidence for mention in wanted]


def _is_wanted(mention: Mention, body: Expression, today: date) -> bool:
    if mention.match.medicine_class not in body["class"]:
        return False
    if mention.match.certainty not in body.get("certainty", ["named"]):
        return False
    return _is_from_then(mention, body, today)


def _is_from_then(mention: Mention, body: Expression, today: date) -> bool:
    """Taken now unless the rule says: begun within, ended within, or now and nobody knows since when."""
    if "started_within_days" in body:
        started_on = mention.started_on
        return started_on is not None and 0 <= (today - started_on).days <= body["started_within_days"]
    if "ended_within_days" in body:
        return mention.is_past(today) and (today - (mention.ended_on or today)).days <= body["ended_within_days"]
    return not mention.is_past(today) and not (body.get("undated") and mention.started_on)


def _only_medicines(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    """Whether every part of an answer names a medicine of these classes, without a doubt, and nothing else."""
    text = str(_answer(facts, body["of"]) or "")
    parts = [medicines.matches(" ".join(words)) for words in medicines.segments(text)]
    is_only = bool(parts) and all(
        part and all(match.medicine_class in body["class"] and match.certainty == "named" for match in part)
        for part in parts
    )
    return _said(body["of"], text) if is_only else None


def _condition(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    held = [row for row in facts.conditions if _is_meant(row, body) and _is_in_time(row, body, facts.today)]
    return [{"kind": "condition", "id": row.id, "text": row.text or row.kind, "code": row.code} for row in held] or None


def _is_meant(row: ConditionFact, body: Expression) -> bool:
    text = f" {medicines.normalise(row.text)} "
    if any(f" {term} " in text for term in body.get("not_terms", [])):
        return False
    return (
        row.kind in body.get("kinds", [])
        or any(row.code.startswith(prefix) for prefix in body.get("codes", []) if row.code)
        or any(f" {term} " in text for term in body.get("terms", []))
    )


def _is_in_time(row: ConditionFact, body: Expression, today: date) -> bool:
    """Standing now unless the rule says: begun within, ended within, or over."""
    days_since_onset = (today - row.onset_on).days if row.onset_on else None
    days_since_end = (today - row.ended_on).days if row.ended_on and row.ended_on < today else None
    if body.get("over"):
        return days_since_end is not None
    is_recent = "within_days" not in body or (days_since_onset is not None and days_since_onset <= body["within_days"])
    if days_since_end is None:
        return is_recent
    return "ended_within_days" in body and days_since_end <= body["ended_within_days"]


def _allergy(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    held = [
        row
        for row in facts.allergies
        if row.category in body.get("categories", [])
        or any(f" {term} " in f" {medicines.normalise(row.substance)} " for term in body.get("terms", []))
    ]
    return [{"kind": "allergy", "id": row.id, "text": row.substance} for row in held] or None


def _at_visit(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    """Which answers count is named in the rule, "not sure" among them or not."""
    said = facts.at_visit.get(body["of"])
    if said is None or said.value not in body["in"]:
        return None
    return [{"kind": "visit", "link_id": body["of"], "value": said.value}]


def _found(body: Expression, facts: Facts, strict: bool) -> Evidence | None:
    held = [
        one
        for one in facts.found
        if one.rule_id in body.get("rules", [one.rule_id])
        and one.rule_id not in body.get("not_rules", [])
        and one.severity in body.get("severities", [one.severity])
    ]
    return [{"kind": "rule", "id": one.rule_id, "text": one.title} for one in held] or None


_OPERATORS: dict[str, Callable[[Any, Facts, bool], Evidence | None]] = {
    "yes": _yes,
    "unsure": _unsure,
    "answered": _answered,
    "answer": _answer_in,
    "ticked": _ticked,
    "tick_unsure": _tick_unsure,
    "number": _number,
    "date": _date,
    "age": _age,
    "medicine": _medicine,
    "only_medicines": _only_medicines,
    "condition": _condition,
    "allergy": _allergy,
    "at_visit": _at_visit,
    "found": _found,
}
