"""What the API reads and answers about screening."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from messaging.models import SignedLink
from patients.models import Patient
from screening.models import Evaluation, Flag, Light
from screening.services.flags import LONGEST_ISSUER, LONGEST_REASON


class FlagOutput(serializers.ModelSerializer[Flag]):
    """A flag. Needs `patient`, `evaluation` and `closed_by`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    evaluation_id = serializers.UUIDField(source="evaluation.public_id")
    closed_by_id = serializers.UUIDField(source="closed_by.public_id", allow_null=True, default=None)
    evidence = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Flag
        fields = [
            "id", "patient_id", "evaluation_id", "rule_id", "rule_version", "severity", "urgency", "title", "action",
            "regions", "techniques", "evidence", "status", "expires_at", "closed_at", "closed_by_id", "reason",
            "clearance_from", "cleared_until", "created_at", "updated_at",
        ]  # fmt: skip


class EvaluationOutput(serializers.ModelSerializer[Evaluation]):
    """One run of the rules: what they saw (`inputs`) and said (`fired`). Needs `patient` and `response`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    response_id = serializers.UUIDField(source="response.public_id", allow_null=True, default=None)
    inputs = serializers.DictField()
    fired = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Evaluation
        fields = [
            "id", "patient_id", "response_id", "cause", "rule_set_version", "is_complete", "inputs", "fired",
            "answered_at", "evaluated_at", "updated_at",
        ]  # fmt: skip


class ClearFlagInput(StrictSerializer):
    """Why, and on whose word until when."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    clearance_from = serializers.CharField(max_length=LONGEST_ISSUER, required=False, allow_blank=True)
    cleared_until = serializers.DateTimeField(required=False, allow_null=True)


class OfPatientInput(StrictSerializer):
    """About whom."""

    patient_id = serializers.SlugRelatedField(slug_field="public_id", source="patient", queryset=Patient.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            patients = Patient.objects.visible_to(self.context["request"].user)
            self.fields["patient_id"].queryset = patients  # type: ignore[attr-defined]


class IntakeRequestOutput(serializers.ModelSerializer[SignedLink]):
    """A link on its way to the patient; its address is in the message only."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    response_id = serializers.UUIDField(source="target_id")

    class Meta:
        model = SignedLink
        fields = ["id", "patient_id", "response_id", "expires_at", "created_at"]


class LightOutput(serializers.Serializer[Any]):
    """What anybody who sees the patient may know: a colour."""

    patient_id = serializers.UUIDField()
    light = serializers.ChoiceField(choices=Light.choices)
