"""Forms and answers for scripts. Saving and sending answers runs the rules, so those doors are screening's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from patients.services import note_patient_read
from questionnaires import services
from questionnaires.models import Questionnaire, QuestionnaireResponse
from questionnaires.queries import of_patient
from questionnaires.serializers import (
    QuestionnaireDetailOutput,
    QuestionnaireOutput,
    ResponseOutput,
    StartResponseInput,
)


@extend_schema(tags=["questionnaires"])
class QuestionnaireViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Questionnaire]
):
    """Every version of every form."""

    lookup_field = "public_id"
    queryset = Questionnaire.objects.none()

    def get_queryset(self) -> QuerySet[Questionnaire]:
        return Questionnaire.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return QuestionnaireOutput if self.action == "list" else QuestionnaireDetailOutput


@extend_schema(tags=["questionnaires"])
class QuestionnaireResponseViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[QuestionnaireResponse]
):
    """What patients answered, for therapists of the care team and auditors."""

    lookup_field = "public_id"
    queryset = QuestionnaireResponse.objects.none()
    serializer_class = ResponseOutput

    def get_queryset(self) -> QuerySet[QuestionnaireResponse]:
        if not getattr(self.request.user, "reads_clinical", False):
            raise NotAllowed()
        rows = QuestionnaireResponse.objects.visible_to(self.request.user)
        return of_patient(rows, self.request).select_related("patient", "questionnaire")

    @extend_schema(parameters=[OpenApiParameter("patient", str, description="Only this patient's.")])
    def list(self, request: Request) -> Response:
        """Newest change first."""
        return super().list(request)

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One response; reading it is noted in the audit trail."""
        response = self.get_object()
        note_patient_read(patient=response.patient, by=request.user, screen="questionnaire_response")  # type: ignore[arg-type]
        return Response(ResponseOutput(response).data)

    @extend_schema(request=StartResponseInput, responses={201: ResponseOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Start, or resume, a patient's response to fill it in together."""
        if not getattr(request.user, "writes_clinical", False):
            raise NotAllowed()
        asked = StartResponseInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        response = services.start_response(**asked.validated_data, by=request.user)  # type: ignore[arg-type]
        return Response(ResponseOutput(response).data, status=201)
