"""How held slots look from outside, and what may be asked."""

from __future__ import annotations

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.models import SlotHold
from scheduling.serializers.fields import InstantField, MinutesField, VisibleField
from staff.models import User


class HoldSlotInput(StrictSerializer):
    therapist_id = VisibleField(User, source="therapist")
    service_id = VisibleField(Service, source="service")
    location_id = VisibleField(Location, source="location")
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    patient_id = VisibleField(Patient, source="patient", required=False, allow_null=True)
    starts_at = InstantField()
    minutes = MinutesField(help_text="A length of its own; without it the service's.")


class SlotHoldOutput(serializers.ModelSerializer[SlotHold]):
    id = serializers.UUIDField(source="public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    room_id = serializers.UUIDField(source="room.public_id")
    service_id = serializers.UUIDField(source="service.public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = SlotHold
        fields = [
            "id",
            "therapist_id",
            "room_id",
            "service_id",
            "location_id",
            "starts_at",
            "ends_at",
            "held_until",
            "updated_at",
        ]
