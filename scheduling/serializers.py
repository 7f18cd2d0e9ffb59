"""How visits, hours and free slots look from outside, and what may be asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.core.api import StrictSerializer, parse_instant
from clinic.core.clock import day_bounds
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.models import Appointment, AppointmentStatus, CancelReason, TimeOff, Weekday, WorkingHours
from staff.models import User


@extend_schema_field(OpenApiTypes.UUID)
class VisibleField(serializers.SlugRelatedField[Any]):
    """A row by its id, among those the member may see; a hidden one does not exist."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(slug_field="public_id", queryset=model.objects.none(), **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.visible_to(self.context["request"].user)
        return rows


class InstantField(serializers.DateTimeField):
    """A time with its offset; one without could be any of forty instants."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            raise serializers.ValidationError("Use an ISO-8601 time with an offset, such as 2026-11-23T09:00:00Z.")
        return super().enforce_timezone(value)


@extend_schema_field(OpenApiTypes.STR)
class EdgeField(serializers.CharField):
    """The edge of a window: an instant with its offset, or a date on the location's calendar (UTC without one)."""

    def to_internal_value(self, data: Any) -> date | datetime:  # type: ignore[override]
        text = str(data)
        try:
            return date.fromisoformat(text) if len(text) == 10 else parse_instant(text, field=self.field_name or "")
        except (ValueError, Invalid):
            raise serializers.ValidationError(
                "Use a date such as 2026-11-23, or a time with an offset such as 2026-11-23T09:00:00Z."
            ) from None


def as_instant(edge: date | datetime, location: Location | None, *, is_end: bool) -> datetime:
    """An instant as it is; a date as the first instant of that local day, or of the next one if it is the end."""
    if isinstance(edge, datetime):
        return edge
    return day_bounds(edge, location.timezone if location else "UTC")[1 if is_end else 0]


class WindowInput(serializers.Serializer[Any]):
    """`from` and `to`, which Python keeps as words of its own."""

    is_window_required = False

    def get_fields(self) -> dict[str, Any]:
        required = self.is_window_required
        edges = {name: EdgeField(required=required) for name in ("from", "to")}
        return {**super().get_fields(), **edges}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        location = attrs.get("location")
        for name in {"from", "to"} & set(attrs):
            try:
                attrs[name] = as_instant(attrs[name], location, is_end=name == "to")
            except OverflowError:
                raise serializers.ValidationError({name: "There is no such day."}) from None
        return attrs


class AvailabilityInput(WindowInput):
    is_window_required = True
    service = VisibleField(Service)
    location = VisibleField(Location)
    therapist = VisibleField(User, required=False)
    patient = VisibleField(Patient, required=False)


class SlotOutput(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    therapist_id = serializers.UUIDField(source="therapist.public_id")


class AvailabilityOutput(serializers.Serializer[Any]):
    location_id = serializers.UUIDField()
    service_id = serializers.UUIDField()
    timezone = serializers.CharField(help_text="The location's IANA zone; a visit is always told in it.")
    results = SlotOutput(many=True)


class AppointmentFilterInput(WindowInput):
    location = VisibleField(Location, required=False)
    therapist = VisibleField(User, required=False)
    patient = VisibleField(Patient, required=False)
    status = serializers.MultipleChoiceField(choices=AppointmentStatus.choices, required=False)


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
        help_text="Why screening let it pass with a warning: codes, in the answer to booking and moving only.",
    )

    class Meta:
        model = Appointment
        fields = [
            "id", "patient_id", "therapist_id", "room_id", "service_id", "location_id", "starts_at", "ends_at",
            "busy_from", "busy_until", "timezone", "status", "confirmed_at", "arrived_at", "cancelled_at",
            "cancel_reason", "version", "warnings", "created_at", "updated_at",
        ]  # fmt: skip


class BookAppointmentInput(StrictSerializer):
    patient_id = VisibleField(Patient, source="patient")
    therapist_id = VisibleField(User, source="therapist")
    service_id = VisibleField(Service, source="service")
    location_id = VisibleField(Location, source="location")
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    starts_at = InstantField()
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told.")


class MoveAppointmentInput(StrictSerializer):
    starts_at = InstantField(required=False)
    therapist_id = VisibleField(User, source="therapist", required=False)
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told of a new time.")


# What staff may choose; the other one says that the patient did it.
STAFF_REASONS = [choice for choice in CancelReason.choices if choice[0] != CancelReason.PATIENT_BY_LINK]


class CancelAppointmentInput(StrictSerializer):
    reason = serializers.ChoiceField(choices=STAFF_REASONS)
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told.")


class PeriodInput(StrictSerializer):
    starts_at_local = serializers.TimeField()
    ends_at_local = serializers.TimeField()


class WorkingHoursInput(StrictSerializer):
    therapist_id = VisibleField(User, source="therapist")
    location_id = VisibleField(Location, source="location")
    weekday = serializers.ChoiceField(choices=Weekday.choices, help_text="0 is Monday.")
    periods = PeriodInput(many=True, allow_empty=True)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True)


class WorkingHoursOutput(serializers.ModelSerializer[WorkingHours]):
    id = serializers.UUIDField(source="public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = WorkingHours
        fields = [
            "id", "therapist_id", "location_id", "weekday", "starts_at_local", "ends_at_local",
            "valid_from", "valid_until", "updated_at",
        ]  # fmt: skip


class TimeOffInput(StrictSerializer):
    therapist_id = VisibleField(User, source="therapist")
    location_id = VisibleField(Location, source="location")
    starts_at = InstantField()
    ends_at = InstantField()


class TimeOffOutput(serializers.ModelSerializer[TimeOff]):
    id = serializers.UUIDField(source="public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = TimeOff
        fields = ["id", "therapist_id", "location_id", "starts_at", "ends_at", "updated_at"]
