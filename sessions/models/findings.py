"""What was found in a session: trigger points and motions."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Patient
from sessions.models.session import BodySide, OfSessionQuerySet, TreatmentSession
from sessions.pressure import mean_kpa


class View(models.TextChoices):
    """Which figure of the body map."""

    FRONT = "front", "Front"
    BACK = "back", "Back"


class Unit(models.TextChoices):
    """What a motion is measured in."""

    DEGREES = "deg", "°"
    MILLIMETRES = "mm", "mm"
    CENTIMETRES = "cm", "cm"
    LEVEL = "level", "vertebral level"


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

    def last_of_each_point(self, count: int) -> ObservationQuerySet:
        """The last findings of each point, point by point, oldest first."""
        newest_first = Window(
            RowNumber(), partition_by="trigger_point_id", order_by=[F("session__performed_at").desc(), F("id").desc()]
        )
        last: ObservationQuerySet = self.annotate(back=newest_first).filter(back__lte=count)
        return last.order_by("trigger_point_id", "-back").select_related("trigger_point", "session__location")


class ThresholdUnit(models.TextChoices):
    """What the pressure gauge shows (`sessions/pressure.py`)."""

    KPA = "kPa", "kPa"
    KGF = "kgf/cm2", "kgf/cm²"
    NEWTON = "N/cm2", "N/cm²"
    POUND = "lbf", "lbf"


class TriggerPointObservation(Record):
    """How a trigger point was found in one session. Tenderness 0-4 (0 none, 4 untouchable).

    What ends in `_after` was found after the treatment in the same session; all else before it. Trials of the pressure
    threshold are kilopascals, whatever unit the gauge shows.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="point_observations")
    trigger_point = models.ForeignKey(TriggerPoint, models.PROTECT, related_name="observations")
    status = models.CharField(max_length=9, choices=PointStatus)
    tenderness = models.PositiveSmallIntegerField(null=True, blank=True)
    has_taut_band = models.BooleanField(null=True, blank=True)
    has_referred_pain = models.BooleanField(null=True, blank=True)
    is_recognised_by_patient = models.BooleanField(null=True, blank=True)
    has_twitch_response = models.BooleanField(null=True, blank=True)
    palpation_pain = models.PositiveSmallIntegerField(null=True, blank=True)
    threshold_trials = ArrayField(
        models.DecimalField(max_digits=7, decimal_places=3), default=list, db_default=[], blank=True
    )
    tenderness_after = models.PositiveSmallIntegerField(null=True, blank=True)
    palpation_pain_after = models.PositiveSmallIntegerField(null=True, blank=True)
    threshold_trials_after = ArrayField(
        models.DecimalField(max_digits=7, decimal_places=3), default=list, db_default=[], blank=True
    )
    threshold_unit = models.CharField(max_length=7, choices=ThresholdUnit, default="", db_default="", blank=True)
    threshold_device = models.CharField(max_length=60, default="", db_default="", blank=True)
    probe_area_cm2 = models.DecimalField(max_digits=4, decimal_places=2, null=True, blank=True)
    # Who examined; in rows from before this was asked, nobody: it was the session's therapist.
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # A key of sessions/catalogue/techniques.json: what was done to this point, and for how long.
    technique = models.CharField(max_length=40, default="", db_default="", blank=True)
    seconds_held = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, default="", blank=True)

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="trigger_point_once_per_session", fields=["session", "trigger_point"]),
            models.CheckConstraint(
                name="trigger_point_tenderness_0_to_4", condition=Q(tenderness=None) | Q(tenderness__lte=4)
            ),
            models.CheckConstraint(name="trigger_point_status_known", condition=Q(status__in=PointStatus.values)),
            models.CheckConstraint(
                name="trigger_point_tenderness_after_0_to_4",
                condition=Q(tenderness_after=None) | Q(tenderness_after__lte=4),
            ),
            models.CheckConstraint(
                name="trigger_point_palpation_pain_0_to_10",
                condition=(Q(palpation_pain=None) | Q(palpation_pain__lte=10))
                & (Q(palpation_pain_after=None) | Q(palpation_pain_after__lte=10)),
            ),
            models.CheckConstraint(
                name="trigger_point_threshold_says_how_it_was_measured",
                condition=Q(threshold_trials=[], threshold_trials_after=[])
                | (
                    Q(probe_area_cm2__isnull=False, probe_area_cm2__gt=0, threshold_unit__in=ThresholdUnit.values)
                    & ~Q(threshold_device="")
                ),
            ),
            models.CheckConstraint(
                name="trigger_point_seconds_held_1_to_1800",
                condition=Q(seconds_held=None) | Q(seconds_held__gte=1, seconds_held__lte=1800),
            ),
        ]

    def __str__(self) -> str:
        return f"observation {self.pk}"

    @property
    def threshold(self) -> Decimal | None:
        """The mean pressure threshold before treatment, in kilopascals."""
        return mean_kpa(self.threshold_trials)

    @property
    def threshold_after(self) -> Decimal | None:
        """The mean pressure threshold after treatment, in kilopascals."""
        return mean_kpa(self.threshold_trials_after)


class MotionMode(models.TextChoices):
    ACTIVE = "active", "Active"
    PASSIVE = "passive", "Passive"
    ASSISTED = "assisted", "Active-assisted"


class Position(models.TextChoices):
    """How the patient lay, sat or stood while a motion was measured."""

    SITTING = "sitting", "Sitting"
    STANDING = "standing", "Standing"
    SUPINE = "supine", "On the back"
    PRONE = "prone", "On the front"
    SIDE_LYING = "side_lying", "On the side"


class MotionDevice(models.TextChoices):
    """What a motion was measured with."""

    GONIOMETER = "goniometer", "Goniometer"
    INCLINOMETER = "inclinometer", "Inclinometer"
    CROM = "crom", "Cervical device (CROM)"
    APP = "app", "App"
    TAPE = "tape", "Tape or ruler"
    VISUAL = "visual", "By eye"


class EndFeel(models.TextChoices):
    """What stops a motion under the hand. The first five are usual in their place, the others are not."""

    SOFT = "soft", "Soft (tissue on tissue)"
    FIRM_MUSCULAR = "firm_muscular", "Firm (muscle)"
    FIRM_CAPSULAR = "firm_capsular", "Firm (capsule)"
    FIRM_LIGAMENTOUS = "firm_ligamentous", "Firm (ligament)"
    HARD = "hard", "Hard (bone on bone)"
    EARLY_SOFT = "early_soft", "Soft, too early"
    LATE_SOFT = "late_soft", "Soft, too late"
    EARLY_FIRM = "early_firm", "Firm, too early"
    LATE_FIRM = "late_firm", "Firm, too late"
    EARLY_HARD = "early_hard", "Hard, too early"
    LATE_HARD = "late_hard", "Hard, too late"
    SPASM = "spasm", "Muscle spasm"
    SPRINGY_BLOCK = "springy_block", "Springy block"
    EMPTY = "empty", "Empty: pain stops it, nothing resists"
    BOGGY = "boggy", "Boggy"


class PainOnset(models.TextChoices):
    """Where pain comes against the resistance met."""

    BEFORE = "before", "Before resistance"
    WITH = "with", "With resistance"
    AFTER = "after", "After resistance"


class MotionQuerySet(OfSessionQuerySet):
    def latest_of_each_motion(self) -> MotionQuerySet:
        """The newest measurement of each motion, side and mode."""
        which = ("joint", "motion", "side", "mode")
        newest = self.order_by(*which, "-session__performed_at", "-id").distinct(*which)
        return newest.select_related("session__location")

    def last_of_each_motion(self, count: int) -> MotionQuerySet:
        """The last measurements of each motion, side and mode, one after the other, oldest first."""
        which = ["joint", "motion", "side", "mode"]
        newest_first = Window(
            RowNumber(), partition_by=which, order_by=[F("session__performed_at").desc(), F("id").desc()]
        )
        last: MotionQuerySet = self.annotate(back=newest_first).filter(back__lte=count)
        return last.order_by(*which, "-back").select_related("session__location")


class RangeOfMotion(Record):
    """One measured motion, neutral-zero: signed start and end. A level is its place in catalogue.LEVELS."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="motions")
    # A joint and motion of sessions/catalogue/motions.json.
    joint = models.CharField(max_length=30)
    motion = models.CharField(max_length=30)
    side = models.CharField(max_length=7, choices=BodySide)
    mode = models.CharField(max_length=8, choices=MotionMode, default=MotionMode.ACTIVE)
    start = models.SmallIntegerField(default=0)
    end = models.SmallIntegerField()
    unit = models.CharField(max_length=5, choices=Unit, default=Unit.DEGREES)
    is_painful = models.BooleanField(default=False)
    pain = models.PositiveSmallIntegerField(null=True, blank=True)
    pain_onset = models.CharField(max_length=6, choices=PainOnset, default="", db_default="", blank=True)
    end_feel = models.CharField(max_length=16, choices=EndFeel, default="", db_default="", blank=True)
    position = models.CharField(max_length=10, choices=Position, default="", db_default="", blank=True)
    device = models.CharField(max_length=12, choices=MotionDevice, default="", db_default="", blank=True)
    # Who measured; in rows from before this was asked, nobody: it was the session's therapist.
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # How, as far as the lists do not say it: knee bent, shoulder blade held.
    note = models.CharField(max_length=120, default="", db_default="", blank=True)

    objects = MotionQuerySet.as_manager()

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
            models.CheckConstraint(
                name="motion_pain_0_to_10_is_painful",
                condition=Q(pain=None) | Q(pain=0) | Q(pain__lte=10, is_painful=True),
            ),
            models.CheckConstraint(
                name="motion_described_in_known_words",
                condition=Q(pain_onset__in=["", *PainOnset.values])
                & Q(end_feel__in=["", *EndFeel.values])
                & Q(position__in=["", *Position.values])
                & Q(device__in=["", *MotionDevice.values]),
            ),
        ]

    def __str__(self) -> str:
        return f"motion {self.pk}"
