"""API doors of the clinic itself: locations, rooms, services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic import services
from clinic.core.api import UpdatedSinceMixin, expected_version
from clinic.core.records import EditableRecord
from clinic.models import Location, Room, Service
from clinic.setup_serializers import (
    LocationInput,
    LocationOutput,
    RoomInput,
    RoomOutput,
    ServiceInput,
    ServiceOutput,
)


class SetupViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """A list, one row with its ETag, and a change of it."""

    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    input_class: ClassVar[type[serializers.Serializer[Any]]]

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One of them. The ETag is the version to send back in If-Match."""
        return self._answer(self.get_object())

    def _change(self, request: Request, change: Callable[..., EditableRecord], name: str) -> Response:
        version = expected_version(request)
        row = self.get_object()
        asked = self.input_class(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        wanted: dict[str, Any] = {name: row, "changes": asked.validated_data, "expected_version": version}
        return self._answer(change(**wanted, by=request.user))

    def _answer(self, row: EditableRecord) -> Response:
        return Response(self.get_serializer(row).data, headers={"ETag": row.etag})


@extend_schema(tags=["clinic"])
class LocationViewSet(SetupViewSet):
    """Locations you work at."""

    serializer_class = LocationOutput
    input_class = LocationInput
    queryset = Location.objects.none()

    def get_queryset(self) -> QuerySet[Location]:
        return Location.objects.visible_to(self.request.user)

    @extend_schema(request=LocationInput, responses=LocationOutput)
    def partial_update(self, request: Request, public_id: str) -> Response:
        """Change some fields of the version named in If-Match. Admins of the location only."""
        return self._change(request, services.change_location, "location")


@extend_schema(tags=["clinic"])
class RoomViewSet(SetupViewSet):
    """Rooms at your locations."""

    serializer_class = RoomOutput
    input_class = RoomInput
    queryset = Room.objects.none()

    def get_queryset(self) -> QuerySet[Room]:
        return Room.objects.visible_to(self.request.user).select_related("location")

    @extend_schema(request=RoomInput, responses=RoomOutput)
    def partial_update(self, request: Request, public_id: str) -> Response:
        """Change some fields of the version named in If-Match. Admins of its location only."""
        return self._change(request, services.change_room, "room")


@extend_schema(tags=["clinic"])
class ServiceViewSet(SetupViewSet):
    """What can be booked."""

    serializer_class = ServiceOutput
    input_class = ServiceInput
    queryset = Service.objects.none()

    def get_queryset(self) -> QuerySet[Service]:
        return Service.objects.visible_to(self.request.user)

    @extend_schema(request=ServiceInput, responses=ServiceOutput)
    def partial_update(self, request: Request, public_id: str) -> Response:
        """Change some fields of the version named in If-Match. Admins only; visits already booked stay."""
        return self._change(request, services.change_service, "service")
