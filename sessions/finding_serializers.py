"""What the API takes and gives of points and motions, and what became of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from sessions.models import (
    BodySide,
    EndFeel,
    MotionDevice,
    MotionMode,
    PainOnset,
    PointStatus,
    Position,
    RangeOfMotion,
    ThresholdUnit,
    TriggerPointObservation,
    Unit,
    View,
)
from staff.models import User


class RaterField(serializers.SlugRelatedField):
    """A colleague who measured, by id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="public_id", queryset=User.objects.none(), **kwargs)

    def get_queryset(self) -> Any:
        return User.objects.visible_to(self.context["request"].user).therapists()


def _reading() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=7, decimal_places=3, min_value=0)


def _trials(source: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.DecimalField(max_digits=7, decimal_places=3), source=source)


class TriggerPointInput(StrictSerializer):
    """A point the patient has (`trigger_point_id`), or muscle and side with an optional place on the map.

    Readings are what the pressure gauge showed, in `threshold_unit`; `_after` is after the treatment of this session.
    """

    trigger_point_id = serializers.UUIDField(required=False)
    muscle = serializers.CharField(required=False, max_length=40)
    side = serializers.ChoiceField(choices=BodySide.choices, required=False)
    view = serializers.ChoiceField(choices=View.choices, required=False)
    x = serializers.IntegerField(required=False, min_value=0, max_value=1000)
    y = serializers.IntegerField(required=False, min_value=0, max_value=1000)
    place = serializers.CharField(required=False, allow_blank=True, max_length=120)
    status = serializers.ChoiceField(choices=PointStatus.choices)
    tenderness = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=4)
    has_taut_band = serializers.BooleanField(required=False, allow_null=True)
    has_referred_pain = serializers.BooleanField(required=False, allow_null=True)
    is_recognised_by_patient = serializers.BooleanField(required=False, allow_null=True)
    has_twitch_response = serializers.BooleanField(required=False, allow_null=True)
    palpation_pain = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)
    threshold_readings = serializers.ListField(child=_reading(), required=False, max_length=6)
    tenderness_after = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=4)
    palpation_pain_after = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)
    threshold_readings_after = serializers.ListField(child=_reading(), required=False, max_length=6)
    threshold_unit = serializers.ChoiceField(choices=ThresholdUnit.choices, required=False, allow_blank=True)
    threshold_device = serializers.CharField(required=False, allow_blank=True, max_length=60)
    probe_area_cm2 = serializers.DecimalField(required=False, allow_null=True, max_digits=4, decimal_places=2)
    rater_id = RaterField(source="rater", required=False, allow_null=True)
    technique = serializers.CharField(required=False, allow_blank=True, max_length=40)
    seconds_held = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1800)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        geometry = {"muscle", "side", "view", "x", "y", "place"} & set(attrs)
        if ("trigger_point_id" in attrs) == bool(geometry):
            raise serializers.ValidationError("Send trigger_point_id alone, or muscle and side without it.")
        return attrs


class MotionInput(StrictSerializer):
    """Neutral-zero: start and end are signed. Of a level, `end` is its place in the motion's `levels`."""

    joint = serializers.CharField(max_length=30)
    motion = serializers.CharField(max_length=30)
    side = serializers.ChoiceField(choices=BodySide.choices, required=False)
    mode = serializers.ChoiceField(choices=MotionMode.choices, required=False)
    start = serializers.IntegerField(required=False, allow_null=True, min_value=-180, max_value=180)
    end = serializers.IntegerField(min_value=-180, max_value=200)
    unit = serializers.ChoiceField(choices=Unit.choices, required=False)
    is_painful = serializers.BooleanField(required=False)
    pain = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)
    pain_onset = serializers.ChoiceField(choices=PainOnset.choices, required=False, allow_blank=True)
    end_feel = serializers.ChoiceField(choices=EndFeel.choices, required=False, allow_blank=True)
    position = serializers.ChoiceField(choices=Position.choices, required=False, allow_blank=True)
    device = serializers.ChoiceField(choices=MotionDevice.choices, required=False, allow_blank=True)
    rater_id = RaterField(source="rater", required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=120)


class TriggerPointOutput(serializers.ModelSerializer[TriggerPointObservation]):
    """How a point was found in a session, with where it is."""

    id = serializers.UUIDField(source="public_id")
    trigger_point_id = serializers.UUIDField(source="trigger_point.public_id")
    muscle = serializers.CharField(source="trigger_point.muscle")
    side = serializers.ChoiceField(source="trigger_point.side", choices=BodySide.choices)
    view = serializers.ChoiceField(source="trigger_point.view", choices=View.choices)
    x = serializers.IntegerField(source="trigger_point.x")
    y = serializers.IntegerField(source="trigger_point.y")
    place = serializers.CharField(source="trigger_point.place")
    threshold_kpa = serializers.DecimalField(source="threshold", max_digits=6, decimal_places=1, allow_null=True)
    threshold_after_kpa = serializers.DecimalField(
        source="threshold_after", max_digits=6, decimal_places=1, allow_null=True
    )
    threshold_trials_kpa = _trials("threshold_trials")
    threshold_trials_after_kpa = _trials("threshold_trials_after")
    rater_id = serializers.UUIDField(source="rater.public_id", allow_null=True, default=None)

    class Meta:
        model = TriggerPointObservation
        fields = (
            "id",
            "trigger_point_id",
            "muscle",
            "side",
            "view",
            "x",
            "y",
            "place",
            "status",
            "tenderness",
            "has_taut_band",
            "has_referred_pain",
            "is_recognised_by_patient",
            "has_twitch_response",
            "palpation_pain",
            "threshold_kpa",
            "threshold_trials_kpa",
            "tenderness_after",
            "palpation_pain_after",
            "threshold_after_kpa",
            "threshold_trials_after_kpa",
            "threshold_unit",
            "threshold_device",
            "probe_area_cm2",
            "rater_id",
            "technique",
            "seconds_held",
            "note",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class MotionOutput(serializers.ModelSerializer[RangeOfMotion]):
    id = serializers.UUIDField(source="public_id")
    rater_id = serializers.UUIDField(source="rater.public_id", allow_null=True, default=None)

    class Meta:
        model = RangeOfMotion
        fields = (
            "id",
            "joint",
            "motion",
            "side",
            "mode",
            "start",
            "end",
            "unit",
            "is_painful",
            "pain",
            "pain_onset",
            "end_feel",
            "position",
            "device",
            "rater_id",
            "note",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class SignOutput(serializers.Serializer[Any]):
    """A number of a point, twice. inside_error: no more than measurement error; not_comparable: another gauge."""

    name = serializers.ChoiceField(choices=["tenderness", "palpation_pain", "threshold"])
    before = serializers.DecimalField(max_digits=6, decimal_places=1)
    now = serializers.DecimalField(max_digits=6, decimal_places=1)
    verdict = serializers.ChoiceField(choices=["better", "same", "worse", "inside_error", "not_comparable"])


class PointChangeOutput(serializers.Serializer[Any]):
    """What became of a point since it was examined before; "" where nothing can be said."""

    kind = serializers.ChoiceField(choices=["new", "better", "same", "worse", "resolved", ""])
    signs = SignOutput(many=True)


class MotionChangeOutput(serializers.Serializer[Any]):
    """How much further a motion reaches (`end`) and how much earlier it starts than the last time."""

    session_id = serializers.UUIDField(source="before.session.public_id")
    end = serializers.IntegerField()
    start = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=Unit.choices)
    error = serializers.FloatField(allow_null=True, help_text="Measurement error in degrees, where it is known.")
    is_beyond_error = serializers.BooleanField(allow_null=True)


class MotionReadingOutput(serializers.Serializer[Any]):
    """A motion read against its other side, its norm (negative: so far below) and the last time."""

    id = serializers.UUIDField(source="row.public_id")
    percent_of_other_side = serializers.IntegerField(allow_null=True)
    from_norm = serializers.IntegerField(allow_null=True)
    change = MotionChangeOutput(allow_null=True)


class PointProgressOutput(serializers.Serializer[Any]):
    """What became of a point that was examined in this session, and what the treatment did to it."""

    id = serializers.UUIDField(source="now.public_id")
    trigger_point_id = serializers.UUIDField(source="point.public_id")
    change = PointChangeOutput()
    effect = SignOutput(many=True)


class ProgressOutput(serializers.Serializer[Any]):
    """The findings of a session against what was known before."""

    trigger_points = PointProgressOutput(many=True)
    motions = MotionReadingOutput(many=True)


class LedgerFindingOutput(serializers.Serializer[Any]):
    """How a point was found in one session."""

    session_id = serializers.UUIDField(source="session.public_id")
    performed_at = serializers.DateTimeField(source="session.performed_at")
    status = serializers.ChoiceField(choices=PointStatus.choices)
    tenderness = serializers.IntegerField(allow_null=True)
    palpation_pain = serializers.IntegerField(allow_null=True)
    threshold_kpa = serializers.DecimalField(source="threshold", max_digits=6, decimal_places=1, allow_null=True)


class LedgerLineOutput(serializers.Serializer[Any]):
    """A trigger point of a patient and its course, oldest finding first, at most the last twelve."""

    trigger_point_id = serializers.UUIDField(source="point.public_id")
    muscle = serializers.CharField(source="point.muscle")
    side = serializers.ChoiceField(source="point.side", choices=BodySide.choices)
    place = serializers.CharField(source="point.place")
    times_seen = serializers.IntegerField()
    change = PointChangeOutput()
    course = LedgerFindingOutput(many=True)


class ComplaintOutput(serializers.Serializer[Any]):
    """A complaint and the muscles often involved: where to look first, never a rule."""

    key = serializers.CharField()
    name = serializers.CharField()
    conditions = serializers.ListField(child=serializers.CharField())
    muscles = serializers.ListField(child=serializers.CharField())
