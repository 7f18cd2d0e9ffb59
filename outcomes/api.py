"""API doors of outcomes: pain scores and surveys, read; an effect marked as seen."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin
from clinic.core.errors import NotAllowed
from outcomes import services
from outcomes.models import PainScore, Survey
from outcomes.serializers import PainScoreOutput, PatientFilter, SurveyOutput
from patients.models import Patient
from patients.services import note_patient_read
from staff.models import User


class OfPatientViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """A list of clinical rows with `?patient=`. Naming a patient reads them, so it leaves a trace."""

    screen: str

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not getattr(request.user, "reads_clinical", False):
            raise NotAllowed()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        named = {name: value for name, value in self.request.query_params.items() if name == "patient"}
        asked = PatientFilter(data=named)
        asked.is_valid(raise_exception=True)
        public_id = asked.validated_data.get("patient")
        if public_id is not None:
            patient = get_object_or_404(Patient.objects.visible_to(self.request.user), public_id=public_id)
            note_patient_read(patient=patient, by=cast("User", self.request.user), screen=self.screen)
            queryset = queryset.filter(patient=patient)
        return super().filter_queryset(queryset)


@extend_schema_view(list=extend_schema(parameters=[PatientFilter]))
@extend_schema(tags=["outcomes"])
class PainScoreViewSet(OfPatientViewSet):
    """Pain on a 0-10 scale over time. Scores are recorded by signing a session or answering a follow-up."""

    serializer_class = PainScoreOutput
    queryset = PainScore.objects.none()
    screen = "pain-scores"

    def get_queryset(self) -> QuerySet[PainScore]:
        return PainScore.objects.visible_to(self.request.user).for_list()


@extend_schema_view(list=extend_schema(parameters=[PatientFilter]))
@extend_schema(tags=["outcomes"])
class SurveyViewSet(mixins.RetrieveModelMixin, OfPatientViewSet):
    """Follow-up questions after sessions, and their answers."""

    serializer_class = SurveyOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = Survey.objects.none()
    screen = "surveys"

    def get_queryset(self) -> QuerySet[Survey]:
        return Survey.objects.visible_to(self.request.user).for_list()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        note_patient_read(patient=row.patient, by=cast("User", request.user), screen="survey")
        return Response(SurveyOutput(row).data)

    @extend_schema(request=None, responses={200: SurveyOutput})
    @action(detail=True, methods=["post"], url_path="effect-seen")
    def effect_seen(self, request: Request, public_id: str) -> Response:
        """A therapist of the care team has read the unexpected effect."""
        row = services.mark_effect_seen(survey=self.get_object(), by=cast("User", request.user))
        return Response(SurveyOutput(row).data)
