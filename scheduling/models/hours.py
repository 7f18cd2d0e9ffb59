"""When a location is open, when therapists work there, and how much they may do."""

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


class OpeningHours(Record):
    """A location's weekly opening hours on its own wall clock. On dates for which none are set it is open whenever
    somebody works there."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts_at_local = models.TimeField()
    ends_at_local = models.TimeField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="opening_hours_end_after_they_start", condition=Q(ends_at_local__gt=F("starts_at_local"))
            ),
            models.CheckConstraint(name="opening_hours_weekday_known", condition=Q(weekday__in=Weekday.values)),
            models.CheckConstraint(
                name="opening_hours_valid_forwards", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))
            ),
        ]
        indexes = [models.Index(fields=["location", "weekday"], name="opening_hours_by_day")]

    def __str__(self) -> str:
        return f"opening hours {self.pk}"


class Closure(Record):
    """Whole days on which a location is shut: a public holiday, a works holiday."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="closures")
    first_on = models.DateField()
    last_on = models.DateField()
    name = models.CharField(max_length=80, default="", blank=True)

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="closure_ends_after_it_starts", condition=Q(last_on__gte=F("first_on"))),
        ]
        indexes = [models.Index(fields=["location", "last_on"], name="closure_by_location")]

    def __str__(self) -> str:
        return f"closure {self.pk}"


class ExtraHours(Record):
    """Hours on one date beyond the weekly pattern: of a therapist, or of the location when no therapist is named.

    A therapist's extra hours open the location for that therapist, also on a closed day.
    """

    location = models.ForeignKey(Location, models.PROTECT, related_name="extra_hours")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="extra_hours")
    on = models.DateField()
    starts_at_local = models.TimeField()
    ends_at_local = models.TimeField()

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="extra_hours_end_after_they_start", condition=Q(ends_at_local__gt=F("starts_at_local"))
            ),
        ]
        indexes = [models.Index(fields=["location", "on"], name="extra_hours_by_day")]

    def __str__(self) -> str:
        return f"extra hours {self.pk}"


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
