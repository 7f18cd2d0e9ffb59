"""The clinic itself: where it is, its rooms, what it offers."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from clinic.core.clock import is_zone
from clinic.core.records import EditableRecord


def validate_zone(name: str) -> None:
    """An IANA zone name this machine knows."""
    if not is_zone(name):
        raise ValidationError("Not an IANA time zone.", code="unknown_zone")


FEATURE_LENGTH, MOST_FEATURES = 30, 20
# Each divides an hour, so the same times come back every hour.
SLOT_GRIDS = [(minutes, f"{minutes} minutes") for minutes in (5, 10, 15, 20, 30, 60)]


def features_field() -> ArrayField[list[str], list[str]]:
    """What a room has or a visit needs, in the clinic's own short words."""
    return ArrayField(models.CharField(max_length=FEATURE_LENGTH), default=list, blank=True, size=MOST_FEATURES)


MOST_REMINDERS, LEAST_LEAD_MINUTES, MOST_LEAD_MINUTES = 5, 15, 14 * 24 * 60


def reminders_field() -> ArrayField[list[int] | None, list[int] | None]:
    """How many minutes before a visit each reminder goes out. Null: as usual; empty: none."""
    return ArrayField(models.PositiveIntegerField(), null=True, blank=True, size=MOST_REMINDERS)


class LocationQuerySet(models.QuerySet["Location"]):
    def visible_to(self, user: Any) -> LocationQuerySet:
        """The locations this staff member works at."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(staff=user)

    def in_order(self) -> LocationQuerySet:
        return self.order_by("name", "id")


class Location(EditableRecord):
    """A place where patients are seen, with its own clock."""

    name = models.CharField(max_length=80, unique=True)
    timezone = models.CharField(max_length=50, validators=[validate_zone])
    address = models.CharField(max_length=200, default="", blank=True)
    phone = models.CharField(max_length=30, default="", blank=True)
    country = models.CharField(max_length=2, default="US")
    # A patient who calls off later than this before the visit has done so late.
    late_cancel_hours = models.PositiveSmallIntegerField(default=24, db_default=24)
    # How long a slot is kept while a form is filled.
    hold_minutes = models.PositiveSmallIntegerField(default=5, db_default=5)
    # Free times are offered at multiples of this on the wall clock.
    slot_grid_minutes = models.PositiveSmallIntegerField(default=15, db_default=15, choices=SLOT_GRIDS)
    # Offer only what leaves no gap: the first and the last time of each free stretch.
    offers_only_adjacent = models.BooleanField(default=False, db_default=False)
    # On the location's clock, over midnight or not. Nothing is sent in between; null is at any hour.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    # Unless the service says otherwise.
    reminder_minutes = reminders_field()

    objects = LocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="location_hold_1_to_60_minutes", condition=Q(hold_minutes__gte=1, hold_minutes__lte=60)
            ),
            models.CheckConstraint(name="location_late_cancel_up_to_30_days", condition=Q(late_cancel_hours__lte=720)),
            models.CheckConstraint(
                name="location_slot_grid_divides_the_hour", condition=Q(slot_grid_minutes__in=[5, 10, 15, 20, 30, 60])
            ),
            models.CheckConstraint(
                name="location_quiet_hours_have_both_ends",
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
            ),
            models.CheckConstraint(
                name="location_reminders_up_to_5",
                condition=Q(reminder_minutes=None) | Q(reminder_minutes__len__lte=MOST_REMINDERS),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: Any) -> RoomQuerySet:
        return self.filter(location__in=Location.objects.visible_to(user))

    def fit_for(self, service: Service) -> RoomQuerySet:
        """Those in use that have all the service needs."""
        return self.filter(is_active=True, features__contains=service.needed_features)


class Room(EditableRecord):
    """A treatment room: one patient at a time."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    features = features_field()

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="room_name_once_per_location", fields=["location", "name"]),
        ]

    def __str__(self) -> str:
        return self.name

    def fits(self, service: Service) -> bool:
        """Whether it has all the service needs."""
        return set(service.needed_features) <= set(self.features)


class TechniqueFamily(models.TextChoices):
    MYOFASCIAL_RELEASE = "myofascial_release", "Myofascial release"
    MASSAGE = "massage", "Massage"
    COMBINED = "combined", "Combined"


class Audience(models.TextChoices):
    ANYONE = "anyone", "Anyone"
    NEW_PATIENTS = "new_patients", "New patients"
    RETURNING_PATIENTS = "returning_patients", "Returning patients"


class ServiceQuerySet(models.QuerySet["Service"]):
    def visible_to(self, user: Any) -> ServiceQuerySet:
        """Every staff member sees what the clinic offers."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.all()

    def offered(self) -> ServiceQuerySet:
        return self.filter(is_active=True).order_by("name", "id")


class Service(EditableRecord):
    """Something a patient can book: how long, how much room around it, which kind of touch."""

    name = models.CharField(max_length=80, unique=True)
    technique_family = models.CharField(max_length=20, choices=TechniqueFamily)
    duration_minutes = models.PositiveSmallIntegerField()
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    for_unscreened_patients = models.BooleanField(
        default=False, help_text="May be booked before the intake is answered (a first visit)."
    )
    is_active = models.BooleanField(default=True)
    audience = models.CharField(
        max_length=20, choices=Audience, default=Audience.ANYONE, db_default=Audience.ANYONE.value
    )
    # A time is given at the latest this long before, and at the earliest this many days.
    notice_minutes = models.PositiveIntegerField(default=0, db_default=0)
    horizon_days = models.PositiveSmallIntegerField(default=730, db_default=730)
    needed_features = features_field()
    # Unless null: then the location's.
    reminder_minutes = reminders_field()

    objects = ServiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="service_duration_between_5_minutes_and_8_hours",
                condition=Q(duration_minutes__gte=5, duration_minutes__lte=480),
            ),
            models.CheckConstraint(
                name="service_buffers_up_to_2_hours",
                condition=Q(buffer_before_minutes__lte=120, buffer_after_minutes__lte=120),
            ),
            models.CheckConstraint(
                name="service_technique_family_known",
                condition=Q(technique_family__in=TechniqueFamily.values),
            ),
            models.CheckConstraint(name="service_audience_known", condition=Q(audience__in=Audience.values)),
            models.CheckConstraint(name="service_notice_up_to_30_days", condition=Q(notice_minutes__lte=43200)),
            models.CheckConstraint(
                name="service_horizon_1_to_730_days", condition=Q(horizon_days__gte=1, horizon_days__lte=730)
            ),
            models.CheckConstraint(
                name="service_reminders_up_to_5",
                condition=Q(reminder_minutes=None) | Q(reminder_minutes__len__lte=MOST_REMINDERS),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """The answer already given to a POST, kept so that the same request asked again gets the same answer."""

    principal = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="idempotency_key_once_per_principal", fields=["principal", "key"]),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.pk}"
