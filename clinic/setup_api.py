"""API doors of the clinic itself: locations, rooms, services (read)."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets

from clinic.core.api import UpdatedSinceMixin
from clinic.models import Location, Room, Service


class LocationOutput(serializers.ModelSerializer[Location]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Location
        fields = ["id", "name", "timezone", "address", "phone", "country", "updated_at"]


class RoomOutput(serializers.ModelSerializer[Room]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = Room
        fields = ["id", "location_id", "name", "is_active", "updated_at"]


class ServiceOutput(serializers.ModelSerializer[Service]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Service
        fields = [
            "id", "name", "technique_family", "duration_minutes", "buffer_before_minutes",
            "buffer_after_minutes", "for_unscreened_patients", "is_active", "updated_at",
        ]  # fmt: skip


@extend_schema(tags=["clinic"])
class LocationViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Location]
):
    """Locations you work at."""

    serializer_class = LocationOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = Location.objects.none()

    def get_queryset(self) -> QuerySet[Location]:
        return Location.objects.visible_to(self.request.user)


@extend_schema(tags=["clinic"])
class RoomViewSet(UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Room]):
    """Rooms at your locations."""

    serializer_class = RoomOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = Room.objects.none()

    def get_queryset(self) -> QuerySet[Room]:
        return Room.objects.visible_to(self.request.user).select_related("location")


@extend_schema(tags=["clinic"])
class ServiceViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Service]
):
    """What can be booked."""

    serializer_class = ServiceOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = Service.objects.none()

    def get_queryset(self) -> QuerySet[Service]:
        return Service.objects.visible_to(self.request.user)
