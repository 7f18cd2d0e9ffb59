"""What patients ask for by their link."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic.core.records import Record
from scheduling.models.appointment import Appointment, AppointmentStatus


class PartOfDay(models.TextChoices):
    ANY = "any", "Any time of day"
    MORNING = "morning", "In the morning"
    AFTERNOON = "afternoon", "In the afternoon"
    EVENING = "evening", "In the evening"


class MoveRequestQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> MoveRequestQuerySet:
        return self.filter(appointment__in=Appointment.objects.visible_to(user))

    def open(self) -> MoveRequestQuerySet:
        """Not settled, about a visit to come that is as it was when the patient asked: moving or cancelling it is an
        answer."""
        return self.filter(
            settled_at=None,
            version=F("appointment__version"),
            appointment__status__in=[AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED],
            appointment__starts_at__gt=Now(),
        )


class MoveRequest(Record):
    """A patient's wish for another time, told by the link of a visit. The visit stays until the desk has moved it."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="move_requests")
    # The visit's version when the patient asked.
    version = models.PositiveIntegerField()
    # 0 is Monday; empty means any day.
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    part_of_day = models.CharField(max_length=9, choices=PartOfDay, default=PartOfDay.ANY)
    settled_at = models.DateTimeField(null=True)

    objects = MoveRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="move_request_part_of_day_known", condition=Q(part_of_day__in=PartOfDay.values)
            ),
            models.UniqueConstraint(
                name="move_request_once_per_version",
                fields=["appointment", "version"],
                condition=Q(settled_at=None),
            ),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(settled_at=None), name="move_request_unsettled")]

    def __str__(self) -> str:
        return f"move request {self.pk}"
