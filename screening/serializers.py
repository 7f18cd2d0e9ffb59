"""What the API reads and answers about screening."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Service
from messaging.models import SignedLink
from patients.models import Patient
from screening.models import CallIn, ChangeCheck, Clearance, ClearanceRequest, Evaluation, Flag, Light
from screening.services.calls import LONGEST_OUTCOME
from screening.services.changes import LONGEST_NOTE
from screening.services.flags import LONGEST_ACKNOWLEDGEMENT, LONGEST_ISSUER, LONGEST_REASON
from screening.services.requests import LONGEST_ADDRESSEE, LONGEST_REMARK, REFUSING
from screening.terms import LONGEST_LICENCE, LONGEST_ROLE, Terms


class ClearanceOutput(serializers.ModelSerializer[Clearance]):
    """What a clinician allowed. No allowed region: every one."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Clearance
        fields = [
            "id", "rule_ids", "issuer_name", "issuer_role", "issuer_licence", "decision", "answered_at", "valid_until",
            "allowed_regions", "forbidden_regions", "forbidden_kinds", "max_pressure", "withdrawn_at",
        ]  # fmt: skip


class FlagOutput(serializers.ModelSerializer[Flag]):
    """A flag. Needs `patient`, `evaluation`, `closed_by`, `acknowledged_by` and `clearance`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    evaluation_id = serializers.UUIDField(source="evaluation.public_id")
    closed_by_id = serializers.UUIDField(source="closed_by.public_id", allow_null=True, default=None)
    acknowledged_by_id = serializers.UUIDField(source="acknowledged_by.public_id", allow_null=True, default=None)
    evidence = serializers.ListField(child=serializers.DictField())
    clearance = ClearanceOutput(allow_null=True)

    class Meta:
        model = Flag
        fields = [
            "id", "patient_id", "evaluation_id", "rule_id", "rule_version", "severity", "urgency", "title", "action",
            "regions", "techniques", "evidence", "status", "expires_at", "closed_at", "closed_by_id", "reason",
            "clearance_from", "cleared_until", "clearance", "acknowledged_at", "acknowledged_by_id",
            "acknowledged_note", "created_at", "updated_at",
        ]  # fmt: skip


class ClearanceRequestOutput(serializers.ModelSerializer[ClearanceRequest]):
    """A letter that asks for a clearance, and the answers to it. Needs `for_review()`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    flag_ids = serializers.SerializerMethodField()
    rule_ids = serializers.SerializerMethodField()
    service_id = serializers.UUIDField(source="service.public_id")
    asked_by_id = serializers.UUIDField(source="asked_by.public_id")
    asked_at = serializers.DateTimeField(source="created_at")
    answers = ClearanceOutput(source="clearances", many=True)

    class Meta:
        model = ClearanceRequest
        fields = [
            "id", "reference", "patient_id", "flag_ids", "rule_ids", "addressee", "service_id", "kinds", "regions",
            "remark", "state", "asked_by_id", "asked_at", "closed_at", "answers", "updated_at",
        ]  # fmt: skip

    def get_flag_ids(self, request: ClearanceRequest) -> list[UUID]:
        return [flag.public_id for flag in request.flags.all()]

    def get_rule_ids(self, request: ClearanceRequest) -> list[str]:
        return sorted({flag.rule_id for flag in request.flags.all()})


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
    issuer_role = serializers.CharField(max_length=LONGEST_ROLE, required=False, allow_blank=True)
    issuer_licence = serializers.CharField(max_length=LONGEST_LICENCE, required=False, allow_blank=True)
    # Codes of the body map's regions; the service names what it does not know.
    allowed_regions = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    forbidden_regions = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    forbidden_kinds = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    max_pressure = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=5)

    @property
    def entries(self) -> dict[str, Any]:
        """What `clear_flag` takes."""
        given = self.validated_data
        words = {name: given[name] for name in ("reason", "clearance_from", "cleared_until") if name in given}
        return {**words, "terms": Terms.of(given)}


class AcknowledgeInput(StrictSerializer):
    """What is done differently, if anything."""

    note = serializers.CharField(max_length=LONGEST_ACKNOWLEDGEMENT, required=False, allow_blank=True)


class OfPatientInput(StrictSerializer):
    """About whom."""

    patient_id = serializers.SlugRelatedField(slug_field="public_id", source="patient", queryset=Patient.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            patients = Patient.objects.visible_to(self.context["request"].user)
            self.fields["patient_id"].queryset = patients  # type: ignore[attr-defined]


class ClearanceRequestInput(OfPatientInput):
    """Which flags a letter asks whom about, and what is planned."""

    flag_ids = serializers.SlugRelatedField(
        slug_field="public_id", source="flags", queryset=Flag.objects.none(), many=True
    )
    addressee = serializers.CharField(max_length=LONGEST_ADDRESSEE)
    service_id = serializers.SlugRelatedField(slug_field="public_id", source="service", queryset=Service.objects.none())
    kinds = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    regions = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    remark = serializers.CharField(max_length=LONGEST_REMARK, required=False, allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            user = self.context["request"].user
            self.fields["flag_ids"].child_relation.queryset = Flag.objects.visible_to(user)  # type: ignore[attr-defined]
            self.fields["service_id"].queryset = Service.objects.visible_to(user).offered()  # type: ignore[attr-defined]


class RefusalInput(StrictSerializer):
    """An answer that grants nothing."""

    decision = serializers.ChoiceField(choices=[(value.value, value.label) for value in REFUSING])
    issuer_name = serializers.CharField(max_length=LONGEST_ISSUER)
    issuer_role = serializers.CharField(max_length=LONGEST_ISSUER, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class CallInOutput(serializers.ModelSerializer[CallIn]):
    """A patient to call in. Needs `patient`, `asked_by` and `done_by`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    asked_by_id = serializers.UUIDField(source="asked_by.public_id")
    asked_at = serializers.DateTimeField(source="created_at")
    done_by_id = serializers.UUIDField(source="done_by.public_id", allow_null=True, default=None)

    class Meta:
        model = CallIn
        fields = ["id", "patient_id", "asked_by_id", "asked_at", "done_at", "done_by_id", "outcome", "updated_at"]


class CallOutcomeInput(StrictSerializer):
    """What came of the call."""

    outcome = serializers.CharField(max_length=LONGEST_OUTCOME)


class IntakeRequestOutput(serializers.ModelSerializer[SignedLink]):
    """A link on its way to the patient; its address is in the message only."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    response_id = serializers.UUIDField(source="target_id")

    class Meta:
        model = SignedLink
        fields = ["id", "patient_id", "response_id", "expires_at", "created_at"]


class ChangeCheckOutput(serializers.ModelSerializer[ChangeCheck]):
    """The five questions before one visit. Needs `patient`, `response` and `seen_by`."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    appointment_id = serializers.UUIDField(source="visit_id")
    answers = serializers.DictField(source="response.answers")
    seen_by_id = serializers.UUIDField(source="seen_by.public_id", allow_null=True, default=None)

    class Meta:
        model = ChangeCheck
        fields = [
            "id", "patient_id", "appointment_id", "visit_at", "answers", "answered_at", "has_changes", "seen_at",
            "seen_by_id", "seen_note", "created_at", "updated_at",
        ]  # fmt: skip


class LookInput(StrictSerializer):
    """What a therapist makes of what has changed."""

    note = serializers.CharField(max_length=LONGEST_NOTE)


class LightOutput(serializers.Serializer[Any]):
    """What anybody who sees the patient may know: a colour."""

    patient_id = serializers.UUIDField()
    light = serializers.ChoiceField(choices=Light.choices)
