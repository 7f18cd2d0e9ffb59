"""A course of visits agreed at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from clinic.core.records import EditableRecord
from clinic.models import Location, Room, Service
from patients.models import OfPatientQuerySet, Patient


class AppointmentSeries(EditableRecord):
    """What was agreed when a course of visits was booked. Its visits are rows of their own and may differ from it."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointment_series")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointment_series")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, null=True, related_name="+")
    # RFC 5545 RRULE without its name, such as `FREQ=WEEKLY;COUNT=6`, counted on the location's wall clock.
    rule = models.CharField(max_length=200)
    first_at = models.DateTimeField()

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-first_at"], name="series_by_patient")]

    def __str__(self) -> str:
        return f"series {self.pk}"
