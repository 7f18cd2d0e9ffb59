"""Patients: list, search, read, register, edit."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, expected_version, idempotent
from clinic.core.errors import Invalid
from clinic.models import Location
from patients import services
from patients.models import Patient, PatientQuerySet
from patients.searching import read_term
from patients.serializers import EditPatientInput, PatientOutput, RegisterPatientInput


@extend_schema(tags=["patients"])
class PatientViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Patient]
):
    """The patients this member may see."""

    serializer_class = PatientOutput
    lookup_field = "public_id"
    queryset = Patient.objects.none()

    def get_queryset(self) -> QuerySet[Patient]:
        text = self.request.query_params.get("search", "").strip() if self.action == "list" else ""
        found = self._searched(text) if text else Patient.objects.visible_to(self.request.user)
        visible = Prefetch(
            "locations", queryset=Location.objects.visible_to(self.request.user).in_order(), to_attr="visible_locations"
        )
        return found.prefetch_related(visible)

    def _searched(self, text: str) -> PatientQuerySet:
        user: Any = self.request.user
        countries = set(Location.objects.visible_to(user).values_list("country", flat=True))
        term = read_term(text, countries=countries)
        services.note_search(by=user, kind=term.kind)
        if term.hint:
            raise Invalid(fields={"search": term.hint})
        return Patient.objects.visible_to(user).search(term, countries=countries)

    @extend_schema(
        parameters=[
            OpenApiParameter("search", str, description="Names in any order, a birth date, or 4 digits of a phone."),
            OpenApiParameter("updated_since", str, description="Changed at or after this instant."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Patients, last changed first."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One patient. The ETag is the version to send back in If-Match."""
        patient = self.get_object()
        services.note_patient_read(patient=patient, by=request.user, screen="api")  # type: ignore[arg-type]
        return self._answer(patient)

    @extend_schema(request=RegisterPatientInput, responses={201: PatientOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Register a patient; 409 possible_duplicate names the candidates."""
        asked = RegisterPatientInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        patient = services.register_patient(**asked.validated_data, by=request.user)  # type: ignore[arg-type]
        return self._answer(self.get_queryset().get(pk=patient.pk), status=201)

    @extend_schema(request=EditPatientInput, responses=PatientOutput)
    def partial_update(self, request: Request, public_id: str) -> Response:
        """Change some fields of the version named in If-Match."""
        version = expected_version(request)
        patient = self.get_object()
        asked = EditPatientInput(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        changes = dict(asked.validated_data)
        confirmed = changes.pop("is_another_person", False)
        services.edit_patient(
            patient=patient, changes=changes, expected_version=version, is_another_person=confirmed,
            by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        return self._answer(self.get_queryset().get(pk=patient.pk))

    def _answer(self, patient: Patient, status: int = 200) -> Response:
        return Response(PatientOutput(patient).data, status=status, headers={"ETag": patient.etag})
