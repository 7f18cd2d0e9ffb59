"""The wait-list and the times that are offered to it, for programs."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, expected_version, idempotent
from scheduling import services
from scheduling.models import Offer, Vacancy, WaitListEntry
from scheduling.serializers.appointments import AppointmentOutput
from scheduling.serializers.waiting import (
    JoinWaitListInput,
    OfferOutput,
    OfferVacancyInput,
    VacancyOutput,
    WaitListEntryOutput,
    WishInput,
)
from staff.models import User


@extend_schema(tags=["wait-list"])
class WaitListEntryViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[WaitListEntry]
):
    """Who waits, or waited, at your locations."""

    serializer_class = WaitListEntryOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = WaitListEntry.objects.none()

    def get_queryset(self) -> QuerySet[WaitListEntry]:
        return WaitListEntry.objects.visible_to(self.request.user).with_all_it_names()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One of them. The ETag is the version to send back in If-Match."""
        return _entry(self.get_object())

    @extend_schema(request=JoinWaitListInput, responses={201: WaitListEntryOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Put a patient on the list, once for each service and location."""
        asked = JoinWaitListInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        entry = services.join_wait_list(
            patient=wanted["patient_id"],
            location=wanted["location_id"],
            service=wanted["service_id"],
            wish=wanted["wish"],
            by=cast("User", request.user),
        )
        return _entry(entry, status.HTTP_201_CREATED)

    @extend_schema(request=WishInput, responses=WaitListEntryOutput)
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say anew when it would suit. Needs If-Match; the place in the line stays."""
        version, entry = expected_version(request), self.get_object()
        asked = WishInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data["wish"]
        by = cast("User", request.user)
        return _entry(services.change_wait_list_entry(entry=entry, wish=wish, expected_version=version, by=by))

    @extend_schema(request=None, responses=WaitListEntryOutput)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the patient off the list. Twice is once."""
        entry = self.get_object()
        services.leave_wait_list(entry=entry, by=cast("User", request.user))
        entry.refresh_from_db(fields=["status", "version", "updated_at"])
        return _entry(entry)


@extend_schema(tags=["wait-list"])
class VacancyViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Vacancy]
):
    """Free times that are, or were, offered at your locations."""

    serializer_class = VacancyOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Vacancy.objects.none()

    def get_queryset(self) -> QuerySet[Vacancy]:
        user = self.request.user
        rows: QuerySet[Vacancy] = Vacancy.objects.visible_to(user).with_offers_visible_to(user)
        return rows

    @extend_schema(request=OfferVacancyInput, responses={201: VacancyOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Offer the time of a cancelled visit to some of those who wait, in the order of the list."""
        asked = OfferVacancyInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        vacancy = services.offer_vacancy(
            visit=wanted["appointment_id"],
            entries=wanted["entry_ids"],
            mode=wanted["mode"],
            answer_minutes=wanted["answer_minutes"],
            by=cast("User", request.user),
        )
        shown = self.get_queryset().get(pk=vacancy.pk)
        return Response(VacancyOutput(shown).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=VacancyOutput)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Offer it no longer. Twice is once."""
        vacancy = self.get_object()
        services.end_vacancy(vacancy=vacancy, by=cast("User", request.user))
        return Response(VacancyOutput(self.get_object()).data)


@extend_schema(tags=["wait-list"])
class OfferViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Offer]):
    """One patient's turn."""

    serializer_class = OfferOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Offer.objects.none()

    def get_queryset(self) -> QuerySet[Offer]:
        return Offer.objects.visible_to(self.request.user).select_related("entry__patient", "entry__location")

    @extend_schema(request=None, responses=AppointmentOutput)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The patient said yes: the visit. Twice is one visit; too late or too slow is 409."""
        visit = services.accept_offer(offer=self.get_object(), by=cast("User", request.user))
        return Response(AppointmentOutput(visit).data, headers={"ETag": visit.etag})

    @extend_schema(request=None, responses=OfferOutput)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The patient said no. Twice is once."""
        services.decline_offer(offer=self.get_object(), by=cast("User", request.user))
        return Response(OfferOutput(self.get_object()).data)


def _entry(entry: WaitListEntry, code: int = status.HTTP_200_OK) -> Response:
    return Response(WaitListEntryOutput(entry).data, status=code, headers={"ETag": entry.etag})
