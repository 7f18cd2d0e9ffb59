"""What staff asked somebody else to do about a patient."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from clinic.models import Service
from patients.models import ClinicalQuerySet, OfPatientQuerySet, Patient
from screening.models.flags import Flag


class RequestState(models.TextChoices):
    OPEN = "open", "Waiting for an answer"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ClearanceRequestQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> ClearanceRequestQuerySet:
        return cast("ClearanceRequestQuerySet", super().visible_to(user))

    def open(self) -> ClearanceRequestQuerySet:
        return self.filter(state=RequestState.OPEN)

    def for_review(self) -> ClearanceRequestQuerySet:
        """Everything the review page prints of it, newest first. Three queries."""
        rows: ClearanceRequestQuerySet = self.select_related("asked_by", "service", "patient")
        return rows.prefetch_related("flags", "clearances").order_by("-id")


class ClearanceRequest(Record):
    """A letter to a clinician that asks whether, and within which limits, a patient may be treated despite flags."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="clearance_requests")
    flags = models.ManyToManyField(Flag, related_name="clearance_requests")
    # A doctor or practice, in lines as they stand on the letter.
    addressee = models.CharField(max_length=300)
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    # Codes of screening/regions.py: what is planned beyond the service. Empty: nothing particular yet.
    kinds = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    regions = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # What is asked beyond what every letter asks.
    remark = models.CharField(max_length=500, default="", blank=True)
    # Everything the letter says, as it was then: it is printed again from here.
    letter = models.JSONField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=RequestState, default=RequestState.OPEN)
    closed_at = models.DateTimeField(null=True)
    # None: the question fell away by itself, because no flag of it stands any more.
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ClearanceRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="clearance_request_state_known", condition=Q(state__in=RequestState.values)),
            models.CheckConstraint(name="clearance_request_names_somebody", condition=~Q(addressee="")),
            models.CheckConstraint(
                name="clearance_request_open_or_closed_when",
                condition=Q(state="open", closed_at=None, closed_by=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="clearance_request_by_patient")]

    def __str__(self) -> str:
        return f"clearance request {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == RequestState.OPEN

    @property
    def reference(self) -> str:
        """What letter and answer are matched by; says nothing about the patient."""
        return self.public_id.hex[:8].upper()


class CallInQuerySet(OfPatientQuerySet):
    def visible_to(self, user: Any) -> CallInQuerySet:
        return cast("CallInQuerySet", super().visible_to(user))

    def waiting(self) -> CallInQuerySet:
        """Not called yet, longest waiting first; the dead are not called."""
        rows: CallInQuerySet = self.filter(done_at=None, patient__died_on=None)
        return rows.select_related("patient", "asked_by").order_by("created_at", "id")


class CallIn(Record):
    """A therapist wants to see a patient: the desk calls and says what came of it. Nothing clinical is in it."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="call_ins")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=300, default="", blank=True)

    objects = CallInQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="call_in_waits_once_per_patient", fields=["patient"], condition=Q(done_at=None)
            ),
            models.CheckConstraint(
                name="call_in_done_by_whom_and_how",
                condition=Q(done_at=None, done_by=None, outcome="")
                | (Q(done_at__isnull=False, done_by__isnull=False) & ~Q(outcome="")),
            ),
        ]

    def __str__(self) -> str:
        return f"call in {self.pk}"
