"""How working hours and absences look from outside, and what may be asked."""

from __future__ import annotations

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location
from scheduling.models import Closure, ExtraHours, OpeningHours, TherapistLimits, TimeOff, Weekday, WorkingHours
from scheduling.serializers.fields import InstantField, VisibleField
from staff.models import User


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
    keeps_later = serializers.BooleanField(
        required=False, help_text="Without a last day: end before hours set for later begin, instead of replacing them."
    )


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


class TherapistLimitsInput(StrictSerializer):
    therapist_id = VisibleField(User, source="therapist")
    most_minutes_a_day = serializers.IntegerField(min_value=5, max_value=1440, allow_null=True)
    most_minutes_without_break = serializers.IntegerField(min_value=5, max_value=1440, allow_null=True)
    break_minutes = serializers.IntegerField(
        min_value=1, max_value=240, default=15, help_text="Less time than this between two visits is no break."
    )


class TherapistLimitsOutput(serializers.ModelSerializer[TherapistLimits]):
    id = serializers.UUIDField(source="public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")

    class Meta:
        model = TherapistLimits
        fields = [
            "id", "therapist_id", "most_minutes_a_day", "most_minutes_without_break", "break_minutes", "updated_at",
        ]  # fmt: skip


class OpeningHoursInput(StrictSerializer):
    location_id = VisibleField(Location, source="location")
    weekday = serializers.ChoiceField(choices=Weekday.choices, help_text="0 is Monday.")
    periods = PeriodInput(many=True, allow_empty=True)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True)
    keeps_later = serializers.BooleanField(
        required=False, help_text="Without a last day: end before hours set for later begin, instead of replacing them."
    )


class OpeningHoursOutput(serializers.ModelSerializer[OpeningHours]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = OpeningHours
        fields = [
            "id", "location_id", "weekday", "starts_at_local", "ends_at_local", "valid_from", "valid_until",
            "updated_at",
        ]  # fmt: skip


class ClosureInput(StrictSerializer):
    location_id = VisibleField(Location, source="location")
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    name = serializers.CharField(required=False, allow_blank=True, max_length=80)


class ClosureOutput(serializers.ModelSerializer[Closure]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = Closure
        fields = ["id", "location_id", "first_on", "last_on", "name", "updated_at"]


class ExtraHoursInput(StrictSerializer):
    location_id = VisibleField(Location, source="location")
    therapist_id = VisibleField(User, source="therapist", required=False, allow_null=True)
    on = serializers.DateField()
    starts_at_local = serializers.TimeField()
    ends_at_local = serializers.TimeField()


class ExtraHoursOutput(serializers.ModelSerializer[ExtraHours]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id", allow_null=True, default=None)

    class Meta:
        model = ExtraHours
        fields = ["id", "location_id", "therapist_id", "on", "starts_at_local", "ends_at_local", "updated_at"]
