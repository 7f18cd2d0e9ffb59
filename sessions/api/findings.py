"""What hangs on a session: trigger points, motions, techniques, addenda."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import KeysetPagination, UpdatedSinceMixin, idempotent
from patients.services import note_patient_read
from sessions import services
from sessions.finding_serializers import MotionInput, MotionOutput, TriggerPointInput, TriggerPointOutput
from sessions.models import (
    Addendum,
    RangeOfMotion,
    TechniqueUse,
    TreatmentSession,
    TriggerPoint,
    TriggerPointObservation,
)
from sessions.serializers import AddendumInput, AddendumOutput, TechniqueInput, TechniqueOutput
from staff.models import User


class OfSession(UpdatedSinceMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """The rows of one session; reading them is reading the patient."""

    lookup_field = "public_id"
    lookup_url_kwarg = "row_id"
    pagination_class = KeysetPagination

    def session(self) -> TreatmentSession:
        seen = TreatmentSession.objects.visible_to(self.request.user).for_page()
        session: TreatmentSession = get_object_or_404(seen, public_id=self.kwargs["session_id"])
        return session

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        note_patient_read(patient=self.session().patient, by=member(request), screen="session")
        return super().list(request, *args, **kwargs)

    def checked(self, serializer: Any) -> dict[str, Any]:
        """The body, parsed; 400 when it has another shape."""
        asked = serializer(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().filter_queryset(queryset).filter(session__public_id=self.kwargs["session_id"])


def member(request: Request) -> User:
    """The member asking; every API door has made sure there is one."""
    return cast("User", request.user)


@extend_schema(tags=["sessions"])
class SessionTriggerPointViewSet(OfSession):
    """Trigger points as they were found in a session."""

    queryset = TriggerPointObservation.objects.none()
    serializer_class = TriggerPointOutput

    def get_queryset(self) -> QuerySet[TriggerPointObservation]:
        seen = TriggerPointObservation.objects.visible_to(self.request.user)
        return seen.select_related("trigger_point", "session", "rater")

    @extend_schema(request=TriggerPointInput, responses={201: TriggerPointOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Record how a point was found; the same point again corrects it."""
        session = self.session()
        asked = self.checked(TriggerPointInput)
        point_id = asked.pop("trigger_point_id", None)
        if point_id is not None:
            points = TriggerPoint.objects.visible_to(request.user).filter(patient=session.patient)
            asked["trigger_point"] = get_object_or_404(points, public_id=point_id)
        row = services.record_trigger_point(session=session, by=member(request), **asked)
        return Response(TriggerPointOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """Take a finding back, while the session is a draft."""
        services.remove_trigger_point(observation=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["sessions"])
class SessionMotionViewSet(OfSession):
    """Motions measured in a session."""

    queryset = RangeOfMotion.objects.none()
    serializer_class = MotionOutput

    def get_queryset(self) -> QuerySet[RangeOfMotion]:
        return RangeOfMotion.objects.visible_to(self.request.user).select_related("session", "rater")

    @extend_schema(request=MotionInput, responses={201: MotionOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Record a motion; the same motion, side and mode again corrects it."""
        row = services.record_motion(session=self.session(), by=member(request), **self.checked(MotionInput))
        return Response(MotionOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """Take a measurement back, while the session is a draft."""
        services.remove_motion(motion=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["sessions"])
class SessionTechniqueViewSet(OfSession):
    """Techniques given in a session."""

    queryset = TechniqueUse.objects.none()
    serializer_class = TechniqueOutput

    def get_queryset(self) -> QuerySet[TechniqueUse]:
        return TechniqueUse.objects.visible_to(self.request.user).select_related("session")

    @extend_schema(request=TechniqueInput, responses={201: TechniqueOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Record minutes of a technique on a region."""
        row = services.record_technique(session=self.session(), by=member(request), **self.checked(TechniqueInput))
        return Response(TechniqueOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """Take a technique back, while the session is a draft."""
        services.remove_technique(technique_use=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["sessions"])
class SessionAddendumViewSet(OfSession):
    """Dated additions to a signed session."""

    queryset = Addendum.objects.none()
    serializer_class = AddendumOutput

    def get_queryset(self) -> QuerySet[Addendum]:
        return Addendum.objects.visible_to(self.request.user).select_related("author")

    @extend_schema(request=AddendumInput, responses={201: AddendumOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Add to a signed session. It can never be changed."""
        row = services.add_addendum(session=self.session(), by=member(request), **self.checked(AddendumInput))
        return Response(AddendumOutput(row).data, status=status.HTTP_201_CREATED)
