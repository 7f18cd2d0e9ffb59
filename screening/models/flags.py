"""What the contraindication rules said, and what therapists did about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, ExpressionWrapper, Q, When
from django.db.models.functions import Now

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Patient
from questionnaires.models import QuestionnaireResponse


class Severity(models.TextChoices):
    """clinical.md §2.1: how far a contraindication reaches."""

    ABSOLUTE = "absolute", "Absolute: no session"
    RELATIVE = "relative", "Relative: needs clearance"
    LOCAL = "local", "Local: keep away from a region"
    CAUTION = "caution", "Caution"


class Urgency(models.TextChoices):
    EMERGENCY = "emergency", "Emergency"
    SAME_DAY = "same_day", "Same day"
    ROUTINE = "routine", "Routine"


class Cause(models.TextChoices):
    """Why the rules ran."""

    INTAKE = "intake", "Intake submitted"
    WARNING_SIGN = "warning_sign", "Warning sign in an unfinished intake"
    RECORD_CHANGED = "record_changed", "Medicines, allergies or conditions changed"
    REQUESTED = "requested", "Asked for by staff"
    IMPORTED = "imported", "After an import"


class EvaluationQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> EvaluationQuerySet:
        return cast("EvaluationQuerySet", super().visible_to(user))

    def whole(self) -> EvaluationQuerySet:
        """Runs over everything known, not those over an unfinished intake."""
        return self.exclude(cause=Cause.WARNING_SIGN)

    def newest_first(self) -> EvaluationQuerySet:
        return self.order_by("-id")


class Evaluation(Record):
    """One run of the rules: what they saw and what they decided. Never changed (a trigger refuses it)."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="evaluations")
    response = models.ForeignKey(QuestionnaireResponse, models.PROTECT, null=True, related_name="evaluations")
    cause = models.CharField(max_length=20, choices=Cause)
    rule_set_version = models.CharField(max_length=20)
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    fired = models.JSONField()
    # Every safety question the rules need was answered in a submitted intake.
    is_complete = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True)
    evaluated_at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField()

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_cause_known", condition=Q(cause__in=Cause.values)),
            models.CheckConstraint(
                name="evaluation_complete_only_with_answers",
                condition=Q(is_complete=False) | Q(response__isnull=False, answered_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="evaluation_by_patient")]

    def __str__(self) -> str:
        return f"evaluation {self.pk}"


class FlagStatus(models.TextChoices):
    OPEN = "open", "Open"
    CLEARED = "cleared", "Cleared"
    RESOLVED = "resolved", "No longer true"
    REPLACED = "replaced", "Replaced by a newer flag"


class ClearanceDecision(models.TextChoices):
    """What the clinician answered, clinical.md §2.7; a question that is still out has no decision yet."""

    CLEARED = "cleared", "May be treated"
    WITH_LIMITS = "with_limits", "May be treated within limits"
    DECLINED = "declined", "May not be treated"
    NEED_MORE = "need_more", "Wants to know more first"


GRANTING = (ClearanceDecision.CLEARED, ClearanceDecision.WITH_LIMITS)


class ClearanceQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> ClearanceQuerySet:
        return cast("ClearanceQuerySet", super().visible_to(user))


class Clearance(Record):
    """What a clinician was asked and answered about treating a patient (clinical.md §2.7). One letter may speak of
    several rules; the flags it lifted point here."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="clearances")
    rule_ids = ArrayField(models.CharField(max_length=20))
    question = models.TextField(default="", blank=True)
    # None: the letter came without having been asked for here.
    request = models.ForeignKey("screening.ClearanceRequest", models.PROTECT, null=True, related_name="clearances")
    requested_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    issuer_name = models.CharField(max_length=120)
    issuer_role = models.CharField(max_length=120, default="", blank=True)
    issuer_licence = models.CharField(max_length=60, default="", blank=True)
    decision = models.CharField(max_length=12, choices=ClearanceDecision, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(default="", blank=True)
    valid_until = models.DateTimeField(null=True)
    # Empty: every region. Codes of screening/regions.py.
    allowed_regions = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    forbidden_regions = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # 1 (feather-light) to 5 (deep), as sessions records pressure; None: no limit.
    max_pressure = models.PositiveSmallIntegerField(null=True)
    forbidden_kinds = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = ClearanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="clearance_decision_known", condition=Q(decision__in=["", *ClearanceDecision.values])
            ),
            models.CheckConstraint(
                name="clearance_answered_by_whom_and_when",
                condition=Q(decision="", answered_at=None, entered_by=None)
                | (~Q(decision="") & Q(answered_at__isnull=False, entered_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="clearance_pressure_1_to_5",
                condition=Q(max_pressure=None) | Q(max_pressure__gte=1, max_pressure__lte=5),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="clearance_by_patient")]

    def __str__(self) -> str:
        return f"clearance {self.pk}"

    @property
    def has_limits(self) -> bool:
        return bool(self.allowed_regions or self.forbidden_regions or self.forbidden_kinds or self.max_pressure)


def _stands(instant: Any) -> Q:
    is_open = Q(status=FlagStatus.OPEN) & (Q(expires_at=None) | Q(expires_at__gt=instant))
    return is_open | Q(status=FlagStatus.CLEARED, cleared_until__lte=instant)


def _is_cleared(instant: Any) -> Q:
    return Q(status=FlagStatus.CLEARED) & (Q(cleared_until=None) | Q(cleared_until__gt=instant))


class FlagQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> FlagQuerySet:
        return cast("FlagQuerySet", super().visible_to(user))

    def standing(self, at: datetime | None = None) -> FlagQuerySet:
        """Flags that count at an instant (now): open and not expired, or cleared with a clearance that has run out."""
        standing: FlagQuerySet = self.filter(_stands(at or Now()))
        return standing

    def cleared(self, at: datetime | None = None) -> FlagQuerySet:
        """Flags whose clearance still holds."""
        return self.filter(_is_cleared(at or Now()))

    def counting(self, at: datetime) -> FlagQuerySet:
        """Those that stand at an instant and those whose clearance holds then; `is_cleared` tells them apart."""
        cleared = _is_cleared(at)
        told = self.annotate(is_cleared=ExpressionWrapper(cleared, output_field=models.BooleanField()))
        counting: FlagQuerySet = told.filter(_stands(at) | cleared)
        return counting

    def alarming(self) -> FlagQuerySet:
        """Emergencies nobody has spoken with the patient about yet."""
        alarming: FlagQuerySet = self.standing().filter(
            urgency=Urgency.EMERGENCY, status=FlagStatus.OPEN, handled_at=None
        )
        return alarming

    def past(self) -> FlagQuerySet:
        """History: resolved, replaced, or expired."""
        has_expired = Q(status=FlagStatus.OPEN, expires_at__lte=Now())
        return self.filter(has_expired | Q(status__in=[FlagStatus.RESOLVED, FlagStatus.REPLACED]))

    def gravest_first(self) -> FlagQuerySet:
        """Emergencies, then by severity, then by rule."""
        ranked: FlagQuerySet = self.annotate(
            urgency_rank=Case(
                When(urgency=Urgency.EMERGENCY, then=0), When(urgency=Urgency.SAME_DAY, then=1), default=2
            ),
            severity_rank=Case(*[When(severity=value, then=rank) for rank, value in enumerate(Severity.values)]),
        )
        return ranked.order_by("urgency_rank", "severity_rank", "rule_id", "id")


class Flag(Record):
    """A contraindication that stands for a patient until it is cleared with a reason or no longer true."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="flags")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="flags")
    rule_id = models.CharField(max_length=20)
    rule_version = models.PositiveIntegerField()
    severity = models.CharField(max_length=8, choices=Severity)
    urgency = models.CharField(max_length=9, choices=Urgency, default=Urgency.ROUTINE)
    title = models.CharField(max_length=120)
    action = models.TextField()
    regions = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # Ways of treating that this rule forbids although hands may stay: electrical, percussive …
    techniques = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # What made the rule fire: linkIds and values, medicine/condition/allergy public ids.
    evidence = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=FlagStatus, default=FlagStatus.OPEN)
    # A passing state (a fever) is asked again after this; None: stands until somebody acts.
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(default="", blank=True)
    clearance_from = models.CharField(max_length=120, default="", blank=True)
    cleared_until = models.DateTimeField(null=True)
    clearance = models.ForeignKey(Clearance, models.PROTECT, null=True, related_name="flags")
    # An emergency: who has spoken with the patient, when, and what came of it.
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    handled_note = models.CharField(max_length=300, default="", db_default="", blank=True)

    # A caution or a region to keep away from: who has read it and will keep to it, and what they do differently. A flag
    # raised anew is a new row, which nobody has read.
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acknowledged_note = models.CharField(max_length=300, default="", db_default="", blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="flag_open_once_per_rule", fields=["patient", "rule_id"], condition=Q(status="open")
            ),
            models.CheckConstraint(name="flag_severity_known", condition=Q(severity__in=Severity.values)),
            models.CheckConstraint(name="flag_urgency_known", condition=Q(urgency__in=Urgency.values)),
            models.CheckConstraint(name="flag_status_known", condition=Q(status__in=FlagStatus.values)),
            models.CheckConstraint(
                name="flag_clearing_needs_a_reason_and_a_person",
                condition=~Q(status="cleared") | (~Q(reason="") & Q(closed_by__isnull=False, closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="flag_handled_by_whom_and_how",
                condition=Q(handled_at=None, handled_by=None)
                | (Q(handled_at__isnull=False, handled_by__isnull=False) & ~Q(handled_note="")),
            ),
            models.CheckConstraint(
                name="flag_acknowledged_by_whom_and_when",
                condition=Q(acknowledged_at=None, acknowledged_by=None, acknowledged_note="")
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
            models.CheckConstraint(
                name="flag_that_blocks_is_cleared_not_acknowledged",
                condition=Q(acknowledged_at=None) | (Q(severity__in=["local", "caution"]) & ~Q(urgency="emergency")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "status"], name="flag_by_patient"),
            # Few rows, asked for on every look at the diary.
            models.Index(
                fields=["patient"],
                name="flag_alarming",
                condition=Q(urgency="emergency", status="open", handled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk}"

    @property
    def is_blocking(self) -> bool:
        """Whether it stops a session until it is cleared or no longer true."""
        return self.severity in {Severity.ABSOLUTE, Severity.RELATIVE} or self.urgency == Urgency.EMERGENCY

    @property
    def is_acknowledged(self) -> bool:
        """Whether a therapist has read it and will keep to it. It stands as before."""
        return self.acknowledged_at is not None


class Light(models.TextChoices):
    """What the desk sees instead of flags."""

    GREY = "grey", "Not screened"
    GREEN = "green", "No flags"
    AMBER = "amber", "Therapist decides"
    RED = "red", "Do not book"
