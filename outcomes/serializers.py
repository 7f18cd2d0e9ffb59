"""What the API says about scores and surveys."""

from __future__ import annotations

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from outcomes.models import PainScore, Survey


class PatientFilter(StrictSerializer):
    """Rows of one patient."""

    patient = serializers.UUIDField(required=False)


class PainScoreOutput(serializers.ModelSerializer[PainScore]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    episode_id = serializers.UUIDField(source="episode.public_id")
    source_key = serializers.CharField(help_text="session:<id>, survey:<id> or response:<id>.")

    class Meta:
        model = PainScore
        fields = ["id", "patient_id", "episode_id", "score", "moment", "measured_at", "source_key", "updated_at"]


class SurveyOutput(serializers.ModelSerializer[Survey]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    episode_id = serializers.UUIDField(source="episode.public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    is_expired = serializers.BooleanField()

    class Meta:
        model = Survey
        fields = [
            "id", "patient_id", "episode_id", "therapist_id", "session_id", "state", "is_expired", "due_at",
            "expires_at", "pain", "had_unexpected_effect", "effect_text", "answered_at", "effect_seen_at", "updated_at",
        ]  # fmt: skip
