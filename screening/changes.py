"""What is known, before a visit, of what has changed since the last one (clinical.md §2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from questionnaires.presenting import ReadableAnswer, readable
from screening.models import ChangeCheck

CHANGES = "change-check"
QUESTIONS = ("change-diagnosis", "change-medicine", "change-injury", "change-unwell", "change-pregnant")
# How long before a visit an answer still counts. A default that needs clinical review.
HOLDS_FOR = timedelta(hours=72)


class Known(StrEnum):
    """Whether the five questions are answered for a visit."""

    MISSING = "missing"
    UNCHANGED = "unchanged"
    # Something changed, or the patient is not sure: a therapist has to look before the session.
    CHANGED = "changed"
    LOOKED_AT = "looked_at"


def is_no_change(answers: Mapping[str, object]) -> bool:
    """Whether every question that was asked got a plain no."""
    said = [answers[name] for name in QUESTIONS if name in answers]
    return bool(said) and all(answer == "no" for answer in said)


def known_of(check: ChangeCheck | None, *, at: datetime) -> Known:
    """What a check says about a session at an instant: too old an answer is none, but a change waits for a therapist
    however long ago it was told."""
    if check is None or check.answered_at is None:
        return Known.MISSING
    if waits_for_a_look(check):
        return Known.CHANGED
    if check.answered_at < at - HOLDS_FOR:
        return Known.MISSING
    return Known.LOOKED_AT if check.has_changes else Known.UNCHANGED


def waits_for_a_look(check: ChangeCheck) -> bool:
    """Whether something changed and no therapist has read it."""
    return bool(check.has_changes) and check.seen_at is None


def known_before(visit_ids: Mapping[UUID, datetime]) -> dict[UUID, Known]:
    """Of several visits, by public id, each with its instant. One query."""
    rows = {check.visit_id: check for check in ChangeCheck.objects.filter(visit_id__one_of=list(visit_ids))}
    return {visit_id: known_of(rows.get(visit_id), at=at) for visit_id, at in visit_ids.items()}


@dataclass(frozen=True)
class ChangeLine:
    """A check, and in words what was not answered by a plain no."""

    check: ChangeCheck
    answers: tuple[ReadableAnswer, ...]


def line_of(check: ChangeCheck) -> ChangeLine:
    """The check for a therapist's page. Comes with `response__questionnaire` and `seen_by`."""
    given = check.response.answers
    pages = readable(check.response.questionnaire.form(), given, "en")
    told = (answer for page in pages for answer in page.answers if given[answer.link_id] != "no")
    return ChangeLine(check, tuple(told))
