"""Working hours and absences, for programs."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from scheduling import services
from scheduling.models import TherapistLimits, TimeOff, WorkingHours
from scheduling.serializers.hours import (
    TherapistLimitsInput,
    TherapistLimitsOutput,
    TimeOffInput,
    TimeOffOutput,
    WorkingHoursInput,
    WorkingHoursOutput,
)
from staff.models import User


@extend_schema(tags=["working hours"])
class WorkingHoursViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[WorkingHours]):
    """Weekly hours at your locations, on the location's wall clock."""

    serializer_class = WorkingHoursOutput
    queryset = WorkingHours.objects.none()

    def get_queryset(self) -> QuerySet[WorkingHours]:
        rows = WorkingHours.objects.visible_to(self.request.user)
        return rows.select_related("therapist", "location")

    @extend_schema(request=WorkingHoursInput, responses={201: WorkingHoursOutput(many=True)})
    @idempotent
    def create(self, request: Request) -> Response:
        """Set a therapist's hours on a weekday from a day on; earlier ones end the day before. Admins only."""
        asked = WorkingHoursInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        wanted["periods"] = [(one["starts_at_local"], one["ends_at_local"]) for one in wanted["periods"]]
        rows = services.set_working_hours(**wanted, by=cast("User", request.user))
        return Response(WorkingHoursOutput(rows, many=True).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["working hours"])
class TimeOffViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[TimeOff]):
    """Absences noted at your locations."""

    serializer_class = TimeOffOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = TimeOff.objects.none()

    def get_queryset(self) -> QuerySet[TimeOff]:
        rows = TimeOff.objects.visible_to(self.request.user)
        return rows.select_related("therapist", "location")

    @extend_schema(request=TimeOffInput, responses={201: TimeOffOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Close a therapist's diary for a while. Admins only; visits already booked stay."""
        asked = TimeOffInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        row = services.add_time_off(**asked.validated_data, by=cast("User", request.user))
        return Response(TimeOffOutput(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, public_id: str) -> Response:
        """Open the diary again. Admins only."""
        services.remove_time_off(time_off=self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["working hours"])
class TherapistLimitsViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[TherapistLimits]):
    """The most hands-on time your colleagues may be given, in a day and without a break."""

    serializer_class = TherapistLimitsOutput
    queryset = TherapistLimits.objects.none()

    def get_queryset(self) -> QuerySet[TherapistLimits]:
        return TherapistLimits.objects.visible_to(self.request.user).select_related("therapist")

    @extend_schema(request=TherapistLimitsInput, responses={201: TherapistLimitsOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Set a therapist's limits instead of earlier ones; null is without limit. Admins only."""
        asked = TherapistLimitsInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        row = services.set_limits(**asked.validated_data, by=cast("User", request.user))
        return Response(TherapistLimitsOutput(row).data, status=status.HTTP_201_CREATED)
