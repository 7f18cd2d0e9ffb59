"""How the clinic's locations, rooms and services look from outside, and what of them may be changed."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import (
    FEATURE_LENGTH,
    LEAST_LEAD_MINUTES,
    MOST_FEATURES,
    MOST_LEAD_MINUTES,
    MOST_REMINDERS,
    SLOT_GRIDS,
    Audience,
    Location,
    Room,
    Service,
    TechniqueFamily,
)


class FeaturesField(serializers.ListField):
    """Short words such as `hoist`: lower case, each once, in order."""

    child = serializers.RegexField(
        r"^[a-z0-9][a-z0-9 -]*$", max_length=FEATURE_LENGTH, error_messages={"invalid": "Use lower-case words."}
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_FEATURES, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return sorted(set(super().to_internal_value(data)))


class RemindersField(serializers.ListField):
    """Minutes before a visit, each once, the longest first. Null is as usual, an empty list is none."""

    child = serializers.IntegerField(min_value=LEAST_LEAD_MINUTES, max_value=MOST_LEAD_MINUTES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_REMINDERS, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        return sorted(set(super().to_internal_value(data)), reverse=True)


class LocationOutput(serializers.ModelSerializer[Location]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Location
        fields = [
            "id", "name", "timezone", "address", "phone", "country", "late_cancel_hours", "hold_minutes",
            "slot_grid_minutes", "offers_only_adjacent", "quiet_from", "quiet_until", "reminder_minutes", "updated_at",
        ]  # fmt: skip


class LocationInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    address = serializers.CharField(max_length=200, allow_blank=True)
    phone = serializers.CharField(max_length=30, allow_blank=True)
    late_cancel_hours = serializers.IntegerField(
        min_value=0, max_value=720, help_text="A patient who calls off later than this has done so late."
    )
    hold_minutes = serializers.IntegerField(min_value=1, max_value=60)
    slot_grid_minutes = serializers.ChoiceField(choices=SLOT_GRIDS)
    offers_only_adjacent = serializers.BooleanField(
        help_text="Offer only the first and the last time of each free stretch."
    )
    quiet_from = serializers.TimeField(
        allow_null=True, help_text="On the location's clock: nothing is sent from then until `quiet_until`."
    )
    quiet_until = serializers.TimeField(allow_null=True)
    reminder_minutes = RemindersField(help_text="Minutes before a visit. Null: the installation's; empty: none.")


class RoomOutput(serializers.ModelSerializer[Room]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = Room
        fields = ["id", "location_id", "name", "is_active", "features", "updated_at"]


class RoomInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    is_active = serializers.BooleanField()
    features = FeaturesField()


class ServiceOutput(serializers.ModelSerializer[Service]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Service
        fields = [
            "id", "name", "technique_family", "duration_minutes", "buffer_before_minutes",
            "buffer_after_minutes", "for_unscreened_patients", "audience", "notice_minutes", "horizon_days",
            "needed_features", "reminder_minutes", "is_active", "updated_at",
        ]  # fmt: skip


class ServiceInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    technique_family = serializers.ChoiceField(choices=TechniqueFamily.choices)
    duration_minutes = serializers.IntegerField(min_value=5, max_value=480)
    buffer_before_minutes = serializers.IntegerField(min_value=0, max_value=120)
    buffer_after_minutes = serializers.IntegerField(min_value=0, max_value=120)
    for_unscreened_patients = serializers.BooleanField()
    audience = serializers.ChoiceField(choices=Audience.choices)
    notice_minutes = serializers.IntegerField(min_value=0, max_value=43200)
    horizon_days = serializers.IntegerField(min_value=1, max_value=730)
    needed_features = FeaturesField()
    reminder_minutes = RemindersField(help_text="Minutes before a visit. Null: the location's; empty: none.")
    is_active = serializers.BooleanField()
