"""What went wrong after a treatment, and whether anybody asked (clinical.md 6.6)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from clinic.core.records import Record
from clinic.models import Location
from outcomes.models import Survey
from patients.models import Allergy, ClinicalQuerySet, Patient
from sessions.models.session import OfSessionQuerySet, TreatmentSession


class EventKind(models.TextChoices):
    SORENESS = "soreness", "Soreness for more than 48 hours"
    BRUISE = "bruise", "Bruise"
    HAEMATOMA = "haematoma", "Haematoma"
    SKIN_REACTION = "skin_reaction", "Skin reaction or allergy"
    MORE_PAIN = "more_pain", "Increased pain"
    NERVE = "nerve", "New numbness or weakness (nerve)"
    DIZZINESS = "dizziness", "Dizziness or fainting"
    HEADACHE = "headache", "Headache"
    FRACTURE = "fracture", "Fracture"
    CLOT = "clot", "Deep-vein clot or embolism"
    STROKE_LIKE = "stroke_like", "Stroke or signs like a TIA"
    MUSCLE_BREAKDOWN = "muscle_breakdown", "Muscle breakdown"
    FALL = "fall", "Fall in the clinic"
    DISTRESS = "distress", "Emotional distress"
    BURN = "burn", "Burn (heat device)"
    OTHER = "other", "Other"


# clinical.md 1.4, E3 and E4: whatever else is ticked.
ALWAYS_SERIOUS = (EventKind.FRACTURE.value, EventKind.NERVE.value)


class CarnesSeverity(models.TextChoices):
    """How long and how hard, in the words of Carnes and others."""

    MAJOR = "major", "Major: medium or long term, moderate to severe"
    MODERATE = "moderate", "Moderate: medium or long term, moderate"
    MINOR = "minor", "Minor: short and mild"
    NOT_ADVERSE = "not_adverse", "Not adverse: expected and harmless"


class SeriousBecause(models.TextChoices):
    HOSPITAL = "hospital", "Hospital stay"
    DISABILITY = "disability", "Disability"
    LIFE_THREAT = "life_threat", "Threat to life"


class Causality(models.TextChoices):
    """Whether the treatment caused it, on the WHO-UMC scale."""

    CERTAIN = "certain", "Certain"
    PROBABLE = "probable", "Probable"
    POSSIBLE = "possible", "Possible"
    UNLIKELY = "unlikely", "Unlikely"
    UNCLASSIFIED = "unclassified", "Unclassified: more has to be known"
    UNASSESSABLE = "unassessable", "Unassessable"


class EventOutcome(models.TextChoices):
    RECOVERED = "recovered", "Recovered"
    RECOVERING = "recovering", "Recovering"
    NOT_RECOVERED = "not_recovered", "Not recovered"
    LASTING = "lasting", "Recovered with lasting harm"
    DIED = "died", "Died"
    UNKNOWN = "unknown", "Not known yet"


class Preventability(models.TextChoices):
    PREVENTABLE = "preventable", "Preventable"
    PERHAPS = "perhaps", "Perhaps preventable"
    NOT_PREVENTABLE = "not_preventable", "Not preventable"
    UNKNOWN = "unknown", "Not known yet"


class AdverseEventQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> AdverseEventQuerySet:
        """As clinical rows; a clinical lead also sees the serious ones of every patient known at their locations."""
        if not getattr(user, "reads_clinical", False):
            return self.none()
        seen = Q(patient__in=Patient.objects.visible_to(user))
        if user.writes_clinical and user.is_clinical_lead:
            known_at = Patient.locations.through.objects.filter(location__in=Location.objects.visible_to(user))
            seen |= Q(is_serious=True, patient__in=known_at.values("patient"))
        return self.filter(seen)

    def current(self) -> AdverseEventQuerySet:
        """The last version of each event."""
        current: AdverseEventQuerySet = self.filter(corrected_by=None)
        return current

    def standing(self) -> AdverseEventQuerySet:
        """Current, and not taken back as entered in error."""
        standing: AdverseEventQuerySet = self.current().filter(is_withdrawn=False)
        return standing

    def alarming(self) -> AdverseEventQuerySet:
        """Serious events no clinical lead has looked at in any version."""
        seen = AdverseEventSeen.objects.filter(event__event_id=OuterRef("event_id"))
        alarming: AdverseEventQuerySet = self.standing().filter(~Exists(seen), is_serious=True)
        return alarming

    def for_list(self) -> AdverseEventQuerySet:
        """Everything a row of a list prints, in one query."""
        return self.select_related("patient", "session__location", "survey", "allergy", "author", "corrects")

    def newest_first(self) -> AdverseEventQuerySet:
        return self.order_by("-created_at", "-id")


class AdverseEvent(Record):
    """One version of an unwanted effect. Versions are added, never changed; the one without a later one counts."""

    # The same in every version: the address of the event.
    event_id = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.PositiveSmallIntegerField(default=1)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    correction_reason = models.CharField(max_length=300, default="", blank=True)
    is_withdrawn = models.BooleanField(default=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="adverse_events")
    # The session it follows, if it follows one.
    session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, related_name="adverse_events")
    # The follow-up the patient told it in.
    survey = models.ForeignKey(Survey, models.PROTECT, null=True, related_name="adverse_events")
    kind = models.CharField(max_length=16, choices=EventKind)
    severity = models.CharField(max_length=11, choices=CarnesSeverity)
    is_serious = models.BooleanField()
    serious_because = ArrayField(models.CharField(max_length=11), default=list, blank=True)
    # As it was told: an instant, or about how many hours after the session; neither when nobody knows.
    onset_at = models.DateTimeField(null=True)
    onset_hours = models.PositiveSmallIntegerField(null=True)
    causality = models.CharField(max_length=12, choices=Causality)
    preventability = models.CharField(max_length=15, choices=Preventability, default=Preventability.UNKNOWN)
    outcome = models.CharField(max_length=13, choices=EventOutcome)
    description = models.TextField()
    action_taken = models.TextField(default="", blank=True)
    notified = models.CharField(max_length=300, default="", blank=True)
    # What a skin reaction put into the patient's record.
    allergy = models.ForeignKey(Allergy, models.PROTECT, null=True, related_name="adverse_events")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="adverse_event_once_per_number", fields=["event_id", "number"]),
            models.CheckConstraint(name="adverse_event_kind_known", condition=Q(kind__in=EventKind.values)),
            models.CheckConstraint(
                name="adverse_event_severity_known", condition=Q(severity__in=CarnesSeverity.values)
            ),
            models.CheckConstraint(name="adverse_event_causality_known", condition=Q(causality__in=Causality.values)),
            models.CheckConstraint(name="adverse_event_outcome_known", condition=Q(outcome__in=EventOutcome.values)),
            models.CheckConstraint(
                name="adverse_event_preventability_known", condition=Q(preventability__in=Preventability.values)
            ),
            models.CheckConstraint(
                name="adverse_event_serious_because_known",
                condition=Q(serious_because__contained_by=list(SeriousBecause.values)),
            ),
            models.CheckConstraint(
                name="adverse_event_grave_ones_are_serious",
                condition=Q(is_serious=True)
                | (~Q(kind__in=ALWAYS_SERIOUS) & Q(serious_because=[]) & ~Q(outcome=EventOutcome.DIED)),
            ),
            models.CheckConstraint(
                name="adverse_event_onset_told_one_way", condition=Q(onset_at=None) | Q(onset_hours=None)
            ),
            models.CheckConstraint(
                name="adverse_event_hours_follow_a_session", condition=Q(onset_hours=None) | Q(session__isnull=False)
            ),
            models.CheckConstraint(name="adverse_event_is_described", condition=~Q(description="")),
            models.CheckConstraint(
                name="adverse_event_correction_says_why",
                condition=Q(corrects=None, number=1, correction_reason="", is_withdrawn=False)
                | (Q(corrects__isnull=False, number__gt=1) & ~Q(correction_reason="")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-created_at"], name="adverse_event_by_patient"),
            models.Index(fields=["-updated_at", "-id"], name="adverse_event_by_change"),
            # Few rows, asked for on every look at a clinical lead's day.
            models.Index(fields=["event_id"], condition=Q(is_serious=True), name="adverse_event_serious"),
        ]

    def __str__(self) -> str:
        return f"adverse event {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("sessions:event", args=[self.event_id])

    @property
    def delay(self) -> timedelta | None:
        """How long after the session it began, as far as that is known."""
        if self.onset_hours is not None:
            return timedelta(hours=self.onset_hours)
        if self.onset_at is None or self.session is None:
            return None
        return self.onset_at - self.session.performed_at

    @property
    def serious_words(self) -> list[str]:
        return [str(SeriousBecause(code).label) for code in self.serious_because]


class AdverseEventSeen(Record):
    """A clinical lead has looked at a serious event and said what follows. Append-only."""

    event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="seen")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(name="adverse_event_seen_says_what_follows", condition=~Q(note="")),
            models.UniqueConstraint(name="adverse_event_seen_once_each", fields=["event", "by"]),
        ]

    def __str__(self) -> str:
        return f"adverse event seen {self.pk}"


class EffectCheck(Record):
    """The question about unexpected effects of the last session, asked at the next. Append-only: the newest counts."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="effect_checks")
    asked_about = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="effects_asked")
    event = models.ForeignKey(AdverseEvent, models.PROTECT, null=True, related_name="effect_checks")
    had_effect = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="effect_check_yes_names_the_event",
                condition=Q(had_effect=False, event=None) | Q(had_effect=True, event__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"effect check {self.pk}"
