"""How a series and its plan look from outside, and what may be asked."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.models import Appointment, AppointmentSeries
from scheduling.plans import PlannedVisit
from scheduling.serializers.appointments import STAFF_REASONS, SlotOutput
from scheduling.serializers.fields import InstantField, VisibleField
from scheduling.series_changes import Change, Kept, Reached, Scope
from scheduling.services import Pick
from staff.models import User

RULE_HELP = (
    "An RFC 5545 RRULE of FREQ (DAILY, WEEKLY or MONTHLY), INTERVAL, COUNT or UNTIL, and BYDAY, such as"
    " FREQ=WEEKLY;INTERVAL=2;COUNT=6. It is counted on the location's wall clock and gives 2 to 60 visits."
)


class SeriesFilterInput(serializers.Serializer[Any]):
    patient = VisibleField(Patient, required=False)
    location = VisibleField(Location, required=False)


class PlanSeriesInput(StrictSerializer):
    patient_id = VisibleField(Patient, source="patient")
    therapist_id = VisibleField(User, source="therapist")
    service_id = VisibleField(Service, source="service")
    location_id = VisibleField(Location, source="location")
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)
    rule = serializers.CharField(max_length=200, help_text=RULE_HELP)
    first_at = InstantField(help_text="The first visit; with BYDAY the first chosen weekday from then on.")


class PickInput(StrictSerializer):
    number = serializers.IntegerField(min_value=1, help_text="The date's number in the plan.")
    starts_at = InstantField(required=False, allow_null=True, help_text="Another time instead of the rule's.")
    therapist_id = VisibleField(User, source="therapist", required=False, allow_null=True)
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)


class BookSeriesInput(PlanSeriesInput):
    picks = serializers.ListField(
        child=PickInput(),
        required=False,
        allow_empty=False,
        max_length=60,
        help_text="Without it every date is taken.",
    )
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told, once, of all dates.")

    def validate_picks(self, picks: list[dict[str, Any]]) -> list[Pick]:
        return [Pick(**pick) for pick in picks]


class PlannedVisitOutput(serializers.Serializer[PlannedVisit]):
    number = serializers.IntegerField()
    starts_at = serializers.DateTimeField(source="claim.starts_at")
    ends_at = serializers.DateTimeField(source="claim.ends_at")
    therapist_id = serializers.UUIDField(source="claim.therapist.public_id")
    is_free = serializers.BooleanField()
    code = serializers.SerializerMethodField(help_text="`free`, or the code of the refusal.")
    reason = serializers.CharField(help_text="The refusal in a sentence; empty when free.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Screening's warnings: codes.")
    alternatives = SlotOutput(many=True)

    def get_code(self, planned: PlannedVisit) -> str:
        return planned.refusal.code if planned.refusal else "free"


class SeriesPlanOutput(serializers.Serializer[Any]):
    rule = serializers.CharField()
    timezone = serializers.CharField()
    is_free = serializers.BooleanField(help_text="Whether every date is free.")
    visits = PlannedVisitOutput(many=True)


class SeriesVisitOutput(serializers.ModelSerializer[Appointment]):
    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField(source="series_number")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    room_id = serializers.UUIDField(source="room.public_id")
    was_moved = serializers.SerializerMethodField(help_text="Whether it was moved by itself.")

    class Meta:
        model = Appointment
        fields = ["id", "number", "starts_at", "ends_at", "therapist_id", "room_id", "status", "was_moved", "version"]

    def get_was_moved(self, visit: Appointment) -> bool:
        return visit.series_at != visit.starts_at


class SeriesOutput(serializers.ModelSerializer[AppointmentSeries]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    room_id = serializers.UUIDField(source="room.public_id", allow_null=True, default=None)
    service_id = serializers.UUIDField(source="service.public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    timezone = serializers.CharField(source="location.timezone")

    class Meta:
        model = AppointmentSeries
        fields = [
            "id", "patient_id", "therapist_id", "room_id", "service_id", "location_id", "timezone", "rule", "first_at",
            "version", "created_at", "updated_at",
        ]  # fmt: skip


class SeriesDetailOutput(SeriesOutput):
    visits = serializers.SerializerMethodField()

    class Meta(SeriesOutput.Meta):
        fields = [*SeriesOutput.Meta.fields, "visits"]

    @extend_schema_field(SeriesVisitOutput(many=True))
    def get_visits(self, series: AppointmentSeries) -> Any:
        rows = series.appointments.select_related("therapist", "room").order_by("starts_at", "id")
        return SeriesVisitOutput(rows, many=True).data


class ChangeInput(StrictSerializer):
    """What moving and cancelling have in common. `from_id` is written `from`, a word Python keeps."""

    scope = serializers.ChoiceField(choices=Scope.choices)
    include_moved = serializers.BooleanField(
        default=False, help_text="Whether visits that were moved by themselves before are changed too."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what would become of each visit.")
    notify = serializers.BooleanField(default=True, help_text="Whether the patient is told, once.")

    def get_fields(self) -> dict[str, Any]:
        start = serializers.UUIDField(source="start_id", help_text="The visit the change starts from.")
        return {"from": start, **super().get_fields()}


class MoveSeriesInput(ChangeInput):
    local_time = serializers.TimeField(
        required=False, allow_null=True, help_text="The new time on the location's wall clock."
    )
    days = serializers.IntegerField(default=0, min_value=-60, max_value=60, help_text="How many days later or earlier.")
    therapist_id = VisibleField(User, source="therapist", required=False, allow_null=True)
    room_id = VisibleField(Room, source="room", required=False, allow_null=True)

    def change(self) -> Change:
        """The change that is asked for. Raises Invalid when there is none."""
        asked = self.validated_data
        change = Change(asked["days"], asked.get("local_time"), asked.get("therapist"), asked.get("room"))
        if change == Change():
            raise Invalid(fields={"local_time": "Say what is to change: the time, the day, the therapist or the room."})
        return change


class CancelSeriesInput(ChangeInput):
    reason = serializers.ChoiceField(choices=STAFF_REASONS)


class ReachedOutput(serializers.Serializer[Reached]):
    id = serializers.UUIDField(source="visit.public_id")
    number = serializers.IntegerField(source="visit.series_number")
    starts_at = serializers.DateTimeField(source="visit.starts_at")
    is_touched = serializers.BooleanField()
    kept = serializers.ChoiceField(choices=Kept.choices, allow_null=True, help_text="Why it is left alone.")
    planned = PlannedVisitOutput(allow_null=True, help_text="Of a move: what would become of it.")


class SeriesChangeOutput(serializers.Serializer[Any]):
    is_possible = serializers.BooleanField()
    visits = ReachedOutput(many=True, help_text="What would become of each visit; empty once it is done.")
    series = SeriesDetailOutput()
