"""API doors of reports: the outcome report, and exports."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from clinic.models import Location
from reports import services
from reports.models import ExportJob
from reports.outcome import outcome_report
from reports.serializers import ExportInput, ExportOutput, OutcomeReportOutput, ReportInput
from staff.models import User


@extend_schema(tags=["reports"])
class OutcomeReportView(APIView):
    """How the people who started treatment in a range fared. For admins and auditors."""

    @extend_schema(parameters=[ReportInput], responses=OutcomeReportOutput, operation_id="outcome_report_retrieve")
    def get(self, request: Request) -> Response:
        user = cast("User", request.user)
        if not user.reads_reports:
            raise NotAllowed()
        asked = ReportInput(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        location = None
        if asked.validated_data.get("location"):
            location = get_object_or_404(Location.objects.visible_to(user), public_id=asked.validated_data["location"])
        chosen = {"from_on": asked.validated_data["from"], "to_on": asked.validated_data["to"], "location": location}
        report = outcome_report(user=user, **chosen)
        services.note_report_read(by=user, **chosen)
        return Response(OutcomeReportOutput(report).data)


class CsvFile(JSONRenderer):
    """Lets a client ask for text/csv; the file itself is streamed, and a refusal is still a problem document."""

    media_type = "text/csv"
    format = "csv"


@extend_schema(tags=["reports"])
class ExportViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ExportJob]
):
    """Your exports: ask, look how far it is, take the file within 24 hours. For admins."""

    serializer_class = ExportOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = ExportJob.objects.none()

    def get_queryset(self) -> QuerySet[ExportJob]:
        return ExportJob.objects.visible_to(self.request.user)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not cast("User", request.user).is_administrator:
            raise NotAllowed()

    @extend_schema(request=ExportInput, responses={201: ExportOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        asked = ExportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        kind = asked.validated_data.pop("kind")
        job = services.request_export(kind=kind, parameters=asked.validated_data, by=cast("User", request.user))
        return Response(ExportOutput(job).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, CsvFile])
    def file(self, request: Request, public_id: str) -> FileResponse:
        """The CSV, checked and audited again."""
        job = self.get_object()
        file = services.open_export(job=job, by=cast("User", request.user))
        return FileResponse(file, as_attachment=True, filename=job.file_name, content_type="text/csv; charset=utf-8")
