"""The API's doors to messages."""

from typing import Any, cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from messaging import services
from messaging.models import Message, MessageQuerySet
from messaging.serializers import MessageFilterInput, MessageOutput, ResendInput


@extend_schema(tags=["messages"])
class MessageViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Message]
):
    """What was promised to patients, and what became of it."""

    serializer_class = MessageOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Message.objects.none()

    def get_queryset(self) -> MessageQuerySet:
        return Message.objects.visible_to(self.request.user).for_ledger()

    @extend_schema(parameters=[MessageFilterInput])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest change first; filter by state and patient."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: MessageQuerySet) -> MessageQuerySet:  # type: ignore[override]
        asked = MessageFilterInput(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return cast("MessageQuerySet", super().filter_queryset(queryset.matching(**asked.validated_data)))

    @extend_schema(request=ResendInput, responses={201: MessageOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def resend(self, request: Request, public_id: UUID) -> Response:
        """Promise a failed, given-up or unknown message again."""
        message = get_object_or_404(Message.objects.visible_to(request.user), public_id=public_id)
        asked = ResendInput(data=request.data)
        asked.is_valid(raise_exception=True)
        again = services.resend_message(message=message, by=request.user, **asked.validated_data)
        return Response(MessageOutput(again).data, status=status.HTTP_201_CREATED)
