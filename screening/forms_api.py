"""A clinic's own forms for scripts. Here and not with the forms, because the rules have a say."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.core.api import StrictSerializer, idempotent
from questionnaires.models import Questionnaire
from questionnaires.serializers import QuestionnaireDetailOutput, QuestionnaireOutput
from questionnaires.services.publishing import discard_draft
from screening import services


class DraftInput(StrictSerializer):
    """A FHIR R4 Questionnaire. Its `name` is the form's key."""

    definition = serializers.DictField()


def _found(request: Request, public_id: uuid.UUID) -> Questionnaire:
    rows: Any = Questionnaire.objects.visible_to(request.user)
    found: Questionnaire = get_object_or_404(rows, public_id=public_id)
    return found


class DraftsView(APIView):
    """Importing."""

    @extend_schema(tags=["questionnaires"], request=DraftInput, responses={201: QuestionnaireDetailOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        """Keep a form as a draft. Everything that is wrong is named by its path."""
        asked = DraftInput(data=request.data)
        asked.is_valid(raise_exception=True)
        draft = services.import_form(definition=asked.validated_data["definition"], by=request.user)  # type: ignore[arg-type]
        return Response(QuestionnaireDetailOutput(draft).data, status=201)


class DraftView(APIView):
    """A draft."""

    @extend_schema(tags=["questionnaires"], responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Throw a draft away."""
        discard_draft(questionnaire=_found(request, public_id), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class PublishView(APIView):
    """Putting in use."""

    @extend_schema(tags=["questionnaires"], request=None, responses=QuestionnaireOutput)
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Ask this version from now on; one that was in use before comes back as a new version."""
        in_use = services.put_in_use(questionnaire=_found(request, public_id), by=request.user)  # type: ignore[arg-type]
        return Response(QuestionnaireOutput(in_use).data)


class RetireView(APIView):
    """Putting out of use."""

    @extend_schema(tags=["questionnaires"], request=None, responses=QuestionnaireOutput)
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Ask this form no more."""
        retired = services.retire_form(questionnaire=_found(request, public_id), by=request.user)  # type: ignore[arg-type]
        return Response(QuestionnaireOutput(retired).data)
