"""What the API takes and gives of what helps a therapist write."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from sessions.models import CarriedValue


class CarriedOutput(serializers.ModelSerializer[CarriedValue]):
    """Something taken over from an earlier session that nobody has confirmed: words of the note (`note_field`), a
    technique (`technique_id`), or a point that has still to be examined (`trigger_point_id`)."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.ChoiceField(choices=["note", "technique", "trigger_point"])
    technique_id = serializers.UUIDField(source="technique_use.public_id", allow_null=True, default=None)
    trigger_point_id = serializers.UUIDField(source="trigger_point.public_id", allow_null=True, default=None)
    source_session_id = serializers.UUIDField(source="source.public_id")

    class Meta:
        model = CarriedValue
        fields: Any = (
            "id", "kind", "note_field", "technique_id", "trigger_point_id", "source_session_id", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields
