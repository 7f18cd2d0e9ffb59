"""What the API takes and gives. Input refuses fields it does not know."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from sessions.finding_serializers import MotionOutput, TriggerPointOutput
from sessions.models import (
    Addendum,
    BodySide,
    TechniqueUse,
    TreatmentSession,
    View,
)
from sessions.services.notes import ADDENDUM_LENGTH, LUBRICANT_LENGTH, NOTE_LENGTH
from sessions.services.techniques import DESPITE_LENGTH
from sessions.writing_serializers import CarriedOutput, RegionalPainOutput


class StartSessionInput(StrictSerializer):
    appointment_id = serializers.UUIDField()


class NoteInput(StrictSerializer):
    """Any part of the note."""

    subjective = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    objective = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    assessment = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    plan = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    pain_before = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)
    pain_after = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)
    lubricant = serializers.CharField(required=False, allow_blank=True, max_length=LUBRICANT_LENGTH)


class TechniqueInput(StrictSerializer):
    technique = serializers.CharField(max_length=40)
    region = serializers.CharField(max_length=40)
    side = serializers.ChoiceField(choices=BodySide.choices)
    minutes = serializers.IntegerField(min_value=1, max_value=180)
    pressure = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=5)
    despite_reason = serializers.CharField(max_length=DESPITE_LENGTH, required=False, allow_blank=True)


class AddendumInput(StrictSerializer):
    text = serializers.CharField(max_length=ADDENDUM_LENGTH)


class TechniqueOutput(serializers.ModelSerializer[TechniqueUse]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = TechniqueUse
        fields = (
            "id", "technique", "region", "side", "minutes", "pressure", "despite_reason", "despite_rules",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class AddendumOutput(serializers.ModelSerializer[Addendum]):
    id = serializers.UUIDField(source="public_id")
    author_id = serializers.UUIDField(source="author.public_id")

    class Meta:
        model = Addendum
        fields = ("id", "author_id", "text", "created_at", "updated_at")
        read_only_fields = fields


_SUMMARY_FIELDS = (
    "id",
    "patient_id",
    "episode_id",
    "appointment_id",
    "therapist_id",
    "location_id",
    "service_id",
    "performed_at",
    "state",
    "signed_at",
    "version",
    "created_at",
    "updated_at",
)


class SessionSummary(serializers.ModelSerializer[TreatmentSession]):
    """A session in a list: who, when, where and whether it is signed; nothing clinical."""

    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    episode_id = serializers.UUIDField(source="episode.public_id")
    appointment_id = serializers.UUIDField(source="appointment.public_id", allow_null=True, default=None)
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    service_id = serializers.UUIDField(source="service.public_id")

    class Meta:
        model = TreatmentSession
        fields: tuple[str, ...] = _SUMMARY_FIELDS
        read_only_fields: tuple[str, ...] = _SUMMARY_FIELDS


class SessionOutput(SessionSummary):
    """The whole note with its findings and addenda. `missing` is what a signature still asks of the note."""

    signed_by_id = serializers.UUIDField(source="signed_by.public_id", allow_null=True, default=None)
    missing = serializers.ListField(child=serializers.CharField(), source="missing_to_sign")
    trigger_points = TriggerPointOutput(many=True, source="point_observations")
    motions = MotionOutput(many=True)
    techniques = TechniqueOutput(many=True)
    regional_pains = RegionalPainOutput(many=True)
    addenda = AddendumOutput(many=True)
    unconfirmed = CarriedOutput(many=True, source="carried.for_page")

    class Meta(SessionSummary.Meta):
        fields = (
            *_SUMMARY_FIELDS,
            "subjective",
            "objective",
            "assessment",
            "plan",
            "pain_before",
            "pain_after",
            "lubricant",
            "signed_by_id",
            "content_digest",
            "missing",
            "unconfirmed",
            "trigger_points",
            "motions",
            "techniques",
            "regional_pains",
            "addenda",
        )
        read_only_fields = fields


class PlaceOutput(serializers.Serializer[Any]):
    view = serializers.ChoiceField(choices=View.choices)
    x = serializers.IntegerField()
    y = serializers.IntegerField()


class MuscleOutput(serializers.Serializer[Any]):
    """A muscle; places are on the patient's left side of the map."""

    key = serializers.CharField()
    name = serializers.CharField()
    regions = serializers.ListField(child=serializers.CharField())
    sides = serializers.ListField(child=serializers.CharField())
    places = PlaceOutput(many=True)
    referral = serializers.CharField()
    mistaken_for = serializers.ListField(child=serializers.CharField())
    safety = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute of this name is the field's


class MotionDefinitionOutput(serializers.Serializer[Any]):
    """A joint's motion, and the norm it is read against."""

    joint = serializers.CharField()
    motion = serializers.CharField()
    name = serializers.CharField()
    sides = serializers.ListField(child=serializers.CharField())
    unit = serializers.CharField()
    units = serializers.ListField(child=serializers.CharField(), help_text="What it may be recorded in.")
    levels = serializers.ListField(child=serializers.CharField(), help_text="What a level counts, lowest first.")
    norm = serializers.CharField()
    norm_low = serializers.IntegerField(allow_null=True)
    norm_high = serializers.IntegerField(allow_null=True)
    end_feel = serializers.ListField(child=serializers.CharField())


class TechniqueDefinitionOutput(serializers.Serializer[Any]):
    """A technique that can be recorded."""

    key = serializers.CharField()
    name = serializers.CharField()
    family = serializers.CharField()
    touch = serializers.CharField()
    uses_lubricant = serializers.BooleanField()


class BodyRegionOutput(serializers.Serializer[Any]):
    """A part of the body that can be treated."""

    code = serializers.CharField()
    name = serializers.CharField()
