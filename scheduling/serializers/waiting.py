"""The wait-list and its offers, as programs see them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location, Service
from patients.models import Patient
from scheduling.models import Appointment, Offer, Vacancy, VacancyMode, WaitListEntry, Weekday
from scheduling.serializers.fields import MinutesField, VisibleField
from scheduling.services import Wish
from scheduling.services.offers import LONGEST_ANSWER, MOST_OFFERED, SHORTEST_ANSWER
from scheduling.services.waiting import LONGEST_NOTICE_MINUTES
from staff.models import User


class WaitListEntryOutput(serializers.ModelSerializer[WaitListEntry]):
    id = serializers.UUIDField(source="public_id")
    patient_id = serializers.UUIDField(source="patient.public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    service_id = serializers.UUIDField(source="service.public_id")
    therapist_ids = serializers.SerializerMethodField()
    instead_of_id = serializers.UUIDField(source="instead_of.public_id", default=None)
    appointment_id = serializers.UUIDField(source="booked.public_id", default=None)

    class Meta:
        model = WaitListEntry
        fields = [
            "id", "patient_id", "location_id", "service_id", "therapist_ids", "weekdays", "earliest_local",
            "latest_local", "from_on", "until_on", "minutes", "notice_minutes", "instead_of_id", "status",
            "appointment_id", "version", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_therapist_ids(self, entry: WaitListEntry) -> list[str]:
        return sorted(str(person.public_id) for person in entry.therapists.all())


class WishInput(StrictSerializer):
    from_on = serializers.DateField()
    until_on = serializers.DateField()
    therapist_ids = serializers.ListField(
        child=VisibleField(User), default=list, max_length=50, help_text="Without any, every therapist will do."
    )
    weekdays = serializers.ListField(
        child=serializers.ChoiceField(choices=Weekday.choices), default=list, max_length=7, help_text="0 is Monday."
    )
    earliest_local = serializers.TimeField(default=None, allow_null=True)
    latest_local = serializers.TimeField(default=None, allow_null=True, help_text="When the visit is over by.")
    minutes = MinutesField(default=None, allow_null=True, help_text="A length of its own; else the service's.")
    notice_minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_NOTICE_MINUTES, default=120)
    instead_of_id = VisibleField(
        Appointment, default=None, allow_null=True, help_text="A visit the patient gives up for it."
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        entries: dict[str, Any] = super().to_internal_value(data)
        wish = {
            name: entries.pop(name)
            for name in ("from_on", "until_on", "weekdays", "earliest_local", "latest_local", "minutes")
        }
        wish |= {"notice_minutes": entries.pop("notice_minutes"), "instead_of": entries.pop("instead_of_id")}
        return {**entries, "wish": Wish(**wish, therapists=entries.pop("therapist_ids"))}


class JoinWaitListInput(WishInput):
    patient_id = VisibleField(Patient)
    location_id = VisibleField(Location)
    service_id = VisibleField(Service)


class OfferOutput(serializers.ModelSerializer[Offer]):
    id = serializers.UUIDField(source="public_id")
    entry_id = serializers.UUIDField(source="entry.public_id")

    class Meta:
        model = Offer
        fields = ["id", "entry_id", "rank", "status", "expires_at", "answered_at"]


class VacancyOutput(serializers.ModelSerializer[Vacancy]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    offers = serializers.SerializerMethodField(help_text="Without those to patients you may not see.")

    class Meta:
        model = Vacancy
        fields = [
            "id", "location_id", "therapist_id", "starts_at", "mode", "answer_minutes", "ends_at", "status", "offers",
            "updated_at",
        ]  # fmt: skip

    @extend_schema_field(OfferOutput(many=True))
    def get_offers(self, vacancy: Vacancy) -> list[dict[str, Any]]:
        return list(OfferOutput(vacancy.offers_shown, many=True).data)  # type: ignore[attr-defined]


class OfferVacancyInput(StrictSerializer):
    appointment_id = VisibleField(Appointment, help_text="The cancelled visit whose time is offered.")
    entry_ids = serializers.ListField(child=VisibleField(WaitListEntry), min_length=1, max_length=MOST_OFFERED)
    mode = serializers.ChoiceField(choices=VacancyMode.choices)
    answer_minutes = serializers.IntegerField(min_value=SHORTEST_ANSWER, max_value=LONGEST_ANSWER)
