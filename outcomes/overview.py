"""What a patient's outcomes page shows, read in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from clinic.models import Location
from outcomes.course import Course, Point, curve, judge
from outcomes.measure_curves import MeasureCurve, measure_curves
from outcomes.models import MEANINGFUL_POINTS, Measurement, PainScore, Survey
from patients.catalogue import condition_name
from patients.gate import home_of
from patients.models import Episode, Patient


@dataclass(frozen=True)
class ScoreRow:
    """A score and where it came from. `session_id` leads to the session's page."""

    score: PainScore
    source: str
    session_id: str


@dataclass(frozen=True)
class EpisodeOutcome:
    """One episode: what it is about, its curve, its scores and what can be said about them."""

    episode: Episode
    name: str
    course: Course
    points: list[Point]
    rows: list[ScoreRow]
    sentence: str
    measures: list[MeasureCurve]


@dataclass(frozen=True)
class Overview:
    """Everything the page prints. `home` is the location whose clock the dates are on."""

    home: Location | None
    episodes: list[EpisodeOutcome]
    surveys: list[Survey]


_SOURCES = {"session": "Session", "survey": "Follow-up question", "response": "Intake"}


def overview(*, patient: Patient, user: Any) -> Overview:
    """A patient's episodes, newest first, with their scores and surveys as far as this user may see them."""
    scores = _by_episode(PainScore.objects.visible_to(user).filter(patient=patient).in_order())
    surveys = list(Survey.objects.visible_to(user).filter(patient=patient).for_list().newest_first())
    surveys_of = _by_episode(surveys)
    measured = _by_episode(Measurement.objects.visible_to(user).filter(patient=patient).with_scores().in_order())
    episodes = Episode.objects.visible_to(user).filter(patient=patient).select_related("condition")
    return Overview(
        home=home_of(patient),
        episodes=[
            _outcome(episode, scores[episode.pk], surveys_of[episode.pk], measured[episode.pk])
            for episode in episodes.order_by("-opened_on", "-id")
        ],
        surveys=surveys,
    )


def _outcome(
    episode: Episode, scores: list[PainScore], surveys: list[Survey], measured: list[Measurement]
) -> EpisodeOutcome:
    course = judge(scores, surveys)
    condition = episode.condition
    return EpisodeOutcome(
        episode=episode,
        name=condition_name(condition.kind, condition.text) if condition else "No condition recorded",
        course=course,
        points=curve(scores),
        rows=[_row(score) for score in reversed(scores)],
        sentence=_sentence(course),
        measures=measure_curves(measured),
    )


def _row(score: PainScore) -> ScoreRow:
    kind, _, source_id = score.source_key.partition(":")
    return ScoreRow(score, _SOURCES.get(kind, "Other"), source_id if kind == "session" else "")


def _sentence(course: Course) -> str:
    """What the numbers allow to say, and no more."""
    if course.baseline is None:
        return "No score was taken in the 14 days before the first treatment, so a change cannot be told."
    if course.latest is None:
        return "Only the baseline so far."
    if not course.is_settled:
        return "Too early to judge: at least 14 days and two treatments must lie between the two scores."
    return _verdict(course)


def _verdict(course: Course) -> str:
    if course.has_responded is None:
        return "There was no pain at the start, so pain cannot show a response."
    if course.has_responded:
        return "That is a meaningful change for one person: at least 2 points and 30 % less. Why, it does not tell."
    if (course.change or 0) >= MEANINGFUL_POINTS:
        return "The pain is higher than at the start by 2 points or more."
    return "That is less than what usually matters to a person, 2 points and 30 %."


def _by_episode(rows: Any) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.episode_id].append(row)
    return grouped
