"""What can be said of one episode; the same rule as the reports' SQL (see tests/reports/test_agreement.py)."""

import uuid
from datetime import timedelta

import pytest

from outcomes.course import curve, judge
from outcomes.models import PainScore, Survey
from tests.factories import NINE

DAY = timedelta(days=1)
FIRST, SECOND, THIRD = (f"session:{uuid.UUID(int=number)}" for number in (1, 2, 3))


def score(value, days, moment="before", source="response:1"):
    score.count += 1
    return PainScore(pk=score.count, score=value, moment=moment, measured_at=NINE + days * DAY, source_key=source)


score.count = 0


def treated(*days):
    """Scored sessions on these days, all with 9 before and 0 after."""
    sources = (FIRST, SECOND, THIRD)
    return [row for day, source in zip(days, sources, strict=False) for row in (
        score(9, day, "before", source), score(0, day + 0.04, "after", source)
    )]  # fmt: skip


def test_the_first_sessions_score_before_treatment_is_the_baseline():
    course = judge([*treated(0, 7, 14), score(4, 21, "follow_up")], [])
    assert (course.baseline.score, course.latest.score, course.change) == (9, 4, -5)
    assert course.is_settled
    assert course.has_responded is True


def test_scores_after_a_session_are_neither_baseline_nor_latest():
    course = judge([score(0, 0.04, "after", FIRST), score(6, 7, "before", SECOND)], [])
    assert course.baseline is None
    assert course.latest.score == 6
    assert course.change is None


@pytest.mark.parametrize(("days", "expected"), [(-14, 5), (-14.01, None)])
def test_an_intake_score_counts_for_14_days(days, expected):
    course = judge([score(5, days, "intake"), score(2, 0, "after", FIRST)], [])
    assert (course.baseline.score if course.baseline else None) == expected


def test_a_session_known_only_from_its_survey_was_a_treatment():
    survey = Survey(session_id=uuid.UUID(int=1), due_at=NINE + DAY)
    course = judge([score(8, 7, "before", SECOND), score(3, 30, "follow_up")], [survey])
    assert course.baseline is None


@pytest.mark.parametrize(
    ("treatments", "last_day", "is_settled"), [((0, 7), 14, True), ((0, 7), 13.9, False), ((0,), 30, False)]
)
def test_it_is_too_early_before_14_days_and_two_treatments(treatments, last_day, is_settled):
    course = judge([*treated(*treatments), score(4, last_day, "follow_up")], [])
    assert course.is_settled is is_settled
    assert course.has_responded is (True if is_settled else None)


@pytest.mark.parametrize(
    ("baseline", "last", "has_responded"),
    [
        (9, 7, False),
        (9, 6, True),
        (10, 7, True),
        (6, 4, True),
        (7, 5, False),
        (1, 0, False),
        (0, 0, None),
        (5, 8, False),
    ],
)
def test_a_response_needs_2_points_and_30_percent(baseline, last, has_responded):
    rows = [score(baseline, 0, "before", FIRST), score(1, 7, "before", SECOND), score(last, 20, "follow_up")]
    assert judge(rows, []).has_responded is has_responded


def test_without_any_score_there_is_nothing_to_say():
    course = judge([], [])
    assert (course.baseline, course.latest, course.change, course.has_responded) == (None, None, None, None)
    assert curve([]) == []


def test_the_curve_has_one_point_for_each_session_and_follow_up():
    points = curve([*treated(0, 7), score(4, 8, "follow_up", "survey:1"), score(8, -2, "intake", "response:1")])
    assert [(point.before, point.after, point.follow_up) for point in points] == [
        (8, None, None), (9, 0, None), (9, 0, None), (None, None, 4),
    ]  # fmt: skip
    assert [point.on for point in points] == sorted(point.on for point in points)
