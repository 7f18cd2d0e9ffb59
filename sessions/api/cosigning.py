"""Second signatures for scripts."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from sessions import services
from sessions.api.findings import member
from sessions.care_serializers import CoSignatureOutput, CoSignInput
from sessions.models import CoSignature

_WAITING = OpenApiParameter("waiting", OpenApiTypes.BOOL, description="true: only those that wait for you.")


@extend_schema(tags=["sessions"])
class CoSignatureViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[CoSignature]):
    """Notes of supervised therapists, put to their supervisors."""

    queryset = CoSignature.objects.none()
    serializer_class = CoSignatureOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[CoSignature]:
        user = member(self.request)
        if not user.reads_clinical:
            raise NotAllowed()
        seen = CoSignature.objects.visible_to(self.request.user).for_list()
        if self.request.query_params.get("waiting") == "true":
            return seen.waiting().filter(supervisor=user)
        return seen

    @extend_schema(parameters=[_WAITING])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Last changed first; nothing clinical."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CoSignInput, responses=CoSignatureOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def sign(self, request: Request, public_id: uuid.UUID) -> Response:
        """Sign beside the author. The note and its fingerprint stay as they were signed."""
        row = self.get_object()
        asked = CoSignInput(data=request.data)
        asked.is_valid(raise_exception=True)
        signed = services.co_sign(co_signature=row, by=member(request), **asked.validated_data)
        return Response(CoSignatureOutput(signed).data)
