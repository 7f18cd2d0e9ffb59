"""Files brought in from elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic.core.records import Record
from clinic.models import Location


class ImportKind(models.TextChoices):
    PATIENTS = "patients", "Patients"
    CONDITIONS = "conditions", "Conditions"
    MEDICINES = "medicines", "Medicines"
    ALLERGIES = "allergies", "Allergies"


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: Any) -> ImportBatchQuerySet:
        if not user.is_authenticated or not user.is_administrator:
            return self.none()
        return self.filter(location__in=Location.objects.visible_to(user))


class ImportBatch(Record):
    """One file brought in, or tried: every row of it is accounted for."""

    kind = models.CharField(max_length=10, choices=ImportKind)
    source = models.CharField(max_length=40)
    file_digest = models.CharField(max_length=64)
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    is_dry_run = models.BooleanField()
    row_count = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    # Columns of the file this kind does not read: a mistyped heading shows up here.
    ignored_columns = ArrayField(models.CharField(max_length=60), default=list)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_batch_accounts_for_every_row",
                condition=Q(
                    row_count=F("created_count") + F("updated_count") + F("unchanged_count") + F("refused_count")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportRefusal(models.Model):
    """A row that was not taken, and why. `fields` are column names; no cell is kept."""

    batch = models.ForeignKey(ImportBatch, models.PROTECT, related_name="refusals")
    row_number = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    fields = ArrayField(models.CharField(max_length=60), default=list)
    candidate_ids = ArrayField(models.UUIDField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="import_refusal_once_per_row", fields=["batch", "row_number"]),
        ]

    def __str__(self) -> str:
        return f"refusal {self.pk}"
