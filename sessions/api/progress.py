"""What became of a patient's points and motions. Reading it is reading the patient."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.errors import NotAllowed
from patients.models import Patient
from patients.services import note_patient_read
from sessions.api.findings import member
from sessions.finding_serializers import LedgerLineOutput, ProgressOutput
from sessions.ledger import ledger_of
from sessions.models import TreatmentSession
from sessions.workspace import progress_of


@extend_schema(tags=["sessions"])
class ProgressViewSet(viewsets.GenericViewSet[Any]):
    """The findings of a session against what was known before."""

    serializer_class = ProgressOutput

    @extend_schema(operation_id="sessions_progress_retrieve", responses=ProgressOutput)
    def retrieve(self, request: Request, session_id: uuid.UUID) -> Response:
        """Points since the last time; motions against the other side, the norm and the last time."""
        seen = TreatmentSession.objects.visible_to(request.user).for_page()
        session = get_object_or_404(seen, public_id=session_id)
        note_patient_read(patient=session.patient, by=member(request), screen="session")
        return Response(ProgressOutput(progress_of(session=session, user=member(request))).data)


@extend_schema(tags=["sessions"])
class LedgerViewSet(viewsets.GenericViewSet[Any]):
    """The trigger points of a patient over time."""

    serializer_class = LedgerLineOutput

    @extend_schema(operation_id="trigger_point_ledger_list", responses=LedgerLineOutput(many=True))
    def list(self, request: Request, patient_id: uuid.UUID) -> Response:
        """Every point with its course, most active first. How many there are is no measure of anything."""
        if not member(request).reads_clinical:
            raise NotAllowed()
        patient = get_object_or_404(Patient.objects.visible_to(request.user), public_id=patient_id)
        note_patient_read(patient=patient, by=member(request), screen="sessions")
        lines = ledger_of(patient=patient, user=member(request))
        return Response({"next": None, "previous": None, "results": LedgerLineOutput(lines, many=True).data})
