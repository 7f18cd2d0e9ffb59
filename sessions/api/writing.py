"""What helps a therapist write: values carried over from an earlier session."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from sessions import services
from sessions.api.findings import OfSession, member
from sessions.models import CarriedValue
from sessions.writing_serializers import CarriedOutput


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
