"""API door of the trail. The pagination is DRF's own: this floor knows nothing above it."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, pagination, serializers, viewsets
from rest_framework.exceptions import PermissionDenied

from audit.models import AuditEvent


class AuditEventOutput(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = [
            "id", "occurred_at", "actor_kind", "actor_id", "action", "subject_kind", "subject_id",
            "patient_id", "location_ids", "via", "request_id", "facts",
        ]  # fmt: skip


class NewestFirst(pagination.CursorPagination):
    page_size = 50
    page_size_query_param = "per_page"
    max_page_size = 100
    ordering = ("-id",)


class PatientFilter(serializers.Serializer[None]):
    patient = serializers.UUIDField(required=False)
    actor = serializers.UUIDField(required=False)
    action = serializers.CharField(required=False, max_length=60)


@extend_schema(tags=["audit"], parameters=[PatientFilter])
class AuditEventViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AuditEvent]):
    """Every act, newest first. For auditors and admins."""

    serializer_class = AuditEventOutput
    pagination_class = NewestFirst
    queryset = AuditEvent.objects.none()
    _columns: ClassVar[dict[str, str]] = {"patient": "patient_id", "actor": "actor_id", "action": "action"}

    def get_queryset(self) -> QuerySet[AuditEvent]:
        if not getattr(self.request.user, "reads_audit", False):
            raise PermissionDenied()
        asked = PatientFilter(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = {self._columns[name]: value for name, value in asked.validated_data.items()}
        return AuditEvent.objects.visible_to(self.request.user).filter(**wanted)
