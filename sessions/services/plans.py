"""The plan of care: agreed, changed by new versions, rated by the patient, ended by a discharge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from audit.services import record
from clinic.core.errors import Changed, Invalid, NotFound
from patients.gate import lock_patient
from patients.models import Episode
from patients.services import close_episode
from sessions import catalogue
from sessions.access import require_therapist
from sessions.errors import EpisodeClosed, NotesUnsigned
from sessions.events import prose
from sessions.goals import measurements_of, newest_plan
from sessions.models import (
    CarePlan,
    CloseReason,
    Discharge,
    GoalMeasure,
    GoalRating,
    MotionMode,
    PlanGoal,
    TreatmentSession,
)
from staff.models import User

PROBLEM_LENGTH = 1_000
SUMMARY_LENGTH = 4_000
GOAL_LENGTH = 200
MOST_GOALS = 6
MOST_VISITS = 100
LONGEST_DAYS_BETWEEN = 90


@transaction.atomic
def save_plan(
    *,
    episode: Episode,
    problem: str,
    planned_visits: int,
    days_between_visits: int,
    goals: Iterable[Mapping[str, Any]],
    expected_number: int | None,
    by: User,
) -> CarePlan:
    """Agree on a plan, or change it by a new version; goals keep their `goal_id`. `expected_number` is the version that
    was read, 0 before the first. A goal without a baseline begins where the records stand. Raises Changed, Invalid."""
    held = _lock_open(episode, by=by)
    before = newest_plan(held)
    number = before.number if before else 0
    if expected_number is not None and expected_number != number:
        raise Changed(current_version=number)
    cleaned = _clean_plan(problem, planned_visits, days_between_visits)
    rows = _goals(list(goals), held, known=set(before.goals.values_list("goal_id", flat=True)) if before else set())
    plan = CarePlan.objects.create(patient=held.patient, episode=held, number=number + 1, author=by, **cleaned)
    for position, row in enumerate(rows, start=1):
        row.plan, row.position = plan, position
    PlanGoal.objects.bulk_create(rows)
    _note("plan.changed" if before else "plan.agreed", plan, held, by, number=plan.number)
    return plan


@transaction.atomic
def rate_goal(
    *, episode: Episode, goal_id: Any, score: int, by: User, session: TreatmentSession | None = None
) -> GoalRating:
    """Keep how near the patient says a goal is, 0 to 10."""
    held = _lock_open(episode, by=by)
    plan = newest_plan(held)
    rated = plan.goals.filter(goal_id=goal_id, measure=GoalMeasure.RATING).exists() if plan else False
    if not rated or (session is not None and session.episode_id != held.pk):
        raise NotFound()
    if not _is_between(score, 0, 10):
        raise Invalid(fields={"score": "A whole number from 0 to 10."})
    row = GoalRating.objects.create(
        patient=held.patient, episode=held, goal_id=goal_id, score=score, session=session, by=by
    )
    _note("goal.rated", row, held, by, goal_id=str(goal_id))
    return row


@transaction.atomic
def discharge_episode(
    *, episode: Episode, reason: str, summary: str, by: User, discharged_on: date | None = None
) -> Discharge:
    """End the episode with a reason and a summary. Refused while a note of it waits for a signature."""
    held = _lock_open(episode, by=by)
    if TreatmentSession.objects.drafts().filter(episode=held).exists():
        raise NotesUnsigned()
    wrong = {} if reason in CloseReason.values else {"reason": "Choose a reason of the list."}
    text = _prose(summary, "summary", SUMMARY_LENGTH, wrong)
    if wrong:
        raise Invalid(fields=wrong)
    try:
        closed = close_episode(episode=held, reason=reason, closed_on=discharged_on, by=by)
    except Invalid as refusal:
        raise Invalid(fields={"discharged_on": refusal.fields["closed_on"]}) from None
    known: Any = {"reason": reason, "summary": text, "discharged_on": closed.closed_on}
    row = Discharge.objects.create(patient=held.patient, episode=closed, by=by, **known)
    _note("episode.discharged", row, held, by, reason=reason)
    return row


def _lock_open(episode: Episode, *, by: User) -> Episode:
    """The patient's lock keeps two plans, or a plan and a discharge, from passing each other."""
    require_therapist(by)
    lock_patient(episode.patient, by=by)
    held: Episode = Episode.objects.select_related("patient").get(pk=episode.pk)
    if held.closed_on is not None:
        raise EpisodeClosed(closed_on=held.closed_on.isoformat())
    return held


def _clean_plan(problem: str, planned_visits: int, days_between_visits: int) -> dict[str, Any]:
    wrong: dict[str, str] = {}
    text = _prose(problem, "problem", PROBLEM_LENGTH, wrong)
    if not _is_between(planned_visits, 1, MOST_VISITS):
        wrong["planned_visits"] = f"1 to {MOST_VISITS} visits."
    if not _is_between(days_between_visits, 1, LONGEST_DAYS_BETWEEN):
        wrong["days_between_visits"] = f"1 to {LONGEST_DAYS_BETWEEN} days."
    if wrong:
        raise Invalid(fields=wrong)
    return {"problem": text, "planned_visits": planned_visits, "days_between_visits": days_between_visits}


def _goals(entries: list[Mapping[str, Any]], episode: Episode, *, known: set[Any]) -> list[PlanGoal]:
    if not 1 <= len(entries) <= MOST_GOALS:
        raise Invalid(fields={"goals": f"1 to {MOST_GOALS} goals."})
    wrong: dict[str, str] = {}
    rows = [_goal(entry, f"goals.{position}", wrong) for position, entry in enumerate(entries, start=1)]
    kept = [entry["goal_id"] for entry in entries if entry.get("goal_id")]
    if not set(kept) <= known or len(set(kept)) != len(kept):
        wrong["goals"] = "A goal that is kept is one of the plan before, once."
    if wrong:
        raise Invalid(fields=wrong)
    measured = measurements_of(episode)
    for position, (row, entry) in enumerate(zip(rows, entries, strict=True), start=1):
        row.baseline = _baseline(row, entry.get("baseline"), measured.of(row))
        if row.baseline == row.target:
            wrong[f"goals.{position}"] = "Where it begins and where it should end are the same, or nothing is measured."
    if wrong:
        raise Invalid(fields=wrong)
    return rows


def _baseline(row: PlanGoal, told: int | None, measured: Any) -> int:
    """As told, or where the records stand; the target itself when neither says anything."""
    if told is not None:
        return told
    return measured.value if measured is not None else row.target


def _goal(entry: Mapping[str, Any], place: str, wrong: dict[str, str]) -> PlanGoal:
    measure, target, baseline = entry.get("measure", ""), entry.get("target"), entry.get("baseline")
    row = PlanGoal(words=_prose(entry.get("words"), f"{place}.words", GOAL_LENGTH, wrong), measure=measure)
    if entry.get("goal_id"):
        row.goal_id = entry["goal_id"]
    if measure not in GoalMeasure.values:
        wrong[f"{place}.measure"] = "Choose how it is measured."
    lowest, highest = (-180, 200) if measure == GoalMeasure.MOTION else (0, 10)
    for name, value in (("target", target), ("baseline", 0 if baseline is None else baseline)):
        if not _is_between(value, lowest, highest):
            wrong[f"{place}.{name}"] = f"A whole number from {lowest} to {highest}."
    row.target = target  # type: ignore[assignment]  # a wrong one is refused with the others
    if measure == GoalMeasure.MOTION:
        _choose_motion(row, entry, place, wrong)
    return row


def _choose_motion(row: PlanGoal, entry: Mapping[str, Any], place: str, wrong: dict[str, str]) -> None:
    known = catalogue.motions().get(f"{entry.get('joint')}.{entry.get('motion')}")
    if known is None:
        wrong[f"{place}.motion"] = "Choose a motion of the list."
        return
    side = entry.get("side") or ("" if known.is_sided else known.sides[0])
    mode = entry.get("mode") or MotionMode.ACTIVE.value
    if side not in known.sides:
        wrong[f"{place}.side"] = "This motion has: " + ", ".join(known.sides) + "."
    if mode not in MotionMode.values:
        wrong[f"{place}.mode"] = "Choose active, passive or active-assisted."
    row.joint, row.motion, row.side, row.mode = known.joint, known.motion, side, mode


def _prose(value: Any, name: str, longest: int, wrong: dict[str, str]) -> str:
    try:
        return prose(longest, is_required=True)(value)
    except ValueError as problem:
        wrong[name] = str(problem)
        return ""


def _is_between(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _note(action: str, subject: Any, episode: Episode, by: User, **facts: Any) -> None:
    known = {"episode_id": str(episode.public_id), **facts}
    record(actor=by, action=action, subject=subject, patient=episode.patient, facts=known)
