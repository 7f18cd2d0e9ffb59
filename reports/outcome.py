"""The outcome report: numbers of a cohort, with their intervals and with small groups hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.utils import timezone

from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Location
from outcomes.models import MEANINGFUL_PERCENT, MEANINGFUL_POINTS
from reports import statistics
from reports.cohort import Activity, Cohort, Episodes, Pair, read_activity, read_episodes
from reports.definitions import COHORT_RULES, PITFALLS
from reports.statistics import MeanChange, MedianChange
from reports.suppression import Count, Share, is_small, minimum_cell, reveal, reveal_share
from staff.models import User

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
# Thresholds of clinical.md 7.2.
_LOW_BELOW, _CAUTION_BELOW = 60, 80
# Baseline and last of one person, or arrays of them.
Rule = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Flow:
    """How many there were at each step."""

    people_with_sessions: Count
    sessions: Count
    episodes_started: Count
    people: Count
    with_baseline: Count
    with_last: Count


@dataclass(frozen=True)
class Indicator:
    """A share of people, on both denominators: everybody with a baseline (missing counts as no), and completers."""

    code: str
    label: str
    of_all: Share
    of_completers: Share


@dataclass(frozen=True)
class Effects:
    """Unexpected effects told in follow-ups about the sessions of the range."""

    effects: Count
    answered: Count
    per_thousand_sessions: float | None
    per_thousand_answers: float | None


@dataclass(frozen=True)
class OutcomeReport:
    """Everything the screen prints and the API answers. `mean` and `median` are None when too few to print."""

    from_on: date
    to_on: date
    location: Location | None
    generated_at: datetime
    minimum_cell: int
    flow: Flow
    completeness: Share
    completeness_label: str
    mean_baseline_of_all: float | None
    change: MeanChange | None
    median: MedianChange | None
    indicators: tuple[Indicator, ...]
    low_baselines: Count
    effects: Effects
    rules: tuple[str, ...] = COHORT_RULES
    pitfalls: tuple[str, ...] = PITFALLS

    @property
    def is_empty(self) -> bool:
        return self.flow.people_with_sessions.value == 0


def outcome_report(*, user: User, from_on: date, to_on: date, location: Location | None = None) -> OutcomeReport:
    """How the episodes that started in the range went, for the places and patients this user may count."""
    cohort = permitted_cohort(user=user, from_on=from_on, to_on=to_on, location=location)
    return compute(cohort, read_episodes(cohort), read_activity(cohort))


def permitted_cohort(*, user: User, from_on: date, to_on: date, location: Location | None) -> Cohort:
    """The cohort, or why this user may not count it."""
    if not user.reads_reports:
        raise NotAllowed()
    if location is not None and not Location.objects.visible_to(user).filter(pk=location.pk).exists():
        raise NotFound()
    if not EARLIEST <= from_on <= LATEST:
        raise Invalid(fields={"from": "A date from 2000 to 2100."})
    if not from_on <= to_on <= LATEST:
        raise Invalid(fields={"to": "A date from the first day of the range to 2100."})
    return Cohort(user=user, from_on=from_on, to_on=to_on, location=location)


def compute(cohort: Cohort, episodes: Episodes, activity: Activity) -> OutcomeReport:
    """The report from what the database counted. Pure: no queries."""
    scores = _Scores.of(episodes.pairs)
    completeness = reveal_completeness(len(scores.baseline), len(scores.all_baselines))
    is_printable = not is_small(len(scores.baseline))
    return OutcomeReport(
        from_on=cohort.from_on,
        to_on=cohort.to_on,
        location=cohort.location,
        generated_at=timezone.now(),
        minimum_cell=minimum_cell(),
        flow=_flow(episodes, activity, scores),
        completeness=completeness,
        completeness_label=completeness_label(completeness.percent),
        mean_baseline_of_all=_mean_of_all(scores),
        change=statistics.mean_change(scores.baseline, scores.last) if is_printable else None,
        median=_median(scores) if is_printable else None,
        indicators=tuple(_indicators(scores)),
        low_baselines=reveal(int((scores.all_baselines < MEANINGFUL_POINTS).sum())),
        effects=_effects(activity),
    )


@dataclass(frozen=True)
class _Scores:
    """One score for each person, from the histogram: everybody's baseline, and the pairs of those with both."""

    all_baselines: np.ndarray
    baseline: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> _Scores:
        started = [pair for pair in pairs if pair.baseline is not None]
        paired = [pair for pair in started if pair.last is not None]
        return cls(
            _repeat((pair.baseline, pair.people) for pair in started),
            _repeat((pair.baseline, pair.people) for pair in paired),
            _repeat((pair.last, pair.people) for pair in paired),
        )


def _repeat(counted: Iterable[tuple[int | None, int]]) -> np.ndarray:
    rows = list(counted)
    return np.repeat(np.asarray([score for score, _ in rows], dtype=int), [people for _, people in rows])


def reveal_completeness(paired: int, with_baseline: int) -> Share:
    """Whether a second score exists says nothing about health: only the group itself must not be small."""
    interval = statistics.wilson(paired, with_baseline)
    if interval is None or is_small(with_baseline):
        return Share(reveal(paired), reveal(with_baseline), None, None, None)
    return Share(
        reveal(paired), reveal(with_baseline), 100 * paired / with_baseline, 100 * interval.low, 100 * interval.high
    )


def completeness_label(percent: float | None) -> str:
    """How far the paired scores can be trusted to speak for everybody."""
    if percent is None:
        return ""
    if percent < _LOW_BELOW:
        return "low"
    return "caution" if percent < _CAUTION_BELOW else "good"


def fell_by(points: int) -> Rule:
    """Whether the pain fell by so many points."""
    return lambda baseline, last: baseline - last >= points


def fell_by_percent(percent: int) -> Rule:
    """Whether the pain fell by this share of a baseline above 0. In whole numbers: 30 % of 10 is exactly 3."""
    return lambda baseline, last: (baseline > 0) & (100 * (baseline - last) >= percent * baseline)


def rose_by(points: int) -> Rule:
    """Whether the pain rose by so many points."""
    return lambda baseline, last: last - baseline >= points


def responded(baseline: Any, last: Any) -> Any:
    """A response of a person: enough points and enough of the baseline."""
    return fell_by(MEANINGFUL_POINTS)(baseline, last) & fell_by_percent(MEANINGFUL_PERCENT)(baseline, last)


# code, label, rule, and whether people with a baseline of 0 are left out.
INDICATORS: tuple[tuple[str, str, Rule, bool], ...] = (
    ("fell_2_points", "Pain fell by 2 points or more", fell_by(MEANINGFUL_POINTS), False),
    ("fell_30_percent", "Pain fell by 30 % or more", fell_by_percent(MEANINGFUL_PERCENT), True),
    ("fell_50_percent", "Pain fell by 50 % or more", fell_by_percent(50), True),
    ("responded", "Responded: both 2 points and 30 %", responded, True),
    ("rose_2_points", "Worse: pain rose by 2 points or more", rose_by(MEANINGFUL_POINTS), False),
)


def _indicators(scores: _Scores) -> Iterable[Indicator]:
    for code, label, rule, needs_pain in INDICATORS:
        counts = scores.baseline > 0 if needs_pain else scores.baseline >= 0
        everybody = int((scores.all_baselines > 0).sum()) if needs_pain else len(scores.all_baselines)
        count = int((rule(scores.baseline, scores.last) & counts).sum())
        yield Indicator(code, label, reveal_share(count, everybody), reveal_share(count, int(counts.sum())))


def _flow(episodes: Episodes, activity: Activity, scores: _Scores) -> Flow:
    return Flow(
        people_with_sessions=reveal(activity.people),
        sessions=reveal(activity.sessions),
        episodes_started=reveal(episodes.started),
        people=reveal(sum(pair.people for pair in episodes.pairs)),
        with_baseline=reveal(len(scores.all_baselines)),
        with_last=reveal(len(scores.baseline)),
    )


def _effects(activity: Activity) -> Effects:
    if is_small(activity.people_with_effects) or is_small(activity.people):
        hidden = reveal(activity.people_with_effects)
        return Effects(hidden, reveal(activity.answered_surveys), None, None)
    return Effects(
        effects=Count(activity.unexpected_effects, f"{activity.unexpected_effects:,}"),
        answered=reveal(activity.answered_surveys),
        per_thousand_sessions=statistics.per_thousand(activity.unexpected_effects, activity.sessions),
        per_thousand_answers=statistics.per_thousand(activity.unexpected_effects, activity.answered_surveys),
    )


def _median(scores: _Scores) -> MedianChange | None:
    if len(scores.baseline) >= statistics.SMALL_SAMPLE:
        return None
    return statistics.median_change(scores.baseline, scores.last)


def _mean_of_all(scores: _Scores) -> float | None:
    """Hidden also when very few lack a last score: theirs would follow from the completers' mean."""
    everybody, completers = len(scores.all_baselines), len(scores.baseline)
    if everybody == 0 or is_small(everybody) or is_small(everybody - completers):
        return None
    return float(scores.all_baselines.mean())
