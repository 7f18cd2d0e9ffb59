"""Visits and free slots, for programs."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.core.api import UpdatedSinceMixin, expected_version, idempotent
from clinic.core.errors import NotAllowed
from patients.services import note_patient_read
from scheduling import services
from scheduling.availability import free_slots
from scheduling.models import Appointment, AppointmentQuerySet
from scheduling.serializers.appointments import (
    AppointmentFilterInput,
    AppointmentOutput,
    AvailabilityInput,
    AvailabilityOutput,
    BookAppointmentInput,
    CancelAppointmentInput,
    LetPassInput,
    MoveAppointmentInput,
    RestoreAppointmentInput,
)
from staff.models import User


class AvailabilityView(APIView):
    """When a service could be given, by one therapist or by any."""

    @extend_schema(tags=["availability"], parameters=[AvailabilityInput], responses=AvailabilityOutput)
    def get(self, request: Request) -> Response:
        """Free slots in a window of at most eight weeks, in order of time."""
        if not cast("User", request.user).books_appointments:
            raise NotAllowed()
        asked = AvailabilityInput(data=request.query_params, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        slots = free_slots(from_=wanted.pop("from"), to=wanted.pop("to"), **wanted)
        answer = {
            "location_id": wanted["location"].public_id,
            "service_id": wanted["service"].public_id,
            "timezone": wanted["location"].timezone,
            "results": slots,
        }
        return Response(AvailabilityOutput(answer).data)


@extend_schema(tags=["appointments"])
class AppointmentViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Appointment]
):
    """Visits of the patients you may see."""

    serializer_class = AppointmentOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Appointment.objects.none()

    def get_queryset(self) -> AppointmentQuerySet:
        return Appointment.objects.visible_to(self.request.user).with_all_it_names()

    @extend_schema(parameters=[AppointmentFilterInput])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest change first; filter by window (of their start), location, therapist, patient and status."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: AppointmentQuerySet) -> AppointmentQuerySet:  # type: ignore[override]
        if self.action == "list":
            asked = AppointmentFilterInput(data=self.request.query_params, context={"request": self.request})
            asked.is_valid(raise_exception=True)
            queryset = queryset.matching(**asked.validated_data)
        return cast("AppointmentQuerySet", super().filter_queryset(queryset))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One visit; reading it is noted in the patient's trail."""
        appointment = self.get_object()
        note_patient_read(patient=appointment.patient, by=cast("User", request.user), screen="appointment")
        return _answer(appointment)

    @extend_schema(request=BookAppointmentInput, responses={201: AppointmentOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Book. A clash is a 409 that says whose time is taken and up to three free alternatives."""
        asked = BookAppointmentInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        appointment = services.book_appointment(**asked.validated_data, by=cast("User", request.user))
        return _answer(appointment, status.HTTP_201_CREATED)

    @extend_schema(request=MoveAppointmentInput, responses=AppointmentOutput)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Move to another time, length, therapist or room, in one act. Needs If-Match."""
        version = expected_version(request)
        appointment = self.get_object()
        asked = MoveAppointmentInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        moved = services.move_appointment(
            appointment=appointment, **asked.validated_data, expected_version=version, by=cast("User", request.user)
        )
        return _answer(moved)

    @extend_schema(request=CancelAppointmentInput, responses=AppointmentOutput)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Give the slot back, for a coded reason. Cancelling twice is one cancellation."""
        appointment = self.get_object()
        asked = CancelAppointmentInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(
            services.cancel_appointment(appointment=appointment, **asked.validated_data, by=cast("User", request.user))
        )

    @extend_schema(request=RestoreAppointmentInput, responses=AppointmentOutput)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, **kwargs: Any) -> Response:
        """Take back a cancellation, if the time could be booked anew. Restoring twice is one restoring."""
        appointment = self.get_object()
        asked = RestoreAppointmentInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(
            services.restore_appointment(appointment=appointment, **asked.validated_data, by=cast("User", request.user))
        )

    @extend_schema(request=LetPassInput, responses=AppointmentOutput)
    @action(detail=True, methods=["post"], url_path="let-pass")
    def let_pass(self, request: Request, **kwargs: Any) -> Response:
        """Let a visit take place although screening blocks it, for a reason; the clinical lead only."""
        appointment = self.get_object()
        asked = LetPassInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(
            services.let_visit_pass(appointment=appointment, **asked.validated_data, by=cast("User", request.user))
        )

    @extend_schema(request=None, responses=AppointmentOutput)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, **kwargs: Any) -> Response:
        """Note that the patient means to come."""
        return _answer(services.confirm_appointment(appointment=self.get_object(), by=cast("User", request.user)))

    @extend_schema(request=None, responses=AppointmentOutput)
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, **kwargs: Any) -> Response:
        """Note that the patient is here; after a no-show only if the slot is still free."""
        return _answer(services.mark_arrived(appointment=self.get_object(), by=cast("User", request.user)))

    @extend_schema(request=None, responses=AppointmentOutput)
    @action(detail=True, methods=["post"], url_path="no-show")
    def no_show(self, request: Request, **kwargs: Any) -> Response:
        """Note that the patient did not come, once the time has come."""
        return _answer(services.mark_no_show(appointment=self.get_object(), by=cast("User", request.user)))


def _answer(appointment: Appointment, code: int = status.HTTP_200_OK) -> Response:
    return Response(AppointmentOutput(appointment).data, status=code, headers={"ETag": appointment.etag})
