"""What helps a therapist write: values carried over, pain by region, short texts of their own."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import KeysetPagination, UpdatedSinceMixin, idempotent
from sessions import services
from sessions.api.findings import OfSession, member
from sessions.models import CarriedValue, RegionalPain, Snippet
from sessions.writing_serializers import (
    CarriedOutput,
    RegionalPainInput,
    RegionalPainOutput,
    SnippetInput,
    SnippetOutput,
)


@extend_schema(tags=["sessions"])
class SessionCarriedViewSet(OfSession):
    """What a draft took over from an earlier session and nobody has confirmed."""

    queryset = CarriedValue.objects.none()
    serializer_class = CarriedOutput

    def get_queryset(self) -> QuerySet[CarriedValue]:
        return CarriedValue.objects.visible_to(self.request.user).for_page()

    @extend_schema(request=None, responses={204: None})
    def confirm(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """It is still so today. A point is recorded as it was found the last time."""
        services.confirm_carried(carried=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """It is not so today: the words or the technique go, the point counts as not examined."""
        services.drop_carried(carried=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["sessions"])
class SessionRegionalPainViewSet(OfSession):
    """Pain by region, before and after the treatment."""

    queryset = RegionalPain.objects.none()
    serializer_class = RegionalPainOutput

    def get_queryset(self) -> QuerySet[RegionalPain]:
        return RegionalPain.objects.visible_to(self.request.user).select_related("session")

    @extend_schema(request=RegionalPainInput, responses={201: RegionalPainOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Record how much a region hurts; the same region, side and kind again corrects it."""
        asked = self.checked(RegionalPainInput)
        row = services.record_regional_pain(session=self.session(), by=member(request), **asked)
        return Response(RegionalPainOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """Take an entry back, while the session is a draft."""
        services.remove_regional_pain(pain=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["sessions"])
class SnippetViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Your own short texts. Those that ship are not listed."""

    queryset = Snippet.objects.none()
    serializer_class = SnippetOutput
    pagination_class = KeysetPagination
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Snippet]:
        return Snippet.objects.visible_to(self.request.user)

    @extend_schema(request=SnippetInput, responses={201: SnippetOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Keep a text under a shortcut; the same shortcut again replaces it."""
        asked = SnippetInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.keep_snippet(**asked.validated_data, by=member(request))
        return Response(SnippetOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, public_id: uuid.UUID) -> Response:
        """Forget a text. Notes it was brought into stay as they are."""
        services.remove_snippet(snippet=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
