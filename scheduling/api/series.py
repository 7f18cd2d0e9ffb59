"""Courses of visits, for programs: planned, booked, moved and called off."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, expected_version, idempotent
from patients.models import OfPatientQuerySet
from patients.services import note_patient_read
from scheduling import services
from scheduling.errors import VisitOfAnotherSeries
from scheduling.models import Appointment, AppointmentSeries
from scheduling.plans import plan_series
from scheduling.serializers.series import (
    BookSeriesInput,
    CancelSeriesInput,
    MoveSeriesInput,
    PlanSeriesInput,
    SeriesChangeOutput,
    SeriesDetailOutput,
    SeriesFilterInput,
    SeriesOutput,
    SeriesPlanOutput,
)
from scheduling.series_changes import Reached, plan_cancel, plan_move
from staff.models import User


@extend_schema(tags=["appointment series"])
class AppointmentSeriesViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AppointmentSeries]
):
    """Courses of visits of the patients you may see."""

    serializer_class = SeriesOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = AppointmentSeries.objects.none()

    def get_queryset(self) -> OfPatientQuerySet:
        rows = AppointmentSeries.objects.visible_to(self.request.user)
        return rows.select_related("patient", "therapist", "room", "service", "location")

    @extend_schema(parameters=[SeriesFilterInput])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest change first; filter by patient and location."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: OfPatientQuerySet) -> OfPatientQuerySet:  # type: ignore[override]
        if self.action == "list":
            asked = SeriesFilterInput(data=self.request.query_params, context={"request": self.request})
            asked.is_valid(raise_exception=True)
            queryset = queryset.filter(**asked.validated_data)
        return cast("OfPatientQuerySet", super().filter_queryset(queryset))

    @extend_schema(responses=SeriesDetailOutput)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One series with its visits; reading it is noted in the patient's trail."""
        series = self.get_object()
        note_patient_read(patient=series.patient, by=cast("User", request.user), screen="appointment_series")
        return _answer(series)

    @extend_schema(request=PlanSeriesInput, responses=SeriesPlanOutput)
    @action(detail=False, methods=["post"])
    def plan(self, request: Request) -> Response:
        """What would become of each date: free, or why not and up to three free times instead. Writes nothing."""
        asked = PlanSeriesInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        planned = plan_series(**asked.validated_data, by=cast("User", request.user))
        answer = {
            "rule": asked.validated_data["rule"],
            "timezone": asked.validated_data["location"].timezone,
            "is_free": all(one.is_free for one in planned),
            "visits": planned,
        }
        return Response(SeriesPlanOutput(answer).data)

    @extend_schema(request=BookSeriesInput, responses={201: SeriesDetailOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Book all dates, or those picked, or none: a 409 then names every date that cannot be had and why."""
        asked = BookSeriesInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        series = services.book_series(**asked.validated_data, by=cast("User", request.user))
        return _answer(series, status.HTTP_201_CREATED)

    @extend_schema(request=MoveSeriesInput, responses=SeriesChangeOutput)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, **kwargs: Any) -> Response:
        """Move one visit, it and the following, or all to come, whole or not at all. If-Match is heeded when sent."""
        series = self.get_object()
        asked = MoveSeriesInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = {**self._wanted(series, asked.validated_data), "change": asked.change()}
        if asked.validated_data["dry_run"]:
            return _previewed(series, plan_move(**wanted))
        services.move_series(
            **wanted, notify=asked.validated_data["notify"], expected_version=_version_if_sent(request)
        )
        return _changed(series)

    @extend_schema(request=CancelSeriesInput, responses=SeriesChangeOutput)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Call off one visit, it and the following, or all to come. If-Match is heeded when sent."""
        series = self.get_object()
        asked = CancelSeriesInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = self._wanted(series, asked.validated_data)
        if asked.validated_data["dry_run"]:
            return _previewed(series, plan_cancel(**wanted))
        services.cancel_series(
            **wanted,
            reason=asked.validated_data["reason"],
            notify=asked.validated_data["notify"],
            expected_version=_version_if_sent(request),
        )
        return _changed(series)

    def _wanted(self, series: AppointmentSeries, asked: dict[str, Any]) -> dict[str, Any]:
        rows = Appointment.objects.visible_to(self.request.user).with_all_it_names()
        start = rows.filter(public_id=asked["start_id"], series=series).first()
        if start is None:
            raise VisitOfAnotherSeries()
        named = {name: asked[name] for name in ("scope", "include_moved")}
        return {"series": series, "start": start, **named, "by": cast("User", self.request.user)}


def _version_if_sent(request: Request) -> int | None:
    return expected_version(request) if "If-Match" in request.headers else None


def _answer(series: AppointmentSeries, code: int = status.HTTP_200_OK) -> Response:
    return Response(SeriesDetailOutput(series).data, status=code, headers={"ETag": series.etag})


def _previewed(series: AppointmentSeries, reached: list[Reached]) -> Response:
    is_possible = any(one.is_touched for one in reached) and not any(one.is_in_the_way for one in reached)
    answer = {"is_possible": is_possible, "visits": reached, "series": series}
    return Response(SeriesChangeOutput(answer).data, headers={"ETag": series.etag})


def _changed(series: AppointmentSeries) -> Response:
    series.refresh_from_db()
    answer = {"is_possible": True, "visits": [], "series": series}
    return Response(SeriesChangeOutput(answer).data, headers={"ETag": series.etag})
