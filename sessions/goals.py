"""How near each goal of a plan is, computed from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outcomes.models import Moment, PainScore
from patients.models import Episode
from sessions import catalogue
from sessions.models import CarePlan, Discharge, GoalMeasure, GoalRating, PlanGoal, RangeOfMotion, TreatmentSession
from staff.models import User


@dataclass(frozen=True)
class Measured:
    """The last value of something, and when."""

    value: int
    at: datetime


@dataclass(frozen=True)
class GoalProgress:
    """A goal, where it stands, and how much of the way is done. None: nothing measured since."""

    goal: PlanGoal
    now: Measured | None

    @property
    def percent(self) -> int | None:
        """Of the way from baseline to target, 0 to 100."""
        if self.now is None:
            return None
        done = (self.now.value - self.goal.baseline) / (self.goal.target - self.goal.baseline)
        return round(100 * min(1.0, max(0.0, done)))

    @property
    def is_reached(self) -> bool:
        return self.percent == 100

    @property
    def is_worse(self) -> bool:
        """Further from the target than at the beginning."""
        if self.now is None:
            return False
        way, gone = self.goal.target - self.goal.baseline, self.now.value - self.goal.baseline
        return way * gone < 0

    @property
    def measure_words(self) -> str:
        if self.goal.measure == GoalMeasure.MOTION:
            known = catalogue.motions()[f"{self.goal.joint}.{self.goal.motion}"]
            side = f" {self.goal.side}" if known.is_sided else ""
            return f"{known.name}{side}, {self.goal.mode}"
        return str(GoalMeasure(self.goal.measure).label)

    @property
    def unit(self) -> str:
        if self.goal.measure != GoalMeasure.MOTION:
            return ""
        return {"deg": "°", "mm": " mm"}.get(catalogue.motions()[f"{self.goal.joint}.{self.goal.motion}"].unit, "")


@dataclass(frozen=True)
class PlanStanding:
    """An episode's plan as it stands."""

    episode: Episode
    plan: CarePlan | None
    goals: list[GoalProgress]
    visits_done: int
    discharge: Discharge | None

    @property
    def is_open(self) -> bool:
        return self.episode.closed_on is None


@dataclass(frozen=True)
class Measurements:
    """The last value of everything a goal of an episode may be measured by."""

    pain: Measured | None
    motions: Mapping[tuple[str, str, str, str], Measured]
    ratings: Mapping[Any, Measured]

    def of(self, goal: PlanGoal) -> Measured | None:
        if goal.measure == GoalMeasure.PAIN:
            return self.pain
        if goal.measure == GoalMeasure.MOTION:
            return self.motions.get((goal.joint, goal.motion, goal.side, goal.mode))
        return self.ratings.get(goal.goal_id)


def measurements_of(episode: Episode) -> Measurements:
    """Three queries, however many goals. Pain just after a session measures the session, not the course."""
    pain = (
        PainScore.objects.filter(episode=episode).exclude(moment=Moment.AFTER).order_by("-measured_at", "-id").first()
    )
    keys = ("joint", "motion", "side", "mode")
    moved = RangeOfMotion.objects.filter(session__episode=episode).select_related("session")
    moved = moved.order_by(*keys, "-session__performed_at", "-id").distinct(*keys)
    rated = GoalRating.objects.filter(episode=episode).order_by("goal_id", "-id").distinct("goal_id")
    return Measurements(
        pain=Measured(pain.score, pain.measured_at) if pain else None,
        motions={
            (row.joint, row.motion, row.side, row.mode): Measured(row.end, row.session.performed_at) for row in moved
        },
        ratings={row.goal_id: Measured(row.score, row.created_at) for row in rated},
    )


def newest_plan(episode: Episode) -> CarePlan | None:
    """The version that counts."""
    found: CarePlan | None = (
        CarePlan.objects.filter(episode=episode).newest().select_related("author", "patient", "episode").first()
    )
    return found


def standing_of(*, episode: Episode, user: User) -> PlanStanding:
    """An episode's plan with the progress of each goal, for somebody who may see the episode."""
    plan = newest_plan(episode)
    measured = measurements_of(episode) if plan else None
    goals = list(plan.goals.order_by("position")) if plan else []
    done = TreatmentSession.objects.visible_to(user).signed().filter(episode=episode).count()
    return PlanStanding(
        episode=episode,
        plan=plan,
        goals=[GoalProgress(goal, measured.of(goal)) for goal in goals] if measured else [],
        visits_done=done,
        discharge=Discharge.objects.filter(episode=episode).select_related("by").first(),
    )
