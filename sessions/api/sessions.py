"""Sessions: list, read, start, write, sign."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import PdfFile, UpdatedSinceMixin, expected_version, idempotent
from clinic.core.errors import Invalid
from clinic.core.http import pdf_file
from patients.services import note_patient_read
from questionnaires.serializers import AnswersInput
from scheduling.models import Appointment
from screening.serializers import ChangeCheckOutput
from sessions import services
from sessions.models import SessionState, TreatmentSession
from sessions.printed_note import print_note
from sessions.serializers import NoteInput, SessionOutput, SessionSummary, StartSessionInput
from staff.models import User

_FILTERS = [
    OpenApiParameter("patient", OpenApiTypes.UUID, description="Sessions of this patient."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=list(SessionState.values), description="Only this state."),
    OpenApiParameter("updated_since", OpenApiTypes.DATETIME, description="Changed at or after this instant."),
]
_IF_MATCH = OpenApiParameter("If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag you signed.")


@extend_schema(tags=["sessions"])
class SessionViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[TreatmentSession]):
    """Treatment sessions of the patients in your care."""

    queryset = TreatmentSession.objects.none()
    serializer_class = SessionSummary
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[TreatmentSession]:
        seen = TreatmentSession.objects.visible_to(self.request.user).for_page()
        if self.action != "list":
            return cast("QuerySet[TreatmentSession]", seen)
        return _filtered(seen, self.request)

    @extend_schema(parameters=_FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=SessionOutput)
    def retrieve(self, request: Request, public_id: uuid.UUID) -> Response:
        """The whole session; leaves a trace in the patient's audit."""
        session = self.get_object()
        note_patient_read(patient=session.patient, by=_member(request), screen="session")
        return _answer(session)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, PdfFile])
    def pdf(self, request: Request, public_id: uuid.UUID) -> HttpResponse:
        """The whole note as PDF, a draft marked as one; leaves a trace in the patient's audit."""
        session = self.get_object()
        note_patient_read(patient=session.patient, by=_member(request), screen="session_pdf")
        content = print_note(session=session, user=_member(request), now=timezone.now())
        return pdf_file(content, name=f"session-{session.public_id}")

    @extend_schema(request=StartSessionInput, responses={201: SessionOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Start the session of an arrived appointment. Starting it twice gives the same session."""
        asked = StartSessionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        visits = Appointment.objects.visible_to(request.user)
        visit = get_object_or_404(visits, public_id=asked.validated_data["appointment_id"])
        session = services.start_session(appointment=visit, by=_member(request))
        return _answer(session, status=status.HTTP_201_CREATED)

    @extend_schema(request=NoteInput, responses=SessionOutput)
    def partial_update(self, request: Request, public_id: uuid.UUID) -> Response:
        """Save parts of the note. Only its author, while it is a draft."""
        session = self.get_object()
        version = expected_version(request)
        asked = NoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = services.save_note(
            session=session, changes=asked.validated_data, expected_version=version, by=_member(request)
        )
        return _answer(saved)

    @extend_schema(request=AnswersInput, responses={201: ChangeCheckOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def changes(self, request: Request, public_id: uuid.UUID) -> Response:
        """Keep the answers to the five questions, asked in person: answered and looked at by you."""
        session = self.get_object()
        asked = AnswersInput(data=request.data)
        asked.is_valid(raise_exception=True)
        check = services.record_changes(session=session, answers=asked.validated_data["answers"], by=_member(request))
        return Response(ChangeCheckOutput(check).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=SessionOutput)
    @action(detail=True, methods=["post"], url_path="copy-forward")
    @idempotent
    def copy_forward(self, request: Request, public_id: uuid.UUID) -> Response:
        """Carry the last signed session into the draft: what has no words or techniques yet, and points to examine.
        Each piece is `unconfirmed` until it is written anew, confirmed or dropped; until then no signature."""
        services.copy_forward(session=self.get_object(), by=_member(request))
        return _answer(self.get_object())

    @extend_schema(request=None, responses=SessionOutput, parameters=[_IF_MATCH])
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, public_id: uuid.UUID) -> Response:
        """Freeze the note and its findings. With If-Match only if nothing was saved since you read it."""
        session = self.get_object()
        if "If-Match" in request.headers:
            session.expect_version(expected_version(request))
        return _answer(services.sign_session(session=session, by=_member(request)))


def _filtered(seen: Any, request: Request) -> QuerySet[TreatmentSession]:
    patient, state = request.query_params.get("patient"), request.query_params.get("state")
    if patient:
        try:
            seen = seen.filter(patient__public_id=uuid.UUID(patient))
        except ValueError:
            raise Invalid(fields={"patient": "Use the patient's id."}) from None
    if state:
        if state not in SessionState.values:
            raise Invalid(fields={"state": "draft or signed."})
        seen = seen.filter(state=state)
    return cast("QuerySet[TreatmentSession]", seen)


def _answer(session: TreatmentSession, *, status: int = status.HTTP_200_OK) -> Response:
    # However much was found, the same number of questions.
    prefetch_related_objects(
        [session],
        "point_observations__trigger_point",
        "point_observations__rater",
        "motions__rater",
        "techniques",
        "addenda__author",
    )
    return Response(SessionOutput(session).data, status=status, headers={"ETag": session.etag})


def _member(request: Request) -> User:
    return cast("User", request.user)
