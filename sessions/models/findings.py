"""What was found in a session: trigger points and motions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Patient
from sessions.models.session import BodySide, OfSessionQuerySet, TreatmentSession


class View(models.TextChoices):
    """Which figure of the body map."""

    FRONT = "front", "Front"
    BACK = "back", "Back"


class Unit(models.TextChoices):
    """What a motion is measured in."""

    DEGREES = "deg", "°"
    MILLIMETRES = "mm", "mm"


class TriggerPoint(Record):
    """A place in a muscle that is followed across sessions. Position is on the body map, 0-1000 in each axis."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="trigger_points")
    # A key of sessions/catalogue/muscles.json; side is the patient's own.
    muscle = models.CharField(max_length=40)
    side = models.CharField(max_length=7, choices=BodySide)
    view = models.CharField(max_length=5, choices=View)
    x = models.PositiveSmallIntegerField()
    y = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=120, default="", blank=True)

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="trigger_point_side_known", condition=Q(side__in=BodySide.values)),
            models.CheckConstraint(name="trigger_point_view_known", condition=Q(view__in=View.values)),
            models.CheckConstraint(name="trigger_point_on_the_map", condition=Q(x__lte=1000, y__lte=1000)),
            models.UniqueConstraint(
                name="trigger_point_once_per_place", fields=["patient", "muscle", "side", "view", "x", "y"]
            ),
        ]
        indexes = [models.Index(fields=["patient", "muscle"], name="trigger_point_by_patient")]

    def __str__(self) -> str:
        return f"trigger point {self.pk}"


class PointStatus(models.TextChoices):
    """Active: reproduces the patient's own symptom. Latent: does not."""

    ACTIVE = "active", "Active"
    LATENT = "latent", "Latent"
    RESOLVED = "resolved", "Resolved"
    NOT_FOUND = "not_found", "Not found"


class ObservationQuerySet(OfSessionQuerySet):
    def latest_of_each_point(self) -> ObservationQuerySet:
        newest = self.order_by("trigger_point_id", "-session__performed_at", "-id").distinct("trigger_point_id")
        return newest.select_related("trigger_point", "session__location")


class TriggerPointObservation(Record):
    """How a trigger point was found in one session. Tenderness 0-4 (0 none, 4 untouchable)."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="point_observations")
    trigger_point = models.ForeignKey(TriggerPoint, models.PROTECT, related_name="observations")
    status = models.CharField(max_length=9, choices=PointStatus)
    tenderness = models.PositiveSmallIntegerField(null=True, blank=True)
    has_taut_band = models.BooleanField(null=True, blank=True)
    has_referred_pain = models.BooleanField(null=True, blank=True)
    is_recognised_by_patient = models.BooleanField(null=True, blank=True)
    note = models.CharField(max_length=300, default="", blank=True)

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="trigger_point_once_per_session", fields=["session", "trigger_point"]),
            models.CheckConstraint(
                name="trigger_point_tenderness_0_to_4", condition=Q(tenderness=None) | Q(tenderness__lte=4)
            ),
            models.CheckConstraint(name="trigger_point_status_known", condition=Q(status__in=PointStatus.values)),
        ]

    def __str__(self) -> str:
        return f"observation {self.pk}"


class MotionMode(models.TextChoices):
    ACTIVE = "active", "Active"
    PASSIVE = "passive", "Passive"
    ASSISTED = "assisted", "Active-assisted"


class RangeOfMotion(Record):
    """One measured motion, neutral-zero: signed start and end."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="motions")
    # A joint and motion of sessions/catalogue/motions.json.
    joint = models.CharField(max_length=30)
    motion = models.CharField(max_length=30)
    side = models.CharField(max_length=7, choices=BodySide)
    mode = models.CharField(max_length=8, choices=MotionMode, default=MotionMode.ACTIVE)
    start = models.SmallIntegerField(default=0)
    end = models.SmallIntegerField()
    unit = models.CharField(max_length=3, choices=Unit, default=Unit.DEGREES)
    is_painful = models.BooleanField(default=False)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="motion_measured_once_per_session", fields=["session", "joint", "motion", "side", "mode"]
            ),
            models.CheckConstraint(name="motion_side_known", condition=Q(side__in=BodySide.values)),
            models.CheckConstraint(name="motion_mode_known", condition=Q(mode__in=MotionMode.values)),
            models.CheckConstraint(name="motion_unit_known", condition=Q(unit__in=Unit.values)),
            models.CheckConstraint(
                name="motion_within_a_full_turn",
                condition=Q(start__gte=-180, start__lte=180, end__gte=-180, end__lte=200),
            ),
            models.CheckConstraint(name="motion_ends_at_or_after_its_start", condition=Q(end__gte=F("start"))),
        ]

    def __str__(self) -> str:
        return f"motion {self.pk}"
