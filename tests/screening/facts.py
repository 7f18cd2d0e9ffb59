"""Facts as the rules see them, from a shipped intake; no database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from questionnaires.form import Form, read_form
from questionnaires.services.publishing import SHIPPED
from screening.engine import Finding, evaluate
from screening.facts import AllergyFact, ConditionFact, Facts, MedicineFact, VisitAnswer
from screening.rulebook import rulebook
from tests.screening.factories import CALM, STRONG

TODAY = date(2027, 1, 11)
NOW = datetime(2027, 1, 11, 15, 0, tzinfo=UTC)


@cache
def shipped_form(name: str = "intake.v2") -> Form:
    return read_form(json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8")))


def facts_of(
    answers: dict[str, Any] | None = None,
    *,
    age: int = 45,
    sex: str = "female",
    medicines: tuple[Any, ...] = (),
    conditions: tuple[dict[str, Any], ...] = (),
    allergies: tuple[tuple[str, str], ...] = (),
    without: tuple[str, ...] = (),
    answered_days_ago: int = 0,
    at_visit: dict[str, str] | None = None,
    said_hours_ago: float = 0,
) -> Facts:
    """A calm intake changed by `answers`, as it is kept when it is sent: questions not asked are left out. `at_visit`
    is what was answered or seen around a visit."""
    form = shipped_form()
    given = {"patient-age": age, "patient-sex": sex, **CALM, **STRONG, **(answers or {})}
    given = {link_id: value for link_id, value in given.items() if link_id not in without}
    enabled = form.enabled(given)
    return Facts(
        today=TODAY,
        age=age,
        answers={link_id: value for link_id, value in given.items() if link_id in enabled},
        answered_on=TODAY - timedelta(days=answered_days_ago),
        not_asked=frozenset(
            item.link_id for item in form.questions() if item.link_id not in enabled or not item.is_required
        ),
        medicines=tuple(
            MedicineFact(id=f"m{n}", **(row if isinstance(row, dict) else {"name": row}))
            for n, row in enumerate(medicines)
        ),
        conditions=tuple(ConditionFact(**{"id": f"c{n}", "kind": "other", **row}) for n, row in enumerate(conditions)),
        allergies=tuple(AllergyFact(f"a{n}", *row) for n, row in enumerate(allergies)),
        now=NOW,
        at_visit={
            link_id: VisitAnswer(value, NOW - timedelta(hours=said_hours_ago))
            for link_id, value in (at_visit or {}).items()
        },
    )


def fired(facts: Facts) -> dict[str, Finding]:
    """What the shipped rules say about the facts."""
    return {finding.rule_id: finding for finding in evaluate(facts, rulebook())}


def said(rule_id: str, answers: dict[str, Any] | None = None, **kwargs: Any) -> tuple[str, str] | None:
    """Severity and urgency of one rule over a changed calm intake; None where it does not fire."""
    finding = fired(facts_of(answers, **kwargs)).get(rule_id)
    return (finding.severity, finding.urgency) if finding else None
