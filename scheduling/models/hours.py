"""When therapists work at a location, and when they are away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.core.records import Record
from clinic.models import Location


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class OfLocationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> OfLocationQuerySet:
        return self.filter(location__in=Location.objects.visible_to(user))


class WorkingHours(Record):
    """A therapist's weekly hours at a location, in that location's wall-clock time."""

    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="working_hours")
    location = models.ForeignKey(Location, models.PROTECT, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts_at_local = models.TimeField()
    ends_at_local = models.TimeField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="working_hours_end_after_they_start", condition=Q(ends_at_local__gt=F("starts_at_local"))
            ),
            models.CheckConstraint(name="working_hours_weekday_known", condition=Q(weekday__in=Weekday.values)),
        ]
        indexes = [models.Index(fields=["location", "weekday", "therapist"], name="working_hours_by_day")]

    def __str__(self) -> str:
        return f"working hours {self.pk}"


class TimeOff(Record):
    """Time a therapist is away, wherever they work. The location says whose desk and clock it was entered on."""

    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="time_off")
    location = models.ForeignKey(Location, models.PROTECT, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="time_off_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]
        indexes = [models.Index(fields=["therapist", "starts_at"], name="time_off_by_therapist")]

    def __str__(self) -> str:
        return f"time off {self.pk}"
