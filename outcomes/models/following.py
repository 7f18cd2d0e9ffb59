"""How it went: pain scores over time, and the questions asked after a session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clinic.core.records import Record
from messaging.models import LinkPurpose, SignedLink
from patients.models import ClinicalQuerySet, Episode, Patient

# The rule of an episode's first and last score (clinical.md 7.1) and of a response (5.1, 7.2); reports use the same.
# Baseline: the last score at most this long before the first treatment, never one taken after it.
BASELINE_WINDOW = timedelta(days=14)
# Last: the final score at least this long after the baseline, and after at least this many treatments.
LAST_AFTER = timedelta(days=14)
LAST_AFTER_VISITS = 2
# A change of this many points, and of this share of the baseline, matters to a person.
MEANINGFUL_POINTS = 2
MEANINGFUL_PERCENT = 30


class Moment(models.TextChoices):
    """When a score was taken, relative to treatment. AFTER measures the session itself, so it is on the curve
    but never stands for the course: it is neither baseline nor last."""

    INTAKE = "intake", "Intake"
    BEFORE = "before", "Before a session"
    AFTER = "after", "After a session"
    FOLLOW_UP = "follow_up", "Follow-up"


class PainScoreQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> PainScoreQuerySet:
        rows: PainScoreQuerySet = super().visible_to(user)  # type: ignore[assignment]
        return rows

    def in_order(self) -> PainScoreQuerySet:
        return self.order_by("measured_at", "id")

    def for_list(self) -> PainScoreQuerySet:
        """Everything a row of the API's list prints, in one query."""
        return self.select_related("patient", "episode")


class PainScore(Record):
    """Pain on a 0-10 numeric rating scale (0 none, 10 worst imaginable); LOINC 72514-3.

    `source_key` names where it came from ("session:<id>", "survey:<id>", "response:<id>"): one score per
    source and moment.
    """

    # No index of their own: the two below begin with them.
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="pain_scores", db_index=False)
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="pain_scores", db_index=False)
    score = models.PositiveSmallIntegerField()
    moment = models.CharField(max_length=9, choices=Moment)
    measured_at = models.DateTimeField()
    source_key = models.CharField(max_length=60)

    objects = PainScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="pain_score_between_0_and_10", condition=Q(score__gte=0, score__lte=10)),
            models.CheckConstraint(name="pain_score_moment_known", condition=Q(moment__in=Moment.values)),
            models.UniqueConstraint(name="pain_score_once_per_source_and_moment", fields=["source_key", "moment"]),
        ]
        indexes = [
            models.Index(fields=["patient", "measured_at"], name="pain_score_by_patient"),
            models.Index(fields=["episode", "measured_at"], name="pain_score_by_episode"),
            models.Index(fields=["-updated_at", "-id"], name="pain_score_by_change"),
        ]

    def __str__(self) -> str:
        return f"pain score {self.pk}"


class SurveyState(models.TextChoices):
    PLANNED = "planned", "Planned"
    ASKED = "asked", "Asked"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SurveyQuerySet(ClinicalQuerySet):
    def visible_to(self, user: Any) -> SurveyQuerySet:
        """As clinical rows; and the one survey a patient's own link was given for."""
        if isinstance(user, SignedLink):
            is_for_a_survey = user.purpose == LinkPurpose.SURVEY
            own = self.filter(public_id=user.target_id, patient=user.patient_id)
            return own if is_for_a_survey else self.none()
        rows: SurveyQuerySet = super().visible_to(user)  # type: ignore[assignment]
        return rows

    def planned_and_due(self, now: datetime) -> SurveyQuerySet:
        return self.filter(state=SurveyState.PLANNED, due_at__lte=now).order_by("due_at", "id")

    def with_unseen_effect(self) -> SurveyQuerySet:
        """Unexpected effects no therapist has read yet, the oldest first: they stand on My day."""
        unseen = self.filter(had_unexpected_effect=True, effect_seen_at=None)
        return unseen.select_related("patient").order_by("answered_at", "id")

    def for_list(self) -> SurveyQuerySet:
        """Everything a row of a list prints, in one query."""
        return self.select_related("patient", "episode", "therapist")

    def newest_first(self) -> SurveyQuerySet:
        return self.order_by("-due_at", "-id")


class Survey(Record):
    """One follow-up question after a session: pain now, and any unexpected effect."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="surveys", db_index=False)
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="surveys")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # The session asked about, by its public id: sessions live on a floor above.
    session_id = models.UUIDField(unique=True)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=SurveyState, default=SurveyState.PLANNED)
    pain = models.PositiveSmallIntegerField(null=True)
    had_unexpected_effect = models.BooleanField(null=True)
    effect_text = models.CharField(max_length=1000, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    # Set when a therapist has read an unexpected effect.
    effect_seen_at = models.DateTimeField(null=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="survey_pain_between_0_and_10", condition=Q(pain=None) | Q(pain__gte=0, pain__lte=10)
            ),
            models.CheckConstraint(name="survey_state_known", condition=Q(state__in=SurveyState.values)),
            models.CheckConstraint(
                name="survey_answered_wholly_or_not_at_all",
                condition=Q(
                    state="answered", pain__isnull=False, had_unexpected_effect__isnull=False, answered_at__isnull=False
                )
                | (~Q(state="answered") & Q(pain=None, had_unexpected_effect=None, answered_at=None, effect_text="")),
            ),
            models.CheckConstraint(
                name="survey_effect_seen_only_if_there_was_one",
                condition=Q(effect_seen_at=None) | Q(had_unexpected_effect=True),
            ),
            models.CheckConstraint(name="survey_expires_after_it_is_due", condition=Q(expires_at__gt=F("due_at"))),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="planned"), name="survey_planned_by_due"),
            models.Index(fields=["patient", "-due_at"], name="survey_by_patient"),
            models.Index(fields=["-updated_at", "-id"], name="survey_by_change"),
            models.Index(
                fields=["answered_at"],
                condition=Q(had_unexpected_effect=True, effect_seen_at=None),
                name="survey_with_unseen_effect",
            ),
        ]

    def __str__(self) -> str:
        return f"survey {self.pk}"

    @property
    def is_answered(self) -> bool:
        return self.state == SurveyState.ANSWERED

    @property
    def is_withdrawn(self) -> bool:
        return self.state == SurveyState.WITHDRAWN

    @property
    def is_expired(self) -> bool:
        """Asked, not answered, and too late now."""
        return not self.is_answered and not self.is_withdrawn and self.expires_at <= timezone.now()

    @property
    def has_unseen_effect(self) -> bool:
        return self.had_unexpected_effect is True and self.effect_seen_at is None
