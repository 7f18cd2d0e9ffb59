"""What helps a therapist write: values carried over from an earlier session."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from sessions.models.session import OfSessionQuerySet, TechniqueUse, TreatmentSession, TriggerPoint

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
