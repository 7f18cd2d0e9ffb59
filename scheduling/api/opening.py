"""Opening hours, closures and extra hours of locations, for programs."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from scheduling import services
from scheduling.models import Closure, ExtraHours, OpeningHours
from scheduling.serializers.hours import (
    ClosureInput,
    ClosureOutput,
    ExtraHoursInput,
    ExtraHoursOutput,
    OpeningHoursInput,
    OpeningHoursOutput,
)
from staff.models import User


@extend_schema(tags=["opening hours"])
class OpeningHoursViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[OpeningHours]):
    """Weekly opening hours of your locations, on the location's wall clock."""

    serializer_class = OpeningHoursOutput
    queryset = OpeningHours.objects.none()

    def get_queryset(self) -> QuerySet[OpeningHours]:
        return OpeningHours.objects.visible_to(self.request.user).select_related("location")

    @extend_schema(request=OpeningHoursInput, responses={201: OpeningHoursOutput(many=True)})
    @idempotent
    def create(self, request: Request) -> Response:
        """Set a location's hours on a weekday from a day on; earlier ones end the day before. Admins only."""
        asked = OpeningHoursInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        wanted["periods"] = [(one["starts_at_local"], one["ends_at_local"]) for one in wanted["periods"]]
        rows = services.set_opening_hours(**wanted, by=cast("User", request.user))
        return Response(OpeningHoursOutput(rows, many=True).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["opening hours"])
class ClosureViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Closure]):
    """Whole days on which your locations are shut."""

    serializer_class = ClosureOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Closure.objects.none()

    def get_queryset(self) -> QuerySet[Closure]:
        return Closure.objects.visible_to(self.request.user).select_related("location")

    @extend_schema(request=ClosureInput, responses={201: ClosureOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Shut a location for some days. Admins only; visits already booked stay."""
        asked = ClosureInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        row = services.add_closure(**asked.validated_data, by=cast("User", request.user))
        return Response(ClosureOutput(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, public_id: str) -> Response:
        """Open the location again. Admins only."""
        services.remove_closure(closure=self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["opening hours"])
class ExtraHoursViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[ExtraHours]):
    """Hours on one date beyond the weekly ones: of a location, or of one therapist there."""

    serializer_class = ExtraHoursOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = ExtraHours.objects.none()

    def get_queryset(self) -> QuerySet[ExtraHours]:
        return ExtraHours.objects.visible_to(self.request.user).select_related("location", "therapist")

    @extend_schema(request=ExtraHoursInput, responses={201: ExtraHoursOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Open a location beyond its hours on one date, for everybody or for one therapist. Admins only."""
        asked = ExtraHoursInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        row = services.add_extra_hours(**asked.validated_data, by=cast("User", request.user))
        return Response(ExtraHoursOutput(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, public_id: str) -> Response:
        """Take the extra hours back. Admins only."""
        services.remove_extra_hours(extra=self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
