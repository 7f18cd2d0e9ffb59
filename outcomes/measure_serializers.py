"""What the API says and takes about instruments, licences and measurements."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.core.api import StrictSerializer
from outcomes.models import (
    Administration,
    LicenceAttestation,
    Measurement,
    MeasurementScore,
    MeasureMoment,
    PermittedMode,
)
from outcomes.services import Sheet
from patients.models import Episode


class BandOutput(serializers.Serializer[Any]):
    up_to = serializers.DecimalField(max_digits=6, decimal_places=2)
    name = serializers.CharField()


class MissingOutput(serializers.Serializer[Any]):
    min_answered = serializers.IntegerField()
    is_prorated = serializers.BooleanField()
    takes_highest = serializers.BooleanField()


class InstrumentOutput(serializers.Serializer[Any]):
    """An instrument and whether it may be given today."""

    id = serializers.CharField(source="instrument.key")
    version = serializers.IntegerField(source="instrument.version")
    title = serializers.DictField(source="instrument.title", child=serializers.CharField())
    items = serializers.IntegerField(source="instrument.items")
    options = serializers.ListField(source="instrument.options", child=serializers.IntegerField())
    higher_is_worse = serializers.BooleanField(source="instrument.is_worse_when_higher")
    score_kind = serializers.CharField(source="instrument.rule.kind")
    missing = MissingOutput(source="instrument.missing")
    recall = serializers.CharField(source="instrument.recall")
    mcid_abs = serializers.DecimalField(
        source="instrument.mcid_abs", max_digits=6, decimal_places=2, allow_null=True,
        help_text="Change that matters to a person, in points; with mcid_pct both are needed.",
    )  # fmt: skip
    mcid_pct = serializers.DecimalField(
        source="instrument.mcid_pct", max_digits=6, decimal_places=2, allow_null=True, help_text="Of the earlier score."
    )
    mdc = serializers.DecimalField(
        source="instrument.mdc",
        max_digits=6,
        decimal_places=2,
        allow_null=True,
        help_text="Smallest change beyond error.",
    )
    bands = BandOutput(source="instrument.bands", many=True)
    loinc = serializers.CharField(source="instrument.loinc")
    evidence = serializers.CharField(source="instrument.source")
    rights = serializers.CharField(source="instrument.rights")
    per_region = serializers.BooleanField(source="instrument.is_per_region")
    named_by_patient = serializers.BooleanField(source="instrument.is_named_by_patient")
    is_bundled = serializers.BooleanField(source="instrument.is_bundled")
    is_usable = serializers.BooleanField()
    modes = serializers.ListField(child=serializers.ChoiceField(Administration.choices))
    expires_soon = serializers.BooleanField(help_text="The licence ends within 60 days.")
    texts = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="By language; empty where they may not be.",
    )
    ends = serializers.ListField(source="instrument.ends", child=serializers.DictField(child=serializers.CharField()))


class LicenceAttestationOutput(serializers.ModelSerializer[LicenceAttestation]):
    id = serializers.UUIDField(source="public_id")
    instrument = serializers.CharField(source="instrument_key")
    item_texts = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    attested_by_id = serializers.UUIDField(source="attested_by.public_id")

    class Meta:
        model = LicenceAttestation
        fields = [
            "id", "instrument", "rights_holder", "reference", "mode", "item_texts", "expires_on", "attested_by_id",
            "created_at", "withdrawn_at", "updated_at",
        ]  # fmt: skip


class AttestLicenceInput(StrictSerializer):
    """Whose words, under which contract, in which way, until when."""

    instrument = serializers.CharField(source="instrument_key", max_length=40)
    rights_holder = serializers.CharField(max_length=120)
    reference = serializers.CharField(max_length=120)
    mode = serializers.ChoiceField(PermittedMode.choices)
    expires_on = serializers.DateField()
    item_texts = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(max_length=500)), max_length=60, required=False,
        help_text='For a screen: the licensed words of every item, {"en": …, "es": …}.',
    )  # fmt: skip


class MeasurementScoreOutput(serializers.ModelSerializer[MeasurementScore]):
    scored_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = MeasurementScore
        fields = ["number", "instrument_version", "value", "answered", "is_estimate", "scored_at"]


class MeasurementOutput(serializers.ModelSerializer[Measurement]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    episode_id = serializers.UUIDField(source="episode.public_id")
    instrument = serializers.CharField(source="instrument_key")
    answers = serializers.DictField(child=serializers.JSONField())
    activities = serializers.DictField(child=serializers.CharField())
    score = serializers.SerializerMethodField()
    scores = MeasurementScoreOutput(many=True, help_text="Every version, the present one last.")

    class Meta:
        model = Measurement
        fields = [
            "id", "patient_id", "episode_id", "instrument", "moment", "measured_at", "mode", "region", "side",
            "answers", "activities", "source_key", "score", "scores", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(MeasurementScoreOutput)
    def get_score(self, row: Measurement) -> Any:
        """The present score."""
        return MeasurementScoreOutput(row.current).data


class MeasurementInput(StrictSerializer):
    """What was answered. The score is worked out here, never sent."""

    episode_id = serializers.SlugRelatedField(slug_field="public_id", source="episode", queryset=Episode.objects.none())
    instrument = serializers.CharField(source="instrument_key", max_length=40)
    moment = serializers.ChoiceField(MeasureMoment.choices)
    measured_at = serializers.DateTimeField()
    mode = serializers.ChoiceField(Administration.choices)
    region = serializers.CharField(max_length=40, required=False, allow_blank=True)
    side = serializers.CharField(max_length=7, required=False, allow_blank=True)
    answers = serializers.DictField(child=serializers.JSONField(), help_text='By item number: {"1": 4}.')
    activities = serializers.DictField(child=serializers.CharField(max_length=120), required=False)
    source_key = serializers.CharField(max_length=60, help_text="One measurement per source, instrument and region.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            episodes = Episode.objects.visible_to(self.context["request"].user).select_related("patient")
            self.fields["episode_id"].queryset = episodes  # type: ignore[attr-defined]

    def sheet(self) -> Sheet:
        """What was sent, without whose it is."""
        return Sheet(**{name: value for name, value in self.validated_data.items() if name != "episode"})
