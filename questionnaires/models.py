"""Forms as data (FHIR R4 Questionnaire JSON) and what patients answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.core.records import Record
from messaging.models import LinkPurpose, SignedLink
from patients.models import ClinicalQuerySet, Patient
from questionnaires.form import Form, read_form


@dataclass(frozen=True)
class _Definition:
    """A form's content, the same wherever its digest is the same."""

    digest: str
    content: dict[str, Any] = field(compare=False)


@lru_cache(maxsize=16)
def _form_of(definition: _Definition) -> Form:
    return read_form(definition.content)


class QuestionnaireStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def visible_to(self, user: Any) -> QuestionnaireQuerySet:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.all()

    def current(self, key: str) -> QuestionnaireQuerySet:
        return self.filter(key=key, status=QuestionnaireStatus.PUBLISHED).order_by("-number")

    def for_setup(self) -> QuestionnaireQuerySet:
        """Every version without its content, the newest of each form first."""
        return self.defer("definition").order_by("key", "-number")

    def with_begun(self) -> QuestionnaireQuerySet:
        """With `begun`: how many patients are in the middle of it."""
        begun = QuestionnaireResponse.objects.filter(
            questionnaire=OuterRef("pk"), status=ResponseStatus.IN_PROGRESS
        ).order_by()
        counted = begun.values("questionnaire").annotate(number=Count("pk")).values("number")
        return self.annotate(begun=Coalesce(Subquery(counted), 0))


class Questionnaire(Record):
    """One version of a form. Never edited once published."""

    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=9, choices=QuestionnaireStatus, default=QuestionnaireStatus.DRAFT)
    definition = models.JSONField()
    definition_digest = models.CharField(max_length=64)

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="questionnaire_version_once", fields=["key", "number"]),
            models.UniqueConstraint(
                name="questionnaire_one_published_version", fields=["key"], condition=Q(status="published")
            ),
            models.CheckConstraint(
                name="questionnaire_status_known", condition=Q(status__in=QuestionnaireStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"

    def form(self) -> Form:
        """The definition as pages and questions."""
        return _form_of(_Definition(self.definition_digest, self.definition))


class ResponseQuerySet(ClinicalQuerySet):
    """Answers: for therapists of the care team, auditors, and the patient whose link opens them."""

    def visible_to(self, user: Any) -> ResponseQuerySet:
        if isinstance(user, SignedLink):
            if user.purpose != LinkPurpose.INTAKE:
                return self.none()
            return self.filter(public_id=user.target_id, patient_id=user.patient_id)
        return cast("ResponseQuerySet", super().visible_to(user))

    def submitted(self, key: str) -> ResponseQuerySet:
        """What was sent in for a form, newest first."""
        return self.filter(status=ResponseStatus.SUBMITTED, questionnaire__key=key).order_by("-submitted_at", "-id")


class ResponseStatus(models.TextChoices):
    IN_PROGRESS = "in_progress", "Started"
    SUBMITTED = "submitted", "Submitted"


class QuestionnaireResponse(Record):
    """A patient's answers to one version. `answers` maps linkId to a value or a list of values."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="questionnaire_responses")
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="responses")
    status = models.CharField(max_length=11, choices=ResponseStatus, default=ResponseStatus.IN_PROGRESS)
    answers = models.JSONField(default=dict)
    language = models.CharField(max_length=2, default="en")
    submitted_at = models.DateTimeField(null=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="questionnaire_response_one_unfinished_per_form",
                fields=["patient", "questionnaire"],
                condition=Q(status="in_progress"),
            ),
            models.CheckConstraint(
                name="questionnaire_response_status_known", condition=Q(status__in=ResponseStatus.values)
            ),
            models.CheckConstraint(
                name="questionnaire_response_submitted_has_a_time",
                condition=Q(status="in_progress", submitted_at=None)
                | Q(status="submitted", submitted_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="response_by_patient")]

    def __str__(self) -> str:
        return f"response {self.pk}"
