"""Files brought in: try, take, and read the account of each row."""

from __future__ import annotations

import io
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import KeysetPagination, UpdatedSinceMixin, idempotent
from patients.gate import require
from patients.imports import run_import
from patients.models import ImportBatch
from patients.serializers import ImportBatchDetailOutput, ImportBatchOutput, ImportInput, ImportRefusalOutput


class ByRow(KeysetPagination):
    ordering = ("row_number", "id")


@extend_schema(tags=["patients"])
class PatientImportViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ImportBatch]
):
    """For administrators, at their locations."""

    lookup_field = "public_id"
    queryset = ImportBatch.objects.none()

    def get_queryset(self) -> QuerySet[ImportBatch]:
        require(self.request.user, "is_administrator")  # type: ignore[arg-type]
        return ImportBatch.objects.visible_to(self.request.user).select_related("location")

    def get_serializer_class(self) -> Any:
        return ImportBatchOutput if self.action == "list" else ImportBatchDetailOutput

    @extend_schema(request=ImportInput, responses={201: ImportBatchDetailOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Try a file, or take it. Rows that cannot be taken are refused one by one; a broken file is as a whole."""
        require(request.user, "is_administrator")  # type: ignore[arg-type]
        asked = ImportInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        entries = dict(asked.validated_data)
        file = io.StringIO(entries.pop("csv"), newline="")
        batch = run_import(file=file, **entries, by=request.user)  # type: ignore[arg-type]
        return Response(ImportBatchDetailOutput(batch).data, status=201)

    @extend_schema(responses=ImportRefusalOutput(many=True))
    @action(detail=True, pagination_class=ByRow)
    def refusals(self, request: Request, public_id: str) -> Response:
        """Every refused row, by its number."""
        rows: Any = self.get_object().refusals.all()
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(ImportRefusalOutput(page, many=True).data)
