"""What the API takes and gives about episodes and their plans."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from patients.models import Episode
from sessions.models import BodySide, CloseReason, Discharge, GoalMeasure, GoalRating, MotionMode
from sessions.services.plans import (
    GOAL_LENGTH,
    LONGEST_DAYS_BETWEEN,
    MOST_GOALS,
    MOST_VISITS,
    PROBLEM_LENGTH,
    SUMMARY_LENGTH,
)


class GoalInput(StrictSerializer):
    """A goal; with `goal_id` one of the version before. Without a baseline it begins where the records stand."""

    goal_id = serializers.UUIDField(required=False)
    words = serializers.CharField(max_length=GOAL_LENGTH)
    measure = serializers.ChoiceField(choices=GoalMeasure.choices)
    joint = serializers.CharField(required=False, max_length=30)
    motion = serializers.CharField(required=False, max_length=30)
    side = serializers.ChoiceField(choices=BodySide.choices, required=False)
    mode = serializers.ChoiceField(choices=MotionMode.choices, required=False)
    baseline = serializers.IntegerField(required=False, allow_null=True, min_value=-180, max_value=200)
    target = serializers.IntegerField(min_value=-180, max_value=200)


class PlanInput(StrictSerializer):
    problem = serializers.CharField(max_length=PROBLEM_LENGTH)
    planned_visits = serializers.IntegerField(min_value=1, max_value=MOST_VISITS)
    days_between_visits = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS_BETWEEN)
    goals = serializers.ListField(child=GoalInput(), min_length=1, max_length=MOST_GOALS)


class RatingInput(StrictSerializer):
    goal_id = serializers.UUIDField()
    score = serializers.IntegerField(min_value=0, max_value=10)


class DischargeInput(StrictSerializer):
    reason = serializers.ChoiceField(choices=CloseReason.choices)
    summary = serializers.CharField(max_length=SUMMARY_LENGTH)
    discharged_on = serializers.DateField(required=False, allow_null=True)


class EpisodeOutput(serializers.ModelSerializer[Episode]):
    """One person's one problem, from first visit to discharge."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    condition_id = serializers.UUIDField(source="condition.public_id", allow_null=True, default=None)

    class Meta:
        model = Episode
        fields = (
            "id", "patient_id", "condition_id", "opened_on", "closed_on", "close_reason", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class GoalOutput(serializers.Serializer[Any]):
    """A goal and where it stands: `now` is the last measurement, `percent` the share of the way that is done."""

    goal_id = serializers.UUIDField(source="goal.goal_id")
    words = serializers.CharField(source="goal.words")
    measure = serializers.ChoiceField(source="goal.measure", choices=GoalMeasure.choices)
    joint = serializers.CharField(source="goal.joint")
    motion = serializers.CharField(source="goal.motion")
    side = serializers.CharField(source="goal.side")
    mode = serializers.CharField(source="goal.mode")
    baseline = serializers.IntegerField(source="goal.baseline")
    target = serializers.IntegerField(source="goal.target")
    now = serializers.IntegerField(source="now.value", allow_null=True, default=None)
    measured_at = serializers.DateTimeField(source="now.at", allow_null=True, default=None)
    percent = serializers.IntegerField(allow_null=True)
    is_reached = serializers.BooleanField()


class DischargeOutput(serializers.ModelSerializer[Discharge]):
    id = serializers.UUIDField(source="public_id")
    by_id = serializers.UUIDField(source="by.public_id")

    class Meta:
        model = Discharge
        fields = ("id", "reason", "summary", "discharged_on", "by_id", "created_at")
        read_only_fields = fields


class PlanOutput(serializers.Serializer[Any]):
    """An episode's plan as it stands; `number` is its ETag, 0 before the first."""

    episode = EpisodeOutput()
    number = serializers.IntegerField(source="plan.number", default=0)
    problem = serializers.CharField(source="plan.problem", default="")
    planned_visits = serializers.IntegerField(source="plan.planned_visits", allow_null=True, default=None)
    days_between_visits = serializers.IntegerField(source="plan.days_between_visits", allow_null=True, default=None)
    visits_done = serializers.IntegerField()
    goals = GoalOutput(many=True)
    discharge = DischargeOutput(allow_null=True)


class RatingOutput(serializers.ModelSerializer[GoalRating]):
    id = serializers.UUIDField(source="public_id")
    by_id = serializers.UUIDField(source="by.public_id")

    class Meta:
        model = GoalRating
        fields = ("id", "goal_id", "score", "by_id", "created_at")
        read_only_fields = fields
