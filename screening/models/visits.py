"""What patients and the clinical lead said about one visit."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Patient
from questionnaires.models import QuestionnaireResponse


class ChangeCheckQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> ChangeCheckQuerySet:
        return cast("ChangeCheckQuerySet", super().visible_to(user))

    def to_look_at(self) -> ChangeCheckQuerySet:
        """Sent, with something other than five times no, and not looked at yet."""
        waiting: ChangeCheckQuerySet = self.filter(has_changes=True, seen_at=None)
        return waiting


class ChangeCheck(Record):
    """The five questions before a visit (clinical.md §2.1) and whether a therapist has looked at the answers."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="change_checks")
    # The appointment's public id and its time when it was asked: appointments live on a floor above.
    visit_id = models.UUIDField(unique=True)
    visit_at = models.DateTimeField()
    response = models.ForeignKey(QuestionnaireResponse, models.PROTECT, related_name="change_checks")
    # None until the answers are sent.
    has_changes = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seen_note = models.CharField(max_length=500, default="", db_default="", blank=True)

    objects = ChangeCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="change_check_answered_says_whether",
                condition=Q(answered_at=None, has_changes=None)
                | Q(answered_at__isnull=False, has_changes__isnull=False),
            ),
            models.CheckConstraint(
                name="change_check_seen_by_whom",
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient"], name="change_check_to_look_at", condition=Q(has_changes=True, seen_at=None)
            ),
            models.Index(fields=["-updated_at", "-id"], name="change_check_by_change"),
        ]

    def __str__(self) -> str:
        return f"change check {self.pk}"


class GateOverride(Record):
    """The clinical lead let one visit pass the gate despite named rules, and said why. It never changes."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="gate_overrides")
    # The appointment's public id: appointments live on a floor above.
    visit_id = models.UUIDField()
    rule_ids = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    reasons = ArrayField(models.CharField(max_length=40))
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="gate_override_says_why", condition=~Q(reason=""))]
        indexes = [models.Index(fields=["visit_id"], name="gate_override_by_visit")]

    def __str__(self) -> str:
        return f"gate override {self.pk}"
