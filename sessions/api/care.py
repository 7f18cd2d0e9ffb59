"""A product's reason, the chaperone and consent by region, for scripts."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.api import idempotent
from sessions import services
from sessions.api.findings import OfSession, member
from sessions.care_serializers import (
    ChaperoneInput,
    ChaperoneOutput,
    ProductReasonInput,
    ProductReasonOutput,
    RegionConsentInput,
    RegionConsentOutput,
)
from sessions.models import Chaperone, ProductReason, RegionConsent


@extend_schema(tags=["sessions"])
class SessionProductViewSet(OfSession):
    """Reasons for a product that an allergy or a flag speaks against; at most one in a session."""

    queryset = ProductReason.objects.none()
    serializer_class = ProductReasonOutput

    def get_queryset(self) -> QuerySet[ProductReason]:
        return ProductReason.objects.visible_to(self.request.user).select_related("session")

    @extend_schema(request=ProductReasonInput, responses={201: ProductReasonOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Say why the note's product is used nevertheless; needed before it can be signed."""
        row = services.explain_product(session=self.session(), by=member(request), **self.checked(ProductReasonInput))
        return Response(ProductReasonOutput(row).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["sessions"])
class SessionChaperoneViewSet(OfSession):
    """The chaperone of a session; at most one entry."""

    queryset = Chaperone.objects.none()
    serializer_class = ChaperoneOutput

    def get_queryset(self) -> QuerySet[Chaperone]:
        return Chaperone.objects.visible_to(self.request.user).select_related("session")

    @extend_schema(request=ChaperoneInput, responses={201: ChaperoneOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Keep what came of offering one; again corrects it."""
        row = services.record_chaperone(session=self.session(), by=member(request), **self.checked(ChaperoneInput))
        return Response(ChaperoneOutput(row).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["sessions"])
class SessionRegionConsentViewSet(OfSession):
    """Consent for regions that were asked about."""

    queryset = RegionConsent.objects.none()
    serializer_class = RegionConsentOutput

    def get_queryset(self) -> QuerySet[RegionConsent]:
        return RegionConsent.objects.visible_to(self.request.user).select_related("session")

    @extend_schema(request=RegionConsentInput, responses={201: RegionConsentOutput})
    @idempotent
    def create(self, request: Request, session_id: uuid.UUID) -> Response:
        """Keep the answer for a region; again corrects it."""
        row = services.record_region_consent(
            session=self.session(), by=member(request), **self.checked(RegionConsentInput)
        )
        return Response(RegionConsentOutput(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, session_id: uuid.UUID, row_id: uuid.UUID) -> Response:
        """Take an answer back, while the session is a draft."""
        services.remove_region_consent(region_consent=self.get_object(), by=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
