"""Exports: what was asked for, how far it is, where it lies."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from clinic.core.records import Record


class ExportState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    BUILDING = "building", "Being built"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"


class ExportKind(models.TextChoices):
    OUTCOMES = "outcomes", "Outcomes, one row for each episode"


class ExportJobQuerySet(models.QuerySet["ExportJob"]):
    def visible_to(self, user: Any) -> ExportJobQuerySet:
        """Whoever asked for it, while they may still export."""
        if not user.is_authenticated or not user.is_administrator:
            return self.none()
        return self.filter(requested_by=user)

    def newest_first(self) -> ExportJobQuerySet:
        return self.order_by("-id")

    def claimable(self) -> ExportJobQuerySet:
        """Waiting, or left behind by a worker that stopped renewing its lease."""
        abandoned = Q(state=ExportState.BUILDING, lease_until__lt=Now())
        return self.filter(Q(state=ExportState.QUEUED) | abandoned)

    def held_by(self, claim_token: uuid.UUID) -> ExportJobQuerySet:
        """Still being built by the worker that holds this token."""
        return self.filter(state=ExportState.BUILDING, claim_token=claim_token)

    def past_expiry(self) -> ExportJobQuerySet:
        return self.filter(state=ExportState.READY, expires_at__lte=Now())


class ExportJob(Record):
    """A file being built by the worker. Kept privately, with its hash, until it expires."""

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="export_jobs")
    kind = models.CharField(max_length=30, choices=ExportKind)
    parameters = models.JSONField()
    state = models.CharField(max_length=8, choices=ExportState, default=ExportState.QUEUED)
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    # The worker that builds it renews its lease; one that lost the lease finds another token here and stops.
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    byte_count = models.PositiveBigIntegerField(default=0)
    manifest = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, default="", blank=True)
    expires_at = models.DateTimeField()

    objects = ExportJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="export_job_kind_known", condition=Q(kind__in=ExportKind.values)),
            models.CheckConstraint(name="export_job_state_known", condition=Q(state__in=ExportState.values)),
            models.CheckConstraint(
                name="export_job_progress_within_total", condition=Q(done_count__lte=F("total_count"))
            ),
            models.CheckConstraint(name="export_job_ready_has_a_hash", condition=~Q(state="ready") | ~Q(sha256="")),
        ]
        indexes = [
            models.Index(fields=["requested_by", "-id"], name="export_job_by_user"),
            models.Index(
                fields=["state", "expires_at"],
                condition=Q(state__in=["queued", "building", "ready"]),
                name="export_job_open_by_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_open(self) -> bool:
        """Still on its way: worth asking again."""
        return self.state in {ExportState.QUEUED, ExportState.BUILDING}

    @property
    def has_expired(self) -> bool:
        return self.state == ExportState.EXPIRED or self.expires_at <= timezone.now()

    @property
    def path(self) -> Path:
        """Where the file lies, or will lie."""
        return Path(settings.PRIVATE_FILES_ROOT) / "exports" / f"{self.public_id}.csv"

    @property
    def file_name(self) -> str:
        """What the file is called on the computer of whoever downloads it."""
        return f"{self.kind}-{self.parameters['from']}-to-{self.parameters['to']}.csv"
