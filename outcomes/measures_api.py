"""API doors of measures: instruments, licences, what was answered and what it came to."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from outcomes import services
from outcomes.api import OfPatientViewSet
from outcomes.instruments import INSTRUMENTS
from outcomes.licensing import offer_of, offers
from outcomes.measure_serializers import (
    AttestLicenceInput,
    InstrumentOutput,
    LicenceAttestationOutput,
    MeasurementInput,
    MeasurementOutput,
)
from outcomes.models import LicenceAttestation, Measurement
from outcomes.serializers import PatientFilter
from patients.services import note_patient_read
from staff.models import User


@extend_schema(tags=["outcomes"])
class InstrumentViewSet(viewsets.ViewSet):
    """Measures: their rules, limits and sources, and whether they may be given today. The same for every member."""

    lookup_field = "key"
    lookup_value_regex = "[0-9a-z-]{1,40}"

    @extend_schema(responses=InstrumentOutput(many=True))
    def list(self, request: Request) -> Response:
        """All of them: a short, fixed list without pages."""
        return Response(InstrumentOutput(offers(timezone.now().date()), many=True).data)

    @extend_schema(parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH)], responses=InstrumentOutput)
    def retrieve(self, request: Request, key: str) -> Response:
        """One of them."""
        if key not in INSTRUMENTS:
            raise Http404
        return Response(InstrumentOutput(offer_of(INSTRUMENTS[key], timezone.now().date())).data)


@extend_schema(tags=["outcomes"])
class LicenceAttestationViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LicenceAttestation]
):
    """Who gave their word that a licensed instrument may be used. Administrators write, auditors read along."""

    serializer_class = LicenceAttestationOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = LicenceAttestation.objects.none()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not getattr(request.user, "reads_reports", False):
            raise NotAllowed()

    def get_queryset(self) -> QuerySet[LicenceAttestation]:
        return LicenceAttestation.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=AttestLicenceInput, responses={201: LicenceAttestationOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Attest that the clinic may use an instrument whose words belong to somebody else."""
        asked = AttestLicenceInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.attest_licence(**asked.validated_data, by=cast("User", request.user))
        return Response(LicenceAttestationOutput(row).data, status=201)

    @extend_schema(request=None, responses=LicenceAttestationOutput)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, public_id: str) -> Response:
        """Stop new use under it. Scores taken before stay."""
        row = services.withdraw_attestation(attestation=self.get_object(), by=cast("User", request.user))
        return Response(LicenceAttestationOutput(row).data)


@extend_schema_view(list=extend_schema(parameters=[PatientFilter]))
@extend_schema(tags=["outcomes"])
class MeasurementViewSet(mixins.RetrieveModelMixin, OfPatientViewSet):
    """What patients answered to instruments, and every version of what it came to."""

    serializer_class = MeasurementOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = Measurement.objects.none()
    screen = "measurements"

    def get_queryset(self) -> QuerySet[Measurement]:
        return Measurement.objects.visible_to(self.request.user).for_list()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        note_patient_read(patient=row.patient, by=cast("User", request.user), screen="measurement")
        return Response(MeasurementOutput(row).data)

    @extend_schema(request=MeasurementInput, responses={201: MeasurementOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Keep the answers; the server scores them."""
        asked = MeasurementInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        episode = asked.validated_data["episode"]
        by = cast("User", request.user)
        row = services.record_measurement(patient=episode.patient, episode=episode, sheet=asked.sheet(), by=by)
        return Response(MeasurementOutput(row).data, status=201)

    @extend_schema(request=None, responses=MeasurementOutput)
    @action(detail=True, methods=["post"])
    def rescore(self, request: Request, public_id: str) -> Response:
        """Score the kept answers by the present version of the instrument. Earlier scores stay."""
        row = services.rescore(measurement=self.get_object(), by=cast("User", request.user))
        return Response(MeasurementOutput(row).data)
