"""Screening for scripts."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.core.api import PdfFile, UpdatedSinceMixin, idempotent
from clinic.core.errors import Invalid, NotAllowed
from clinic.core.http import pdf_file
from patients.models import Patient
from patients.services import note_patient_read
from questionnaires.models import QuestionnaireResponse
from questionnaires.queries import of_patient, parse_id
from questionnaires.serializers import AnswersInput, ResponseOutput
from screening import services
from screening.changes import CHANGES
from screening.letters import print_letter
from screening.models import CallIn, ClearanceRequest, Evaluation, Flag
from screening.serializers import (
    AcknowledgeInput,
    CallInOutput,
    CallOutcomeInput,
    ClearanceRequestInput,
    ClearanceRequestOutput,
    ClearFlagInput,
    EvaluationOutput,
    FlagOutput,
    IntakeRequestOutput,
    LightOutput,
    OfPatientInput,
    RefusalInput,
)

_MOST_LIGHTS = 100
_OF_PATIENT = OpenApiParameter("patient", str, description="Only this patient's.")


@extend_schema(tags=["screening"])
class FlagViewSet(UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Flag]):
    """Contraindications of the patients in this therapist's care."""

    lookup_field = "public_id"
    queryset = Flag.objects.none()
    serializer_class = FlagOutput

    def get_queryset(self) -> QuerySet[Flag]:
        if not getattr(self.request.user, "reads_clinical", False):
            raise NotAllowed()
        rows = of_patient(Flag.objects.visible_to(self.request.user), self.request)
        if self.request.query_params.get("standing") == "true":
            rows = rows.standing()  # type: ignore[attr-defined]
        return rows.select_related("patient", "evaluation", "closed_by", "acknowledged_by", "clearance")

    @extend_schema(
        parameters=[_OF_PATIENT, OpenApiParameter("standing", bool, description="true: only those that count now.")]
    )
    def list(self, request: Request) -> Response:
        """Newest change first."""
        return super().list(request)

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One flag; reading it is noted in the audit trail."""
        flag = self.get_object()
        note_patient_read(patient=flag.patient, by=request.user, screen="flag")  # type: ignore[arg-type]
        return Response(FlagOutput(flag).data)

    @extend_schema(request=ClearFlagInput, responses=FlagOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def clear(self, request: Request, public_id: str) -> Response:
        """Lift a flag for a reason."""
        flag = self.get_object()
        asked = ClearFlagInput(data=request.data)
        asked.is_valid(raise_exception=True)
        cleared = services.clear_flag(flag=flag, by=request.user, **asked.entries)
        return Response(FlagOutput(cleared).data)

    @extend_schema(request=AcknowledgeInput, responses=FlagOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def acknowledge(self, request: Request, public_id: str) -> Response:
        """Say that the flag was read and will be kept to. It stands as before."""
        flag = self.get_object()
        asked = AcknowledgeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        read = services.acknowledge_flag(flag=flag, by=request.user, **asked.validated_data)
        return Response(FlagOutput(read).data)

    @extend_schema(request=None, responses=FlagOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def reopen(self, request: Request, public_id: str) -> Response:
        """Take a clearance back: the flag stands again, as a new row."""
        again = services.reopen_flag(flag=self.get_object(), by=request.user)
        return Response(FlagOutput(again).data)


@extend_schema(tags=["screening"])
class ClearanceRequestViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ClearanceRequest]
):
    """Letters that ask a clinician whether a patient may be treated despite flags. Clearing the flags answers them."""

    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = ClearanceRequest.objects.none()
    serializer_class = ClearanceRequestOutput

    def get_queryset(self) -> QuerySet[ClearanceRequest]:
        if not getattr(self.request.user, "reads_clinical", False):
            raise NotAllowed()
        return of_patient(ClearanceRequest.objects.visible_to(self.request.user).for_review(), self.request)

    @extend_schema(parameters=[_OF_PATIENT])
    def list(self, request: Request) -> Response:
        """Newest change first."""
        return super().list(request)

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One request; reading it is noted in the audit trail."""
        asked = self.get_object()
        note_patient_read(patient=asked.patient, by=request.user, screen="clearance_request")  # type: ignore[arg-type]
        return Response(ClearanceRequestOutput(asked).data)

    @extend_schema(request=ClearanceRequestInput, responses={201: ClearanceRequestOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Write the letter. The same letter asked for twice is one letter."""
        asked = ClearanceRequestInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        made = services.request_clearance(by=request.user, **asked.validated_data)
        return Response(ClearanceRequestOutput(made).data, status=201)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, PdfFile])
    def letter(self, request: Request, public_id: str) -> HttpResponse:
        """The letter as PDF; reading it is noted in the audit trail."""
        asked = self.get_object()
        note_patient_read(patient=asked.patient, by=request.user, screen="clearance_letter")  # type: ignore[arg-type]
        return pdf_file(print_letter(asked), name=f"clearance-request-{asked.reference}")

    @extend_schema(request=None, responses=ClearanceRequestOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def withdraw(self, request: Request, public_id: str) -> Response:
        """Wait for an answer no longer."""
        services.withdraw_clearance_request(request=self.get_object(), by=request.user)
        return Response(ClearanceRequestOutput(self.get_object()).data)

    @extend_schema(request=RefusalInput, responses=ClearanceRequestOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def refusal(self, request: Request, public_id: str) -> Response:
        """Note an answer that grants nothing; the flags stand as before."""
        asked = RefusalInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.record_refusal(request=self.get_object(), by=request.user, **asked.validated_data)
        return Response(ClearanceRequestOutput(self.get_object()).data)


@extend_schema(tags=["screening"])
class EvaluationViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Evaluation]
):
    """Runs of the rules."""

    lookup_field = "public_id"
    queryset = Evaluation.objects.none()
    serializer_class = EvaluationOutput

    def get_queryset(self) -> QuerySet[Evaluation]:
        if not getattr(self.request.user, "reads_clinical", False):
            raise NotAllowed()
        rows = Evaluation.objects.visible_to(self.request.user)
        return of_patient(rows, self.request).select_related("patient", "response")

    @extend_schema(parameters=[_OF_PATIENT])
    def list(self, request: Request) -> Response:
        """Newest first."""
        return super().list(request)

    def retrieve(self, request: Request, public_id: str) -> Response:
        """One run; reading it is noted in the audit trail."""
        evaluation = self.get_object()
        note_patient_read(patient=evaluation.patient, by=request.user, screen="evaluation")  # type: ignore[arg-type]
        return Response(EvaluationOutput(evaluation).data)

    @extend_schema(request=OfPatientInput, responses={201: EvaluationOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Run the rules over everything known now."""
        asked = OfPatientInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        evaluation = services.screen(patient=asked.validated_data["patient"], by=request.user)
        return Response(EvaluationOutput(evaluation).data, status=201)


@extend_schema(tags=["screening"])
class IntakeRequestViewSet(viewsets.ViewSet):
    """Asking patients to fill in the intake."""

    @extend_schema(request=OfPatientInput, responses={201: IntakeRequestOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Send the link. Earlier links of the same intake stop working."""
        asked = OfPatientInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        link = services.request_intake(patient=asked.validated_data["patient"], by=request.user)
        return Response(IntakeRequestOutput(link).data, status=201)


@extend_schema(tags=["screening"])
class CallInViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[CallIn]):
    """Patients a therapist wants called in. Nothing clinical is in it."""

    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = CallIn.objects.none()
    serializer_class = CallInOutput

    def get_queryset(self) -> QuerySet[CallIn]:
        rows = of_patient(CallIn.objects.visible_to(self.request.user), self.request)
        return rows.select_related("patient", "asked_by", "done_by")

    @extend_schema(parameters=[_OF_PATIENT])
    def list(self, request: Request) -> Response:
        """Newest change first."""
        return super().list(request)

    @extend_schema(request=OfPatientInput, responses={201: CallInOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Put a patient on the desk's list of whom to call."""
        asked = OfPatientInput(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        call = services.call_in(patient=asked.validated_data["patient"], by=request.user)
        return Response(CallInOutput(call).data, status=201)

    @extend_schema(request=CallOutcomeInput, responses=CallInOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def done(self, request: Request, public_id: str) -> Response:
        """Note what came of the call."""
        asked = CallOutcomeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        call = services.note_call(call=self.get_object(), by=request.user, **asked.validated_data)
        return Response(CallInOutput(call).data)


@extend_schema(tags=["screening"])
class LightViewSet(viewsets.ViewSet):
    """The desk's traffic light."""

    @extend_schema(
        parameters=[OpenApiParameter("patient", str, many=True, required=True, description="Up to 100 ids.")],
        responses=LightOutput(many=True),
    )
    def list(self, request: Request) -> Response:
        """The colour of each patient asked for that this member sees, and nothing clinical."""
        asked = [parse_id(text, field="patient") for text in request.query_params.getlist("patient")]
        if not 0 < len(asked) <= _MOST_LIGHTS:
            raise Invalid(fields={"patient": f"Name 1 to {_MOST_LIGHTS} patients."})
        seen = dict(Patient.objects.visible_to(request.user).filter(public_id__in=asked).values_list("pk", "public_id"))
        found = services.lights(seen)
        rows = [{"patient_id": public_id, "light": found[pk]} for pk, public_id in seen.items()]
        return Response(LightOutput(rows, many=True).data)


class _ResponseView(APIView):
    def response_of(self, request: Request, public_id: uuid.UUID) -> QuestionnaireResponse:
        """The response, if this member may fill it in."""
        if not getattr(request.user, "writes_clinical", False):
            raise NotAllowed()
        rows: Any = QuestionnaireResponse.objects.visible_to(request.user).select_related("patient", "questionnaire")
        response: QuestionnaireResponse = get_object_or_404(rows, public_id=public_id)
        if response.questionnaire.key == CHANGES:
            raise Invalid(fields={"questionnaire": "Record what has changed in the session it is asked for."})
        return response


class AnswersView(_ResponseView):
    """Answers given in the room, page by page."""

    @extend_schema(tags=["questionnaires"], request=AnswersInput, responses=ResponseOutput)
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Keep some answers. A warning sign is flagged at once."""
        response = self.response_of(request, public_id)
        asked = AnswersInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.save_intake_page(response=response, answers=asked.validated_data["answers"], by=request.user)  # type: ignore[arg-type]
        response.refresh_from_db()
        return Response(ResponseOutput(response).data)


class SubmitView(_ResponseView):
    """The end of a form."""

    @extend_schema(tags=["questionnaires"], request=None, responses=EvaluationOutput)
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Freeze the answers and run the rules."""
        response = self.response_of(request, public_id)
        evaluation = services.submit_intake(response=response, by=request.user)  # type: ignore[arg-type]
        return Response(EvaluationOutput(evaluation).data)
