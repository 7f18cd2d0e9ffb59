"""What hangs on a patient: one viewset per list, all of one shape (list, add, end)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import StrictSerializer, UpdatedSinceMixin, idempotent
from patients import services
from patients.gate import require
from patients.models import (
    Allergy,
    CareTeamMember,
    Condition,
    Consent,
    EarlierTreatment,
    EmergencyContact,
    Medicine,
    Patient,
)
from patients.serializers import (
    AllergyInput,
    AllergyOutput,
    CareTeamMemberInput,
    CareTeamMemberOutput,
    ConditionInput,
    ConditionOutput,
    ConsentInput,
    ConsentOutput,
    EarlierTreatmentInput,
    EarlierTreatmentOutput,
    EmergencyContactInput,
    EmergencyContactOutput,
    EndInput,
    MedicineInput,
    MedicineOutput,
)


class OfPatientViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any], ABC):
    """Rows of the patient named in the address; a hidden patient has none and does not exist."""

    lookup_field = "public_id"
    noun: ClassVar[str]
    reads: ClassVar[str] = "is_active"
    input_class: ClassVar[type[StrictSerializer]]

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The list's rows this member may see."""

    @abstractmethod
    def add(self, *, patient: Patient, by: Any, **entries: Any) -> Any:
        """The act that adds a row."""

    def end(self, row: Any, *, by: Any, **entries: Any) -> Any:
        """The act that ends a row; routed only where a list has one."""

    def patient(self) -> Patient:
        require(self.request.user, self.reads)  # type: ignore[arg-type]
        return get_object_or_404(Patient.objects.visible_to(self.request.user), public_id=self.kwargs["patient_id"])

    def get_queryset(self) -> QuerySet[Any]:
        return self.rows().filter(patient=self.patient())

    def _list(self, request: Request) -> Response:
        answer = super().list(request)
        services.note_patient_read(patient=self.patient(), by=request.user, screen=self.noun)  # type: ignore[arg-type]
        return answer

    def _create(self, request: Request) -> Response:
        asked = self.input_class(data=request.data, context={"request": request})
        patient = self.patient()
        asked.is_valid(raise_exception=True)
        row = self.add(patient=patient, by=request.user, **asked.validated_data)
        return Response(self.get_serializer(row).data, status=201)

    def _end(self, request: Request) -> Response:
        row = self.get_object()
        asked = EndInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(self.get_serializer(self.end(row, by=request.user, **asked.validated_data)).data)


@extend_schema(tags=["patients"])
class EmergencyContactViewSet(OfPatientViewSet):
    """Whom to call."""

    serializer_class = EmergencyContactOutput
    input_class = EmergencyContactInput
    queryset = EmergencyContact.objects.none()
    noun = "emergency-contacts"

    def rows(self) -> QuerySet[EmergencyContact]:
        return EmergencyContact.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> EmergencyContact:
        return services.add_emergency_contact(patient=patient, by=by, **entries)

    def end(self, row: EmergencyContact, *, by: Any, **entries: Any) -> EmergencyContact:
        return services.end_emergency_contact(contact=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=EmergencyContactInput, responses={201: EmergencyContactOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one emergency contact."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=EmergencyContactOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)


@extend_schema(tags=["patients"])
class CareTeamMemberViewSet(OfPatientViewSet):
    """Therapists who care for the patient."""

    serializer_class = CareTeamMemberOutput
    input_class = CareTeamMemberInput
    queryset = CareTeamMember.objects.none()
    noun = "care-team"

    def rows(self) -> QuerySet[CareTeamMember]:
        return CareTeamMember.objects.visible_to(self.request.user).select_related("therapist")

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> CareTeamMember:
        return services.join_care_team(patient=patient, by=by, **entries)

    def end(self, row: CareTeamMember, *, by: Any, **entries: Any) -> CareTeamMember:
        return services.leave_care_team(member=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=CareTeamMemberInput, responses={201: CareTeamMemberOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one therapist in care."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=CareTeamMemberOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)


@extend_schema(tags=["patients"])
class ConsentViewSet(OfPatientViewSet):
    """Consents."""

    serializer_class = ConsentOutput
    input_class = ConsentInput
    queryset = Consent.objects.none()
    noun = "consents"

    def rows(self) -> QuerySet[Consent]:
        return Consent.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> Consent:
        return services.record_consent(patient=patient, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=ConsentInput, responses={201: ConsentOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one answer."""
        return self._create(request)


@extend_schema(tags=["patients"])
class AllergyViewSet(OfPatientViewSet):
    """Allergies."""

    serializer_class = AllergyOutput
    input_class = AllergyInput
    queryset = Allergy.objects.none()
    noun = "allergies"
    reads = "reads_clinical"

    def rows(self) -> QuerySet[Allergy]:
        return Allergy.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> Allergy:
        return services.add_allergy(patient=patient, by=by, **entries)

    def end(self, row: Allergy, *, by: Any, **entries: Any) -> Allergy:
        return services.end_allergy(allergy=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=AllergyInput, responses={201: AllergyOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one allergy."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=AllergyOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)


@extend_schema(tags=["patients"])
class MedicineViewSet(OfPatientViewSet):
    """Medicines."""

    serializer_class = MedicineOutput
    input_class = MedicineInput
    queryset = Medicine.objects.none()
    noun = "medicines"
    reads = "reads_clinical"

    def rows(self) -> QuerySet[Medicine]:
        return Medicine.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> Medicine:
        return services.add_medicine(patient=patient, by=by, **entries)

    def end(self, row: Medicine, *, by: Any, **entries: Any) -> Medicine:
        return services.end_medicine(medicine=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=MedicineInput, responses={201: MedicineOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one medicine."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=MedicineOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)


@extend_schema(tags=["patients"])
class ConditionViewSet(OfPatientViewSet):
    """Conditions."""

    serializer_class = ConditionOutput
    input_class = ConditionInput
    queryset = Condition.objects.none()
    noun = "conditions"
    reads = "reads_clinical"

    def rows(self) -> QuerySet[Condition]:
        return Condition.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> Condition:
        return services.add_condition(patient=patient, by=by, **entries)

    def end(self, row: Condition, *, by: Any, **entries: Any) -> Condition:
        return services.end_condition(condition=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=ConditionInput, responses={201: ConditionOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one condition."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=ConditionOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)


@extend_schema(tags=["patients"])
class EarlierTreatmentViewSet(OfPatientViewSet):
    """Earlier treatments."""

    serializer_class = EarlierTreatmentOutput
    input_class = EarlierTreatmentInput
    queryset = EarlierTreatment.objects.none()
    noun = "earlier-treatments"
    reads = "reads_clinical"

    def rows(self) -> QuerySet[EarlierTreatment]:
        return EarlierTreatment.objects.visible_to(self.request.user)

    def add(self, *, patient: Patient, by: Any, **entries: Any) -> EarlierTreatment:
        return services.add_earlier_treatment(patient=patient, by=by, **entries)

    def end(self, row: EarlierTreatment, *, by: Any, **entries: Any) -> EarlierTreatment:
        return services.end_earlier_treatment(earlier_treatment=row, by=by, **entries)

    def list(self, request: Request, patient_id: str) -> Response:
        """The list, last changed first."""
        return self._list(request)

    @extend_schema(request=EarlierTreatmentInput, responses={201: EarlierTreatmentOutput})
    @idempotent
    def create(self, request: Request, patient_id: str) -> Response:
        """Add one earlier treatment."""
        return self._create(request)

    @extend_schema(request=EndInput, responses=EarlierTreatmentOutput)
    @action(detail=True, methods=["post"], url_path="end")
    def end_row(self, request: Request, patient_id: str, public_id: str) -> Response:
        """Say until when it held."""
        return self._end(request)
