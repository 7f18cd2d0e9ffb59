"""The catalogues: the same for every clinic, in one page each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from sessions import catalogue
from sessions.finding_serializers import ComplaintOutput
from sessions.serializers import (
    BodyRegionOutput,
    MotionDefinitionOutput,
    MuscleOutput,
    TechniqueDefinitionOutput,
)


def _page(serializer: Any, rows: Iterable[Any]) -> Response:
    return Response({"next": None, "previous": None, "results": serializer(list(rows), many=True).data})


@extend_schema(tags=["catalogues"])
class MuscleViewSet(viewsets.GenericViewSet[Any]):
    """Muscles that may hold trigger points."""

    serializer_class = MuscleOutput

    @extend_schema(operation_id="muscles_list", responses=MuscleOutput(many=True))
    def list(self, request: Request) -> Response:
        return _page(MuscleOutput, catalogue.muscles().values())


@extend_schema(tags=["catalogues"])
class MotionViewSet(viewsets.GenericViewSet[Any]):
    """Motions that can be measured, with their norms."""

    serializer_class = MotionDefinitionOutput

    @extend_schema(operation_id="motions_list", responses=MotionDefinitionOutput(many=True))
    def list(self, request: Request) -> Response:
        return _page(MotionDefinitionOutput, catalogue.motions().values())


@extend_schema(tags=["catalogues"])
class TechniqueViewSet(viewsets.GenericViewSet[Any]):
    """Techniques that can be recorded."""

    serializer_class = TechniqueDefinitionOutput

    @extend_schema(operation_id="techniques_list", responses=TechniqueDefinitionOutput(many=True))
    def list(self, request: Request) -> Response:
        return _page(TechniqueDefinitionOutput, catalogue.techniques().values())


@extend_schema(tags=["catalogues"])
class BodyRegionViewSet(viewsets.GenericViewSet[Any]):
    """Parts of the body that can be treated."""

    serializer_class = BodyRegionOutput

    @extend_schema(operation_id="body_regions_list", responses=BodyRegionOutput(many=True))
    def list(self, request: Request) -> Response:
        return _page(BodyRegionOutput, catalogue.regions().values())


@extend_schema(tags=["catalogues"])
class ComplaintViewSet(viewsets.GenericViewSet[Any]):
    """Complaints and the muscles often involved."""

    serializer_class = ComplaintOutput

    @extend_schema(operation_id="complaints_list", responses=ComplaintOutput(many=True))
    def list(self, request: Request) -> Response:
        return _page(ComplaintOutput, catalogue.complaints().values())
