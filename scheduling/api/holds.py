"""Held slots, for programs."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from scheduling import services
from scheduling.models import SlotHold
from scheduling.serializers.holds import HoldSlotInput, SlotHoldOutput
from staff.models import User


@extend_schema(tags=["slot holds"])
class SlotHoldViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SlotHold]
):
    """Slots kept for some minutes at your locations."""

    serializer_class = SlotHoldOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = SlotHold.objects.none()

    def get_queryset(self) -> QuerySet[SlotHold]:
        held: QuerySet[SlotHold] = SlotHold.objects.visible_to(self.request.user).with_all_it_names()
        return held

    @extend_schema(request=HoldSlotInput, responses={201: SlotHoldOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Keep a slot while a form is filled. It frees itself at `held_until`; a clash is a 409 with alternatives."""
        asked = HoldSlotInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        held = services.hold_slot(**asked.validated_data, by=cast("User", request.user))
        return Response(SlotHoldOutput(held).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=SlotHoldOutput)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **kwargs: Any) -> Response:
        """Keep it for another while."""
        held = services.extend_hold(hold=self.get_object(), by=cast("User", request.user))
        return Response(SlotHoldOutput(held).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, public_id: str) -> Response:
        """Let it go."""
        services.release_hold(hold=self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
