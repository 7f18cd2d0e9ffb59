"""Unwanted effects for scripts: list, read with every version, report, correct, look at; and that somebody asked."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from outcomes.models import Survey
from patients.models import Patient
from patients.services import note_patient_read
from questionnaires.queries import of_patient
from sessions import services
from sessions.api.findings import OfSession, member
from sessions.event_log import history_of
from sessions.models import AdverseEvent, EffectCheck, TreatmentSession
from sessions.safety_serializers import (
    EffectCheckOutput,
    EventCorrectionInput,
    EventInput,
    EventOutput,
    EventSeenInput,
    EventSeenOutput,
    EventWithHistoryOutput,
)

_FILTERS = [
    OpenApiParameter("patient", OpenApiTypes.UUID, description="Events of this patient."),
    OpenApiParameter("serious", OpenApiTypes.BOOL, description="true: only serious ones."),
    OpenApiParameter("updated_since", OpenApiTypes.DATETIME, description="Corrected or reported since this instant."),
]


@extend_schema(tags=["adverse events"])
class AdverseEventViewSet(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[AdverseEvent]):
    """Unwanted effects after treatments, each as it stands now."""

    queryset = AdverseEvent.objects.none()
    serializer_class = EventOutput
    lookup_field = "event_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[AdverseEvent]:
        if not member(self.request).reads_clinical:
            raise NotAllowed()
        seen: QuerySet[Any] = AdverseEvent.objects.visible_to(self.request.user).current().for_list()
        if self.action == "list":
            seen = of_patient(seen, self.request)
        if self.action == "list" and self.request.query_params.get("serious") == "true":
            seen = seen.filter(is_serious=True)
        return seen

    @extend_schema(parameters=_FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Last changed first. Those entered in error are among them, marked `is_withdrawn`."""
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=EventWithHistoryOutput)
    def retrieve(self, request: Request, event_id: uuid.UUID) -> Response:
        """The event with every version; leaves a trace in the patient's audit."""
        event = self.get_object()
        note_patient_read(patient=event.patient, by=member(request), screen="adverse event")
        return Response(_with_history(event))

    @extend_schema(request=EventInput, responses={201: EventOutput})
    @idempotent
    def create(self, request: Request) -> Response:
        """Report an effect. A fracture and a nerve injury are serious whatever else is said."""
        asked = EventInput(data=request.data)
        asked.is_valid(raise_exception=True)
        named = asked.validated_data
        patient = get_object_or_404(Patient.objects.visible_to(request.user), public_id=named["patient_id"])
        sessions = TreatmentSession.objects.visible_to(request.user).filter(patient=patient).for_page()
        surveys = Survey.objects.visible_to(request.user).filter(patient=patient)
        event = services.record_adverse_event(
            patient=patient,
            entries=asked.entries,
            by=member(request),
            session=_named(sessions, named.get("session_id")),
            survey=_named(surveys, named.get("survey_id")),
            asked_in=_named(sessions, named.get("asked_in_session_id")),
        )
        return Response(EventOutput(event).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EventCorrectionInput, responses={201: EventOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def corrections(self, request: Request, event_id: uuid.UUID) -> Response:
        """Say it again otherwise. 412 when the version you read is no longer the last."""
        asked = EventCorrectionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = AdverseEvent.objects.visible_to(request.user).for_list().filter(event_id=event_id)
        event = services.correct_adverse_event(
            event=get_object_or_404(seen, number=asked.validated_data["number"]),
            entries=asked.entries,
            reason=asked.validated_data["reason"],
            is_withdrawn=asked.validated_data["is_withdrawn"],
            by=member(request),
        )
        return Response(EventOutput(event).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EventSeenInput, responses={201: EventSeenOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def seen(self, request: Request, event_id: uuid.UUID) -> Response:
        """A clinical lead has looked at a serious event: its alarm ends."""
        asked = EventSeenInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.acknowledge_adverse_event(event=self.get_object(), by=member(request), **asked.validated_data)
        return Response(EventSeenOutput(row).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["adverse events"])
class SessionEffectCheckViewSet(OfSession):
    """That the patient was asked in this session about effects of the one before; the newest counts."""

    queryset = EffectCheck.objects.none()
    serializer_class = EffectCheckOutput

    def get_queryset(self) -> QuerySet[EffectCheck]:
        seen = EffectCheck.objects.visible_to(self.request.user)
        return seen.select_related("asked_about", "event", "by")

    @extend_schema(request=None, responses={201: EffectCheckOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Keep that the answer was no. A yes is a report to `/adverse-events/` with `asked_in_session_id`."""
        row = services.record_no_effect(session=self.session(), by=member(request))
        return Response(EffectCheckOutput(row).data, status=status.HTTP_201_CREATED)


def _named(seen: QuerySet[Any], public_id: uuid.UUID | None) -> Any:
    return get_object_or_404(seen, public_id=public_id) if public_id else None


def _with_history(event: AdverseEvent) -> dict[str, Any]:
    versions = history_of(event)
    for version in versions:
        # The session and the patient are the same in every version.
        version.patient, version.session, version.survey = event.patient, event.session, event.survey
    looked = [one for version in versions for one in version.seen.all()]
    return {
        **EventOutput(event).data,
        "seen": EventSeenOutput(looked, many=True).data,
        "versions": EventOutput(versions, many=True).data,
    }
