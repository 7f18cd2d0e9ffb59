"""What the API reads and answers about forms."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from patients.models import Language, Patient
from questionnaires.models import Questionnaire, QuestionnaireResponse


class QuestionnaireOutput(serializers.ModelSerializer[Questionnaire]):
    """A form without its content."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Questionnaire
        fields = ["id", "key", "number", "status", "created_at", "updated_at"]


class QuestionnaireDetailOutput(serializers.ModelSerializer[Questionnaire]):
    """A form with its FHIR R4 Questionnaire."""

    id = serializers.UUIDField(source="public_id")
    definition = serializers.DictField()

    class Meta:
        model = Questionnaire
        fields = ["id", "key", "number", "status", "definition", "created_at", "updated_at"]


class ResponseOutput(serializers.ModelSerializer[QuestionnaireResponse]):
    """What a patient answered. Needs `patient` and `questionnaire`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    questionnaire_id = serializers.UUIDField(source="questionnaire.public_id")
    answers = serializers.DictField()

    class Meta:
        model = QuestionnaireResponse
        fields = [
            "id", "patient_id", "questionnaire_id", "status", "language", "answers", "submitted_at", "created_at",
            "updated_at",
        ]  # fmt: skip


class StartResponseInput(StrictSerializer):
    """Whose answers, to which form."""

    patient_id = serializers.SlugRelatedField(slug_field="public_id", source="patient", queryset=Patient.objects.none())
    questionnaire = serializers.CharField(source="key", max_length=40, default="intake")
    language = serializers.ChoiceField(choices=Language.choices, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            patients = Patient.objects.visible_to(self.context["request"].user)
            self.fields["patient_id"].queryset = patients  # type: ignore[attr-defined]


class AnswersInput(StrictSerializer):
    """Answers by linkId: text, number, true or false, a code, or a list; null takes one back."""

    answers = serializers.DictField(child=serializers.JSONField(allow_null=True))
