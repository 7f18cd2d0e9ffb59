"""The plan of care of an episode: versions that are added and never changed, ratings of goals, and the discharge."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Episode, Patient
from sessions.models.findings import MotionMode
from sessions.models.session import BodySide, TreatmentSession


class GoalMeasure(models.TextChoices):
    """What tells how near a goal is."""

    PAIN = "pain", "Pain score"
    MOTION = "motion", "A motion"
    RATING = "rating", "The patient's own rating, 0 to 10"


class CloseReason(models.TextChoices):
    """Why an episode ended (clinical.md 7.2)."""

    IMPROVED = "improved", "Improved"
    NOT_IMPROVED = "not_improved", "Not improved"
    COST = "cost", "Cost"
    MOVED = "moved", "Moved away"
    ADVERSE_EVENT = "adverse_event", "An adverse event"
    UNKNOWN = "unknown", "Not known"


class PlanQuerySet(ClinicalQuerySet):
    def newest(self) -> PlanQuerySet:
        """The plan that counts comes first."""
        newest: PlanQuerySet = self.order_by("-number")
        return newest


class CarePlan(Record):
    """One version of an episode's plan; the highest number counts. Append-only."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="care_plans")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="care_plans")
    number = models.PositiveSmallIntegerField()
    problem = models.TextField()
    planned_visits = models.PositiveSmallIntegerField()
    days_between_visits = models.PositiveSmallIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="care_plan_once_per_number", fields=["episode", "number"]),
            models.CheckConstraint(name="care_plan_names_the_problem", condition=~Q(problem="")),
            models.CheckConstraint(
                name="care_plan_visits_1_to_100", condition=Q(planned_visits__gte=1, planned_visits__lte=100)
            ),
            models.CheckConstraint(
                name="care_plan_every_1_to_90_days",
                condition=Q(days_between_visits__gte=1, days_between_visits__lte=90),
            ),
        ]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="care_plan_by_change")]

    def __str__(self) -> str:
        return f"care plan {self.pk}"

    @property
    def etag(self) -> str:
        return f'"{self.number}"'

    def get_absolute_url(self) -> str:
        return reverse("sessions:plan", args=[self.episode.public_id])


class PlanGoal(Record):
    """What a plan wants to reach, and how that is measured. Append-only, with its plan."""

    plan = models.ForeignKey(CarePlan, models.PROTECT, related_name="goals")
    # The same in every version of the plan, so that ratings stay with their goal.
    goal_id = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=200)
    measure = models.CharField(max_length=6, choices=GoalMeasure)
    # A joint and motion of sessions/catalogue/motions.json, when that is the measure.
    joint = models.CharField(max_length=30, default="", blank=True)
    motion = models.CharField(max_length=30, default="", blank=True)
    side = models.CharField(max_length=7, choices=BodySide, default="", blank=True)
    mode = models.CharField(max_length=8, choices=MotionMode, default="", blank=True)
    baseline = models.SmallIntegerField()
    target = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="plan_goal_once_per_plan", fields=["plan", "goal_id"]),
            models.UniqueConstraint(name="plan_goal_one_per_position", fields=["plan", "position"]),
            models.CheckConstraint(name="plan_goal_says_something", condition=~Q(words="")),
            models.CheckConstraint(name="plan_goal_measure_known", condition=Q(measure__in=GoalMeasure.values)),
            models.CheckConstraint(
                name="plan_goal_motion_names_which",
                condition=Q(measure="motion") ^ Q(joint="", motion="", side="", mode=""),
            ),
            models.CheckConstraint(name="plan_goal_has_a_way_to_go", condition=~Q(baseline=models.F("target"))),
        ]

    def __str__(self) -> str:
        return f"plan goal {self.pk}"


class GoalRating(Record):
    """How near the patient says a goal is, 0 to 10, on a day. Append-only: the newest counts."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="goal_ratings")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="goal_ratings")
    goal_id = models.UUIDField()
    score = models.PositiveSmallIntegerField()
    session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, related_name="goal_ratings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="goal_rating_0_to_10", condition=Q(score__lte=10))]
        indexes = [models.Index(fields=["episode", "goal_id", "-id"], name="goal_rating_by_goal")]

    def __str__(self) -> str:
        return f"goal rating {self.pk}"


class Discharge(Record):
    """The end of an episode: why, and what was reached. Append-only."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="discharges")
    episode = models.OneToOneField(Episode, models.PROTECT, related_name="discharge")
    reason = models.CharField(max_length=13, choices=CloseReason)
    summary = models.TextField()
    discharged_on = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="discharge_reason_known", condition=Q(reason__in=CloseReason.values)),
            models.CheckConstraint(name="discharge_is_summed_up", condition=~Q(summary="")),
        ]

    def __str__(self) -> str:
        return f"discharge {self.pk}"
