"""What the API takes and gives about unwanted effects."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from patients.models import AllergyCategory
from sessions.events import (
    ACTION_LENGTH,
    DESCRIPTION_LENGTH,
    EVENT_FIELDS,
    MOST_ONSET_HOURS,
    NOTIFIED_LENGTH,
    REASON_LENGTH,
    SUBSTANCE_LENGTH,
)
from sessions.models import (
    AdverseEvent,
    AdverseEventSeen,
    CarnesSeverity,
    Causality,
    EffectCheck,
    EventKind,
    EventOutcome,
    Preventability,
    SeriousBecause,
)


class EventContentInput(StrictSerializer):
    """What is said of an effect. A skin reaction names the substance and its category."""

    kind = serializers.ChoiceField(choices=EventKind.choices)
    severity = serializers.ChoiceField(choices=CarnesSeverity.choices)
    is_serious = serializers.BooleanField(required=False)
    serious_because = serializers.ListField(
        child=serializers.ChoiceField(choices=SeriousBecause.choices), required=False, max_length=3
    )
    onset_at = serializers.DateTimeField(required=False, allow_null=True)
    onset_hours = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_ONSET_HOURS)
    causality = serializers.ChoiceField(choices=Causality.choices)
    preventability = serializers.ChoiceField(choices=Preventability.choices, required=False)
    outcome = serializers.ChoiceField(choices=EventOutcome.choices)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH)
    action_taken = serializers.CharField(required=False, allow_blank=True, max_length=ACTION_LENGTH)
    notified = serializers.CharField(required=False, allow_blank=True, max_length=NOTIFIED_LENGTH)
    substance = serializers.CharField(required=False, allow_blank=True, max_length=SUBSTANCE_LENGTH)
    allergy_category = serializers.ChoiceField(choices=AllergyCategory.choices, required=False)

    @property
    def entries(self) -> dict[str, Any]:
        return {name: value for name, value in self.validated_data.items() if name in EVENT_FIELDS}


class EventInput(EventContentInput):
    """A new event: of which patient, after which session, told in which follow-up or later session."""

    patient_id = serializers.UUIDField()
    session_id = serializers.UUIDField(required=False, allow_null=True)
    survey_id = serializers.UUIDField(required=False, allow_null=True)
    asked_in_session_id = serializers.UUIDField(required=False, allow_null=True)


class EventCorrectionInput(EventContentInput):
    """The whole event again, and why it is corrected. `number` is the version that was read."""

    number = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=REASON_LENGTH)
    is_withdrawn = serializers.BooleanField(required=False, default=False)


class EventSeenInput(StrictSerializer):
    note = serializers.CharField(max_length=REASON_LENGTH)


class EventSeenOutput(serializers.ModelSerializer[AdverseEventSeen]):
    by_id = serializers.UUIDField(source="by.public_id")

    class Meta:
        model = AdverseEventSeen
        fields = ("by_id", "note", "created_at")
        read_only_fields = fields


class EventOutput(serializers.ModelSerializer[AdverseEvent]):
    """One version of an event; `id` is the event's, the same in every version."""

    id = serializers.UUIDField(source="event_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    session_id = serializers.UUIDField(source="session.public_id", allow_null=True, default=None)
    survey_id = serializers.UUIDField(source="survey.public_id", allow_null=True, default=None)
    allergy_id = serializers.UUIDField(source="allergy.public_id", allow_null=True, default=None)
    author_id = serializers.UUIDField(source="author.public_id")
    delay_hours = serializers.SerializerMethodField()

    class Meta:
        model = AdverseEvent
        fields: tuple[str, ...] = (
            "id", "number", "patient_id", "session_id", "survey_id", "allergy_id", "author_id", "kind", "severity",
            "is_serious", "serious_because", "onset_at", "onset_hours", "delay_hours", "causality", "preventability",
            "outcome", "description", "action_taken", "notified", "correction_reason", "is_withdrawn", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_delay_hours(self, event: AdverseEvent) -> float | None:
        """From the session to the onset, as far as that is known."""
        return round(event.delay.total_seconds() / 3600, 2) if event.delay is not None else None


class EventWithHistoryOutput(EventOutput):
    """The event as it stands, who has looked at it, and every version, newest first."""

    seen = EventSeenOutput(many=True)
    versions = EventOutput(many=True)

    class Meta(EventOutput.Meta):
        fields = (*EventOutput.Meta.fields, "seen", "versions")
        read_only_fields = fields


class EffectCheckOutput(serializers.ModelSerializer[EffectCheck]):
    """That somebody asked, about which session, and what the answer was."""

    id = serializers.UUIDField(source="public_id")
    asked_about_id = serializers.UUIDField(source="asked_about.public_id")
    adverse_event_id = serializers.UUIDField(source="event.event_id", allow_null=True, default=None)
    by_id = serializers.UUIDField(source="by.public_id")

    class Meta:
        model = EffectCheck
        fields = ("id", "asked_about_id", "had_effect", "adverse_event_id", "by_id", "created_at", "updated_at")
        read_only_fields = fields
