"""The session, its findings and its addenda."""

from __future__ import annotations

from typing import Any, Self, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from clinic.core.records import EditableRecord, Record
from clinic.models import Location, Service
from patients.models import ClinicalQuerySet, Episode, Patient
from scheduling.models import Appointment


class View(models.TextChoices):
    """Which figure of the body map."""

    FRONT = "front", "Front"
    BACK = "back", "Back"


class Unit(models.TextChoices):
    """What a motion is measured in."""

    DEGREES = "deg", "°"
    MILLIMETRES = "mm", "mm"


class SessionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"


class TreatmentSessionQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Sessions of patients in this therapist's care, or at this auditor's locations."""
        return cast("Self", super().visible_to(user))

    def for_page(self) -> TreatmentSessionQuerySet:
        """Everything the head of a session page prints, in one query."""
        return self.select_related(
            "patient", "episode", "therapist", "location", "service", "signed_by"
        ).select_related("appointment__room")

    def drafts(self) -> TreatmentSessionQuerySet:
        return self.filter(state=SessionState.DRAFT)

    def signed(self) -> TreatmentSessionQuerySet:
        return self.filter(state=SessionState.SIGNED)

    def newest_first(self) -> TreatmentSessionQuerySet:
        return self.order_by("-performed_at", "-id")

    def older_than(self, session: TreatmentSession) -> TreatmentSessionQuerySet:
        """The page after this session, newest first."""
        same_instant = Q(performed_at=session.performed_at, pk__lt=session.pk)
        return self.filter(Q(performed_at__lt=session.performed_at) | same_instant)

    def latest_of_each_patient(self) -> TreatmentSessionQuerySet:
        return self.order_by("patient_id", "-performed_at", "-id").distinct("patient_id")


class TreatmentSession(EditableRecord):
    """One treatment: the note, and the parent of its findings. Frozen by a trigger once signed."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatment_sessions")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="treatment_sessions")
    appointment = models.OneToOneField(Appointment, models.PROTECT, null=True, related_name="treatment_session")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="treatment_sessions")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    # When the treatment took place; created_at is when the note was started.
    performed_at = models.DateTimeField()
    subjective = models.TextField(default="", blank=True)
    objective = models.TextField(default="", blank=True)
    assessment = models.TextField(default="", blank=True)
    plan = models.TextField(default="", blank=True)
    pain_before = models.PositiveSmallIntegerField(null=True, blank=True)
    pain_after = models.PositiveSmallIntegerField(null=True, blank=True)
    lubricant = models.CharField(max_length=80, default="", blank=True)
    state = models.CharField(max_length=6, choices=SessionState, default=SessionState.DRAFT)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # SHA-256 of what was signed (sessions/content.py), and the form that content had then.
    content_digest = models.CharField(max_length=64, default="", blank=True)
    content_format = models.PositiveSmallIntegerField(default=1)

    objects = TreatmentSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="session_pain_before_0_to_10", condition=Q(pain_before=None) | Q(pain_before__lte=10)
            ),
            models.CheckConstraint(
                name="session_pain_after_0_to_10", condition=Q(pain_after=None) | Q(pain_after__lte=10)
            ),
            models.CheckConstraint(name="session_state_known", condition=Q(state__in=SessionState.values)),
            models.CheckConstraint(
                name="session_signed_by_whom_and_when",
                condition=Q(state="draft", signed_at=None, signed_by=None)
                | (Q(state="signed", signed_at__isnull=False, signed_by__isnull=False) & ~Q(content_digest="")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-performed_at"], name="session_by_patient"),
            models.Index(fields=["therapist", "-performed_at"], name="session_by_therapist"),
            models.Index(fields=["-performed_at"], name="session_by_time"),
            models.Index(fields=["-updated_at", "-id"], name="session_by_change"),
            models.Index(fields=["therapist", "performed_at"], condition=Q(state="draft"), name="session_unsigned"),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("sessions:session", args=[self.public_id])

    @property
    def is_signed(self) -> bool:
        return self.state == SessionState.SIGNED

    def missing_to_sign(self) -> list[str]:
        """What the note itself still has to say, as codes: pain_before, note, pain_after."""
        said = {
            "pain_before": self.pain_before is not None,
            "note": any((self.subjective, self.objective, self.assessment, self.plan)),
            "pain_after": self.pain_after is not None,
        }
        return [code for code, is_said in said.items() if not is_said]


class BodySide(models.TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"
    MIDLINE = "midline", "Midline"


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


class OfSessionQuerySet(models.QuerySet[Any]):
    """Rows of a session: seen by whoever sees the session."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(session__in=TreatmentSession.objects.visible_to(user))


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


class TechniqueUse(Record):
    """A technique given to a region for some minutes."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="techniques")
    # A key of sessions/catalogue/techniques.json.
    technique = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    side = models.CharField(max_length=7, choices=BodySide)
    minutes = models.PositiveSmallIntegerField()
    pressure = models.PositiveSmallIntegerField(null=True, blank=True)
    # Why it was given although a flag or a clearance speaks against it, and the rules that were answered so.
    despite_reason = models.CharField(max_length=300, default="", db_default="", blank=True)
    despite_rules = ArrayField(models.CharField(max_length=20), default=list, db_default=[], blank=True)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="technique_despite_a_rule_says_why", condition=Q(despite_rules=[]) | ~Q(despite_reason="")
            ),
            models.CheckConstraint(name="technique_side_known", condition=Q(side__in=BodySide.values)),
            models.CheckConstraint(name="technique_minutes_1_to_180", condition=Q(minutes__gte=1, minutes__lte=180)),
            models.CheckConstraint(
                name="technique_pressure_1_to_5", condition=Q(pressure=None) | Q(pressure__gte=1, pressure__lte=5)
            ),
        ]

    def __str__(self) -> str:
        return f"technique use {self.pk}"


class Addendum(Record):
    """A dated correction or addition to a signed note. Append-only."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="addenda")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="addendum_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return f"addendum {self.pk}"
