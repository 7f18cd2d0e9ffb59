"""What has changed before a visit, for scripts."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from patients.services import note_patient_read
from questionnaires.queries import of_patient
from screening import services
from screening.models import ChangeCheck
from screening.serializers import ChangeCheckOutput, LookInput


@extend_schema(tags=["screening"])
class ChangeCheckViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ChangeCheck]
):
    """The five questions before each visit of the patients in this therapist's care."""

    lookup_field = "public_id"
    queryset = ChangeCheck.objects.none()
    serializer_class = ChangeCheckOutput

    def get_queryset(self) -> QuerySet[ChangeCheck]:
        if not getattr(self.request.user, "reads_clinical", False):
            raise NotAllowed()
        rows = of_patient(ChangeCheck.objects.visible_to(self.request.user), self.request)
        if self.request.query_params.get("to_look_at") == "true":
            rows = rows.to_look_at()  # type: ignore[attr-defined]
        return rows.select_related("patient", "response", "seen_by")

    @extend_schema(
        parameters=[
            OpenApiParameter("patient", str, description="Only this patient's."),
            OpenApiParameter("to_look_at", bool, description="true: only those that wait for a therapist."),
        ]
    )
    def list(self, request: Request) -> Response:
        """Newest change first."""
        return super().list(request)

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One check with its answers; reading it is noted in the audit trail."""
        check = self.get_object()
        note_patient_read(patient=check.patient, by=request.user, screen="change check")  # type: ignore[arg-type]
        return Response(ChangeCheckOutput(check).data)

    @extend_schema(request=LookInput, responses=ChangeCheckOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def look(self, request: Request, public_id: str) -> Response:
        """Note what you make of it; the session may take place as far as this goes."""
        check = self.get_object()
        asked = LookInput(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = services.look_at_change_check(check=check, note=asked.validated_data["note"], by=request.user)
        return Response(ChangeCheckOutput(seen).data)
