"""API doors of staff: colleagues, yourself, your tokens."""

from typing import cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.core.api import UpdatedSinceMixin, idempotent
from clinic.core.errors import NotAllowed
from staff import services
from staff.models import ApiToken, User
from staff.serializers import ApiTokenInput, ApiTokenOutput, MeOutput, NewApiTokenOutput, StaffOutput, SupervisorInput
from staff.supervision import set_supervisor


@extend_schema(tags=["staff"])
class StaffViewSet(UpdatedSinceMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]):
    """Colleagues at your locations."""

    serializer_class = StaffOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        colleagues: QuerySet[User] = User.objects.visible_to(self.request.user)
        return colleagues.select_related("supervisor").prefetch_related("locations", "services")

    @extend_schema(request=SupervisorInput, responses=StaffOutput)
    @action(detail=True, methods=["post"])
    @idempotent
    def supervisor(self, request: Request, public_id: str) -> Response:
        """From now on this therapist's signed notes wait for the supervisor. Admins only."""
        therapist = self.get_object()
        asked = SupervisorInput(data=request.data)
        asked.is_valid(raise_exception=True)
        chosen = asked.validated_data["supervisor_id"]
        person = get_object_or_404(User.objects.visible_to(request.user), public_id=chosen) if chosen else None
        set_supervisor(therapist=therapist, supervisor=person, by=cast("User", request.user))
        return Response(StaffOutput(self.get_object()).data)


@extend_schema(tags=["staff"])
class MeView(APIView):
    """Whose credential this is."""

    @extend_schema(responses=MeOutput, operation_id="me_retrieve")
    def get(self, request: Request) -> Response:
        return Response(MeOutput(cast("User", request.user)).data)


@extend_schema(tags=["staff"])
class ApiTokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ApiToken]):
    """Your tokens. Making one needs a signed-in person: a token cannot breed tokens."""

    serializer_class = ApiTokenOutput
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.visible_to(self.request.user)

    @extend_schema(request=ApiTokenInput, responses={201: NewApiTokenOutput})
    def create(self, request: Request) -> Response:
        if isinstance(request.auth, ApiToken):
            raise NotAllowed()
        asked = ApiTokenInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row, token = services.create_api_token(**asked.validated_data, by=cast("User", request.user))
        row.token = token  # type: ignore[attr-defined]  # only for this answer
        return Response(NewApiTokenOutput(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: ApiTokenOutput})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, public_id: str) -> Response:
        row = self.get_object()
        services.revoke_api_token(token=row, by=cast("User", request.user))
        row.refresh_from_db()
        return Response(ApiTokenOutput(row).data)
