"""Messages as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from messaging.models import Message, MessageState
from patients.models import Channel


class MessageOutput(serializers.ModelSerializer[Message]):
    """One promise and what became of it. Neither its text nor its link is shown."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    patient_id = serializers.UUIDField(source="patient.public_id", read_only=True)
    channel = serializers.ChoiceField(choices=Channel.choices, read_only=True)
    state = serializers.ChoiceField(choices=MessageState.choices, read_only=True)
    due_at = serializers.DateTimeField(source="not_before", read_only=True)
    resend_of_id = serializers.UUIDField(source="resend_of.public_id", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Message
        fields = (
            "id",
            "patient_id",
            "template",
            "channel",
            "state",
            "state_reason",
            "attempt_count",
            "due_at",
            "expires_at",
            "sent_at",
            "resend_of_id",
            "resend_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ResendInput(StrictSerializer):
    """Why a message is sent again."""

    reason = serializers.CharField(max_length=200)


class MessageFilterInput(serializers.Serializer[Any]):
    """The list's filters."""

    state = serializers.ChoiceField(choices=MessageState.choices, required=False)
    patient = serializers.UUIDField(required=False)
