"""What the API takes and says about reports and exports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from reports.models import ExportJob, ExportKind


class RangeInput(StrictSerializer):
    """`from` is a word of Python's, so the fields are named here."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateField(help_text="First treatments on or after this day."),
            "to": serializers.DateField(help_text="First treatments on or before this day."),
        }


class ReportInput(RangeInput):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        place = serializers.UUIDField(required=False, help_text="The id of one location; all of yours without it.")
        return {**super().get_fields(), "location": place}


class ExportInput(RangeInput):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "kind": serializers.ChoiceField(choices=ExportKind.choices, default=ExportKind.OUTCOMES),
            **super().get_fields(),
            "location_id": serializers.UUIDField(required=False, allow_null=True, default=None),
        }


class ExportOutput(serializers.ModelSerializer[ExportJob]):
    id = serializers.UUIDField(source="public_id")
    has_expired = serializers.BooleanField()

    class Meta:
        model = ExportJob
        fields = [
            "id", "kind", "parameters", "state", "done_count", "total_count", "sha256", "byte_count", "manifest",
            "error_code", "expires_at", "has_expired", "created_at", "updated_at",
        ]  # fmt: skip


class CountOutput(serializers.Serializer[Any]):
    """`value` is null when it would be too few people to print; `text` says so."""

    value = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()


class ShareOutput(serializers.Serializer[Any]):
    """In percent, with Wilson's 95 % interval."""

    count = CountOutput()
    total = CountOutput()
    percent = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class IntervalOutput(serializers.Serializer[Any]):
    low = serializers.FloatField()
    high = serializers.FloatField()


class FlowOutput(serializers.Serializer[Any]):
    people_with_sessions = CountOutput()
    sessions = CountOutput()
    episodes_started = CountOutput()
    people = CountOutput()
    with_baseline = CountOutput()
    with_last = CountOutput()


class MeanChangeOutput(serializers.Serializer[Any]):
    """Last minus baseline of people with both; `srm` and `effect_size` differ in what they divide by."""

    n = serializers.IntegerField()
    mean_baseline = serializers.FloatField()
    mean_last = serializers.FloatField()
    mean = serializers.FloatField()
    sd = serializers.FloatField(allow_null=True)
    sd_baseline = serializers.FloatField(allow_null=True)
    interval = IntervalOutput(allow_null=True)
    srm = serializers.FloatField(allow_null=True)
    effect_size = serializers.FloatField(allow_null=True)
    hedges_j = serializers.FloatField(allow_null=True)
    srm_corrected = serializers.FloatField(allow_null=True)
    effect_size_corrected = serializers.FloatField(allow_null=True)


class MedianChangeOutput(serializers.Serializer[Any]):
    """Printed below 20 people, with a bootstrap interval."""

    value = serializers.FloatField()
    interval = IntervalOutput(allow_null=True)


class IndicatorOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField(source="label")
    of_all = ShareOutput()
    of_completers = ShareOutput()


class EffectsOutput(serializers.Serializer[Any]):
    effects = CountOutput()
    answered = CountOutput()
    per_thousand_sessions = serializers.FloatField(allow_null=True)
    per_thousand_answers = serializers.FloatField(allow_null=True)


class OutcomeReportOutput(serializers.Serializer[Any]):
    from_on = serializers.DateField()
    to_on = serializers.DateField()
    location_id = serializers.UUIDField(source="location.public_id", allow_null=True, default=None)
    generated_at = serializers.DateTimeField()
    minimum_cell = serializers.IntegerField()
    flow = FlowOutput()
    completeness = ShareOutput()
    completeness_label = serializers.CharField()
    mean_baseline_of_all = serializers.FloatField(allow_null=True)
    change = MeanChangeOutput(allow_null=True)
    median = MedianChangeOutput(allow_null=True)
    indicators = IndicatorOutput(many=True)
    low_baselines = CountOutput()
    effects = EffectsOutput()
    rules = serializers.ListField(child=serializers.CharField())
    pitfalls = serializers.ListField(child=serializers.CharField())
