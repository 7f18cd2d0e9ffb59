"""What the API takes and gives about a product's reason, a chaperone and consent."""

from __future__ import annotations

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from sessions.models import Chaperone, ChaperoneAnswer, ConsentAnswer, CoSignature, ProductReason, RegionConsent
from sessions.services.cosigning import REMARK_LENGTH
from sessions.services.presence import NAME_LENGTH
from sessions.services.products import REASON_LENGTH


class ProductReasonInput(StrictSerializer):
    reason = serializers.CharField(max_length=REASON_LENGTH)


class ChaperoneInput(StrictSerializer):
    """One who is present has a name."""

    answer = serializers.ChoiceField(choices=ChaperoneAnswer.choices)
    name = serializers.CharField(required=False, allow_blank=True, max_length=NAME_LENGTH)


class RegionConsentInput(StrictSerializer):
    region = serializers.CharField(max_length=40)
    answer = serializers.ChoiceField(choices=ConsentAnswer.choices)


class ProductReasonOutput(serializers.ModelSerializer[ProductReason]):
    """Why the product is used, and which rules and allergies that answers. Void once the note names another product."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = ProductReason
        fields = ("id", "product", "reason", "rule_ids", "allergy_ids", "created_at", "updated_at")
        read_only_fields = fields


class ChaperoneOutput(serializers.ModelSerializer[Chaperone]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Chaperone
        fields = ("id", "answer", "name", "created_at", "updated_at")
        read_only_fields = fields


class RegionConsentOutput(serializers.ModelSerializer[RegionConsent]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = RegionConsent
        fields = ("id", "region", "answer", "created_at", "updated_at")
        read_only_fields = fields


class CoSignInput(StrictSerializer):
    remark = serializers.CharField(required=False, allow_blank=True, max_length=REMARK_LENGTH)


class CoSignatureOutput(serializers.ModelSerializer[CoSignature]):
    """A note that waits for its supervisor, or bears their signature."""

    id = serializers.UUIDField(source="public_id")
    session_id = serializers.UUIDField(source="session.public_id")
    therapist_id = serializers.UUIDField(source="session.therapist.public_id")
    supervisor_id = serializers.UUIDField(source="supervisor.public_id")
    signed_by_id = serializers.UUIDField(source="signed_by.public_id", allow_null=True, default=None)

    class Meta:
        model = CoSignature
        fields = (
            "id", "session_id", "therapist_id", "supervisor_id", "signed_at", "signed_by_id", "content_digest",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields
