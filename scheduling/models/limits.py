"""How much a therapist may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from staff.models import User


class TherapistLimitsQuerySet(models.QuerySet["TherapistLimits"]):
    def visible_to(self, user: Any) -> TherapistLimitsQuerySet:
        return self.filter(therapist__in=User.objects.visible_to(user))


class TherapistLimits(Record):
    """The most hands-on time a therapist may be given: in a day, and without a break. Empty is without limit."""

    therapist = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="limits")
    most_minutes_a_day = models.PositiveSmallIntegerField(null=True, blank=True)
    most_minutes_without_break = models.PositiveSmallIntegerField(null=True, blank=True)
    # Less time than this between two visits is no break.
    break_minutes = models.PositiveSmallIntegerField(default=15, db_default=15)

    objects = TherapistLimitsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="limits_day_from_5_minutes_to_24_hours",
                condition=Q(most_minutes_a_day=None) | Q(most_minutes_a_day__gte=5, most_minutes_a_day__lte=1440),
            ),
            models.CheckConstraint(
                name="limits_without_break_from_5_minutes_to_24_hours",
                condition=Q(most_minutes_without_break=None)
                | Q(most_minutes_without_break__gte=5, most_minutes_without_break__lte=1440),
            ),
            models.CheckConstraint(
                name="limits_break_1_to_240_minutes", condition=Q(break_minutes__gte=1, break_minutes__lte=240)
            ),
        ]

    def __str__(self) -> str:
        return f"limits {self.pk}"
