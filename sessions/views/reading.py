"""What every session page starts with: may this person be here, and which rows are theirs to see."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from clinic.core.errors import NotAllowed
from sessions.models import TreatmentSession
from staff.models import User


def member(request: HttpRequest) -> User:
    """The signed-in member. Raises NotAllowed unless their role reads clinical records."""
    user = request.user
    if not isinstance(user, User) or not user.reads_clinical:
        raise NotAllowed()
    return user


def colleagues(request: HttpRequest) -> QuerySet[User]:
    """The therapists who may have examined in the member's stead."""
    others: QuerySet[User] = User.objects.visible_to(request.user).therapists().exclude(pk=request.user.pk)
    return others


def seen_session(request: HttpRequest, public_id: uuid.UUID) -> TreatmentSession:
    """A session of a patient in the member's care, or 404."""
    member(request)
    session: TreatmentSession = get_object_or_404(
        TreatmentSession.objects.visible_to(request.user).for_page(), public_id=public_id
    )
    return session


def readable_id(text: str) -> uuid.UUID:
    """An id that names nothing stands for one that cannot be read."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)
