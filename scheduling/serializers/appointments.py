"""How visits and free slots look from outside, and what may be asked."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.models import Appointment, AppointmentStatus, CancelReason, SlotHold
from scheduling.serializers.fields import InstantField, MinutesField, VisibleField, WindowInput
from staff.models import User


class AvailabilityInput(WindowInput):
    is_window_required = True
    service = VisibleField(Service)
    location = VisibleField(Location)
    therapist = VisibleField(User, required=False)
    patient = VisibleField(Patient, required=False)
    minutes = MinutesField(help_text="A length of its own; without it the service's.")


class SlotOutput(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    therapist_id = serializers.UUIDField(source="therapist.public_id")


class AvailabilityOutput(serializers.Serializer[Any]):
    location_id = serializers.UUIDField()
    service_id = serializers.UUIDField()
    timezone = serializers.CharField(help_text="The location's IANA zone; a visit is always told in it.")
    results = SlotOutput(many=True)


# A held slot is no visit yet.
VISIT_STATUSES = [choice for choice in AppointmentStatus.choices if choice[0] != AppointmentStatus.HELD]


class AppointmentFilterInput(WindowInput):
    location = VisibleField(Location, required=False)
    therapist = VisibleField(User, required=False)
    patient = VisibleField(Patient, required=False)
    status = serializers.MultipleChoiceField(choices=VISIT_STATUSES, required=False)


class AppointmentOutput(serializers.ModelSerializer[Appointment]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    room_id = serializers.UUIDField(source="room.public_id")
    service_id = serializers.UUIDField(source="service.public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    timezone = serializers.CharField(source="location.timezone")
    warnings = serializers.ListField(
        child=serializers.CharField(),
        source="screening_reasons",
        help_text="What screening says of it: codes, in the answer to booking, moving and arriving only.",
    )

    class Meta:
        model = Appointment
        fields = [
            "id", "patient_id", "therapist_id", "room_id", "service_id", "location_id", "starts_at", "ends_at",
            "busy_from", "busy_until", "timezone", "status", "confirmed_at", "arrived_at", "cancelled_at",
            "cancel_reason", "is_late_cancellation", "overlaps_on_purpose", "overlap_reason",
            "version", "warnings", "created_at", "updated_at",
        ]  # fmt: skip


class BookAppointmentInput(StrictSerializer):
    patient_id = VisibleField(Patient, source="patient")
    therapist_id = VisibleField(User, source="therapist")
    service_id = VisibleField(Service, source="service")
    location_id = VisibleField(Location, source="location")
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    starts_at = InstantField()
    minutes = MinutesField(help_text="A length of its own; without it the service's.")
    hold_id = VisibleField(
        SlotHold, source="hold", required=False, allow_null=True, help_text="A slot that was held for this booking."
    )
    overlap_reason = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Why it may lie over another visit of the therapist or room; admins and that therapist only.",
    )
    screening_reason = serializers.CharField(
        required=False,
        max_length=500,
        help_text="Why it may pass a screening that blocks it; the clinical lead only, and never an emergency.",
    )
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told.")


class LetPassInput(StrictSerializer):
    screening_reason = serializers.CharField(max_length=500)


class MoveAppointmentInput(StrictSerializer):
    starts_at = InstantField(required=False)
    minutes = MinutesField(help_text="Its new length; without it the visit keeps the one it has.")
    therapist_id = VisibleField(User, source="therapist", required=False)
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told of a new time.")


# What staff may choose; the other one says that the patient did it.
STAFF_REASONS = [choice for choice in CancelReason.choices if choice[0] != CancelReason.PATIENT_BY_LINK]


class CancelAppointmentInput(StrictSerializer):
    reason = serializers.ChoiceField(choices=STAFF_REASONS)
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told.")


class RestoreAppointmentInput(StrictSerializer):
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told.")
