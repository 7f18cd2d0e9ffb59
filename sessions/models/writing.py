"""What helps a therapist write: values carried over, short texts of their own, pain by region."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from sessions.models.findings import TriggerPoint
from sessions.models.session import BodySide, OfSessionQuerySet, TechniqueUse, TreatmentSession

# The words of a note that may be carried over. Pain is asked anew, motions are measured anew.
CARRIED_FIELDS = ("subjective", "objective", "assessment", "plan", "lubricant")


class CarriedQuerySet(OfSessionQuerySet):
    def for_page(self) -> Self:
        """With what a line of each prints, in one query."""
        return self.select_related("session", "source__location", "technique_use", "trigger_point").order_by("id")


class CarriedValue(Record):
    """Something a draft took over from an earlier session and its author has not confirmed: while there is one the
    draft cannot be signed. Once confirmed the row is gone; what it named is then the author's own."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="carried")
    source = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="+")
    # Exactly one of these three. A point is carried as one that has still to be examined.
    note_field = models.CharField(max_length=10, default="", blank=True)
    technique_use = models.ForeignKey(TechniqueUse, models.PROTECT, null=True, related_name="carried")
    trigger_point = models.ForeignKey(TriggerPoint, models.PROTECT, null=True, related_name="+")

    objects = CarriedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="carried_value_is_one_thing",
                condition=Q(note_field="", technique_use__isnull=False, trigger_point=None)
                | Q(note_field="", technique_use=None, trigger_point__isnull=False)
                | Q(note_field__in=CARRIED_FIELDS, technique_use=None, trigger_point=None),
            ),
            models.UniqueConstraint(
                name="carried_value_once_per_field", fields=["session", "note_field"], condition=~Q(note_field="")
            ),
            models.UniqueConstraint(name="carried_value_once_per_technique", fields=["technique_use"]),
            models.UniqueConstraint(name="carried_value_once_per_point", fields=["session", "trigger_point"]),
        ]

    def __str__(self) -> str:
        return f"carried value {self.pk}"

    @property
    def kind(self) -> str:
        """note, technique or trigger_point."""
        if self.note_field:
            return "note"
        return "technique" if self.technique_use_id else "trigger_point"

    @property
    def code(self) -> str:
        """What it is, without a word of it: kind and name or id."""
        if self.technique_use:
            return f"technique:{self.technique_use.public_id}"
        return f"trigger_point:{self.trigger_point.public_id}" if self.trigger_point else f"note:{self.note_field}"


class SnippetQuerySet(models.QuerySet["Snippet"]):
    def visible_to(self, user: Any) -> Self:
        """A member's own."""
        return self.filter(owner=user)


class Snippet(Record):
    """A short text a therapist writes often, and the shortcut that brings it into a note. Nobody else's business."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="snippets")
    shortcut = models.CharField(max_length=20)
    text = models.TextField()

    objects = SnippetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="snippet_once_per_shortcut", fields=["owner", "shortcut"]),
            models.CheckConstraint(name="snippet_shortcut_can_be_typed", condition=Q(shortcut__regex=r"^[a-z0-9-]+$")),
            models.CheckConstraint(name="snippet_says_something", condition=~Q(text="")),
        ]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="snippet_by_change")]

    def __str__(self) -> str:
        return f"snippet {self.pk}"


class PainKind(models.TextChoices):
    """When a region hurts: now at rest, now on movement, or at its worst since the last visit."""

    REST = "rest", "At rest"
    MOVEMENT = "movement", "On movement"
    WORST = "worst", "Worst since the last visit"


class RegionalPain(Record):
    """How much one part of the body hurts, 0-10, before the treatment and, except for the worst so far, after it."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="regional_pains")
    region = models.CharField(max_length=40)
    side = models.CharField(max_length=7, choices=BodySide)
    kind = models.CharField(max_length=8, choices=PainKind)
    before = models.PositiveSmallIntegerField()
    after = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="regional_pain_once_per_kind", fields=["session", "region", "side", "kind"]),
            models.CheckConstraint(name="regional_pain_side_known", condition=Q(side__in=BodySide.values)),
            models.CheckConstraint(name="regional_pain_kind_known", condition=Q(kind__in=PainKind.values)),
            models.CheckConstraint(name="regional_pain_before_0_to_10", condition=Q(before__lte=10)),
            models.CheckConstraint(name="regional_pain_after_0_to_10", condition=Q(after=None) | Q(after__lte=10)),
            models.CheckConstraint(
                name="regional_pain_worst_has_no_after", condition=~Q(kind="worst") | Q(after__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"regional pain {self.pk}"
