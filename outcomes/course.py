"""How one episode went, for its patient and therapist: the rule of outcomes.models over rows already read.

Reports apply the same rule in SQL over many episodes; a test holds the two together.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from outcomes.models import (
    BASELINE_WINDOW,
    LAST_AFTER,
    LAST_AFTER_VISITS,
    MEANINGFUL_PERCENT,
    MEANINGFUL_POINTS,
    Moment,
    PainScore,
    Survey,
)

# A follow-up is due this long after its session (sessions.services.sign_session).
_ASKED_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Course:
    """Baseline and latest score of an episode. `is_settled`: enough time and treatments lie between to judge."""

    baseline: PainScore | None
    latest: PainScore | None
    is_settled: bool

    @property
    def change(self) -> int | None:
        """Latest minus baseline: below zero is less pain."""
        if self.baseline is None or self.latest is None:
            return None
        return self.latest.score - self.baseline.score

    @property
    def points_less(self) -> int:
        """How many points less than at the start; below zero is more pain."""
        return -(self.change or 0)

    @property
    def has_responded(self) -> bool | None:
        """At least 2 points and 30 % less; None while it cannot be judged."""
        if self.baseline is None or self.change is None or not self.is_settled or self.baseline.score == 0:
            return None
        has_enough_percent = 100 * self.points_less >= MEANINGFUL_PERCENT * self.baseline.score
        return self.points_less >= MEANINGFUL_POINTS and has_enough_percent


@dataclass(frozen=True)
class Point:
    """One place on the curve: a session with its score before and after, or a follow-up."""

    on: datetime
    before: int | None = None
    after: int | None = None
    follow_up: int | None = None


def judge(scores: Iterable[PainScore], surveys: Iterable[Survey]) -> Course:
    """The course of one episode from its scores and its surveys, both of that episode only."""
    comparable = [score for score in _in_order(scores) if score.moment != Moment.AFTER]
    treatments = _treatments(scores, surveys)
    if not treatments:
        return Course(None, comparable[-1] if comparable else None, is_settled=False)
    first_at, first_key = treatments[0]
    baseline = _last(comparable, lambda score: score.source_key == first_key) or _last(
        comparable, lambda score: first_at - BASELINE_WINDOW <= score.measured_at <= first_at
    )
    later = [score for score in comparable if baseline and score.measured_at > baseline.measured_at]
    if baseline is None or not later:
        return Course(baseline, comparable[-1] if comparable and baseline is None else None, is_settled=False)
    return Course(baseline, later[-1], is_settled=_is_settled(baseline, later[-1], treatments))


def curve(scores: Iterable[PainScore]) -> list[Point]:
    """One point for each source, in order of time. An intake score stands where a session's first one does."""
    by_source: dict[str, dict[str, int]] = {}
    began: dict[str, datetime] = {}
    for score in _in_order(scores):
        column = "before" if score.moment == Moment.INTAKE else str(score.moment)
        by_source.setdefault(score.source_key, {})[column] = score.score
        began.setdefault(score.source_key, score.measured_at)
    return [Point(on=began[source], **values) for source, values in by_source.items()]


def _last(scores: list[PainScore], is_meant: Callable[[PainScore], bool]) -> PainScore | None:
    return next((score for score in reversed(scores) if is_meant(score)), None)


def _is_settled(baseline: PainScore, last: PainScore, treatments: list[tuple[datetime, str]]) -> bool:
    is_late_enough = last.measured_at >= baseline.measured_at + LAST_AFTER
    treated = sum(performed_at < last.measured_at for performed_at, _ in treatments)
    return is_late_enough and treated >= LAST_AFTER_VISITS


def _treatments(scores: Iterable[PainScore], surveys: Iterable[Survey]) -> list[tuple[datetime, str]]:
    """When each session was, and its source key, as far as scores and surveys tell: sessions live a floor above."""
    performed: dict[str, datetime] = {}
    for survey in surveys:
        performed[_session_key(survey.session_id)] = survey.due_at - _ASKED_AFTER
    scored: dict[str, datetime] = {}
    for score in _in_order(scores):
        if score.moment in {Moment.BEFORE, Moment.AFTER}:
            scored.setdefault(score.source_key, score.measured_at)
    return sorted((at, key) for key, at in (performed | scored).items())


def _session_key(session_id: uuid.UUID) -> str:
    return f"session:{session_id}"


def _in_order(scores: Iterable[PainScore]) -> list[PainScore]:
    return sorted(scores, key=lambda score: (score.measured_at, score.pk))
