"""The conditions the clinic treats."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from patients.catalogue import CONDITIONS
from patients.serializers import CatalogueConditionOutput


@extend_schema(tags=["patients"])
class ConditionCatalogueViewSet(viewsets.ViewSet):
    """Names, codes with their years of validity, measures, safety rules. The same for every member."""

    lookup_field = "key"

    @extend_schema(responses=CatalogueConditionOutput(many=True))
    def list(self, request: Request) -> Response:
        """All of them: a short, fixed list without pages."""
        return Response(CatalogueConditionOutput(list(CONDITIONS.values()), many=True).data)

    @extend_schema(parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH)], responses=CatalogueConditionOutput)
    def retrieve(self, request: Request, key: str) -> Response:
        """One of them."""
        if key not in CONDITIONS:
            raise Http404
        return Response(CatalogueConditionOutput(CONDITIONS[key]).data)
