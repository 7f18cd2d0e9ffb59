"""What the API takes and gives of what helps a therapist write."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from sessions.models import BodySide, CarriedValue, PainKind, RegionalPain, Snippet
from sessions.services.snippets import SHORTCUT_LENGTH, SNIPPET_LENGTH

CARRIED_KINDS = ("note", "technique", "trigger_point")


class CarriedOutput(serializers.ModelSerializer[CarriedValue]):
    """Something taken over from an earlier session that nobody has confirmed: words of the note (`note_field`), a
    technique (`technique_id`), or a point that has still to be examined (`trigger_point_id`)."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.ChoiceField(choices=CARRIED_KINDS)
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


class RegionalPainInput(StrictSerializer):
    """How much a part of the body hurts; the worst since the last visit has no value after the treatment."""

    region = serializers.CharField(max_length=40)
    side = serializers.ChoiceField(choices=BodySide.choices)
    kind = serializers.ChoiceField(choices=PainKind.choices)
    before = serializers.IntegerField(min_value=0, max_value=10)
    after = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)


class RegionalPainOutput(serializers.ModelSerializer[RegionalPain]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = RegionalPain
        fields: Any = ("id", "region", "side", "kind", "before", "after", "created_at", "updated_at")
        read_only_fields = fields


class SnippetInput(StrictSerializer):
    shortcut = serializers.CharField(max_length=SHORTCUT_LENGTH)
    text = serializers.CharField(max_length=SNIPPET_LENGTH)


class SnippetOutput(serializers.ModelSerializer[Snippet]):
    """A short text of your own."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Snippet
        fields: Any = ("id", "shortcut", "text", "created_at", "updated_at")
        read_only_fields = fields
