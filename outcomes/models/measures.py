"""Measures: the right to use a licensed one, what was answered, and what it came to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q

from clinic.core.records import Record
from patients.models import ClinicalQuerySet, Episode, Patient


class PermittedMode(models.TextChoices):
    """What a licence allows."""

    PAPER = "paper", "On paper"
    ELECTRONIC = "electronic", "On a screen"
    BOTH = "both", "On paper and on a screen"


class Administration(models.TextChoices):
    """How the patient was asked: a line on paper is not one on a screen."""

    PAPER = "paper", "On paper"
    ELECTRONIC = "electronic", "On a screen"


class MeasureMoment(models.TextChoices):
    """When in the course of care a measure was taken."""

    BASELINE = "baseline", "Baseline"
    SESSION = "session", "At a session"
    DISCHARGE = "discharge", "Discharge"
    FOLLOW_UP = "follow_up", "Follow-up"


class LicenceAttestationQuerySet(models.QuerySet["LicenceAttestation"]):
    def visible_to(self, user: Any) -> LicenceAttestationQuerySet:
        """Contracts of the clinic: for administrators and auditors."""
        return self.all() if getattr(user, "reads_reports", False) else self.none()

    def standing(self, day: date) -> LicenceAttestationQuerySet:
        """Neither withdrawn nor expired on a day; of several, the one that lasts longest comes first."""
        return self.filter(withdrawn_at=None, expires_on__gte=day).order_by("-expires_on", "-id")

    def for_list(self) -> LicenceAttestationQuerySet:
        """Everything a row of a list prints, in one query."""
        return self.select_related("attested_by").order_by("instrument_key", "-expires_on", "-id")


class LicenceAttestation(Record):
    """Somebody's word that the clinic may use a licensed instrument, until a day; with its words, for a screen."""

    instrument_key = models.CharField(max_length=40)
    rights_holder = models.CharField(max_length=120)
    reference = models.CharField(max_length=120)
    mode = models.CharField(max_length=10, choices=PermittedMode)
    # One entry per item, {"en": …} and where there is a licensed translation {"es": …}. Empty: paper only.
    item_texts = models.JSONField(default=list)
    expires_on = models.DateField()
    attested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    objects = LicenceAttestationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="licence_attestation_mode_known", condition=Q(mode__in=PermittedMode.values)),
            models.CheckConstraint(
                name="licence_attestation_names_holder_and_reference", condition=~Q(rights_holder="") & ~Q(reference="")
            ),
            models.CheckConstraint(
                name="licence_attestation_on_a_screen_has_words", condition=Q(mode="paper") | ~Q(item_texts=[])
            ),
        ]
        indexes = [models.Index(fields=["instrument_key", "-expires_on"], name="licence_by_instrument")]

    def __str__(self) -> str:
        return f"licence attestation {self.pk}"

    def covers(self, mode: str) -> bool:
        """Whether the instrument may be given in this way."""
        return self.mode in {PermittedMode.BOTH, mode}


class MeasurementQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> MeasurementQuerySet:
        rows: MeasurementQuerySet = super().visible_to(user)  # type: ignore[assignment]
        return rows

    def in_order(self) -> MeasurementQuerySet:
        return self.order_by("measured_at", "id")

    def with_scores(self) -> MeasurementQuerySet:
        """With every version of the score, the present one last."""
        return self.prefetch_related(Prefetch("scores", MeasurementScore.objects.order_by("number")))

    def for_list(self) -> MeasurementQuerySet:
        """Everything a row of a list prints, in two queries."""
        return self.select_related("patient", "episode").with_scores()


class Measurement(Record):
    """What a patient answered to one instrument at one time, as it was answered. Never changed.

    `answers` maps item numbers to answers; `activities` the same numbers to what the patient named.
    `source_key` names where it came from: one measurement per source, instrument, region and side.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="measurements", db_index=False)
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="measurements", db_index=False)
    instrument_key = models.CharField(max_length=40)
    moment = models.CharField(max_length=9, choices=MeasureMoment)
    measured_at = models.DateTimeField()
    mode = models.CharField(max_length=10, choices=Administration)
    # Codes of sessions/catalogue/regions.json and sides, for pain; sessions live on a floor above.
    region = models.CharField(max_length=40, default="", blank=True)
    side = models.CharField(max_length=7, default="", blank=True)
    answers = models.JSONField()
    activities = models.JSONField(default=dict)
    source_key = models.CharField(max_length=60)

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="measurement_moment_known", condition=Q(moment__in=MeasureMoment.values)),
            models.CheckConstraint(name="measurement_mode_known", condition=Q(mode__in=Administration.values)),
            models.CheckConstraint(
                name="measurement_side_known", condition=Q(side__in=["", "left", "right", "midline"])
            ),
            models.CheckConstraint(name="measurement_side_only_of_a_region", condition=Q(side="") | ~Q(region="")),
            models.UniqueConstraint(
                name="measurement_once_per_source", fields=["source_key", "instrument_key", "region", "side"]
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "measured_at"], name="measurement_by_patient"),
            models.Index(fields=["episode", "measured_at"], name="measurement_by_episode"),
            models.Index(fields=["-updated_at", "-id"], name="measurement_by_change"),
        ]

    def __str__(self) -> str:
        return f"measurement {self.pk}"

    @property
    def current(self) -> MeasurementScore:
        """The newest version of its score. Read it with `with_scores()`."""
        return max(self.scores.all(), key=lambda score: score.number)


class MeasurementScore(Record):
    """What answers came to, under one version of the instrument's rule. A re-score is one more row."""

    measurement = models.ForeignKey(Measurement, models.PROTECT, related_name="scores", db_index=False)
    number = models.PositiveSmallIntegerField()
    instrument_version = models.PositiveSmallIntegerField()
    # Null: too little was answered.
    value: models.DecimalField[Decimal | None, Decimal | None] = models.DecimalField(
        max_digits=6, decimal_places=2, null=True
    )
    answered = models.PositiveSmallIntegerField()
    is_estimate = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="measurement_score_one_per_number", fields=["measurement", "number"]),
            models.CheckConstraint(name="measurement_score_numbered_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="measurement_score_estimate_has_a_value", condition=Q(is_estimate=False) | Q(value__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"measurement score {self.pk}"
