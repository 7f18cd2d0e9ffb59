"""Episodes and their plans for scripts."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import UpdatedSinceMixin, expected_version, idempotent
from clinic.core.errors import NotAllowed
from patients.models import Episode
from patients.services import note_patient_read
from questionnaires.queries import of_patient
from sessions import services
from sessions.api.findings import member
from sessions.goals import standing_of
from sessions.plan_serializers import (
    DischargeInput,
    EpisodeOutput,
    PlanInput,
    PlanOutput,
    RatingInput,
    RatingOutput,
)


@extend_schema(tags=["episodes"])
class EpisodeViewSet(
    UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Episode]
):
    """Episodes of care of the patients in your care."""

    queryset = Episode.objects.none()
    serializer_class = EpisodeOutput
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Episode]:
        if not member(self.request).reads_clinical:
            raise NotAllowed()
        seen: QuerySet[Episode] = Episode.objects.visible_to(self.request.user).select_related("patient", "condition")
        return of_patient(seen, self.request)

    @extend_schema(parameters=[OpenApiParameter("patient", OpenApiTypes.UUID, description="Episodes of this patient.")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Last changed first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=PlanOutput)
    @action(detail=True, methods=["get"])
    def plan(self, request: Request, public_id: uuid.UUID) -> Response:
        """The plan with the progress of each goal; leaves a trace in the patient's audit."""
        episode = self.get_object()
        note_patient_read(patient=episode.patient, by=member(request), screen="plan")
        return self._standing(episode)

    @extend_schema(request=PlanInput, responses=PlanOutput)
    @plan.mapping.put
    def save_plan(self, request: Request, public_id: uuid.UUID) -> Response:
        """Agree on the plan (`If-Match: "0"`) or change it. A new version; the one before is kept."""
        episode, number = self.get_object(), expected_version(request)
        asked = PlanInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.save_plan(episode=episode, expected_number=number, by=member(request), **asked.validated_data)
        return self._standing(episode)

    @extend_schema(request=RatingInput, responses={201: RatingOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def ratings(self, request: Request, public_id: uuid.UUID) -> Response:
        """Keep how near the patient says a goal is."""
        episode = self.get_object()
        asked = RatingInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.rate_goal(episode=episode, by=member(request), **asked.validated_data)
        return Response(RatingOutput(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DischargeInput, responses={201: PlanOutput})
    @action(detail=True, methods=["post"])
    @idempotent
    def discharge(self, request: Request, public_id: uuid.UUID) -> Response:
        """End the episode. Refused while a note of it waits for a signature."""
        episode = self.get_object()
        asked = DischargeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.discharge_episode(episode=episode, by=member(request), **asked.validated_data)
        return self._standing(self.get_object(), status=status.HTTP_201_CREATED)

    def _standing(self, episode: Episode, *, status: int = status.HTTP_200_OK) -> Response:
        standing = standing_of(episode=episode, user=member(self.request))
        etag = standing.plan.etag if standing.plan else '"0"'
        return Response(PlanOutput(standing).data, status=status, headers={"ETag": etag})
