"""Starting a note from the last session, and confirming what was carried over."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from sessions import services
from sessions.models import CarriedValue
from sessions.views.page import show_carried
from sessions.views.reading import member, seen_session


@login_required
@require_POST
def copy_forward(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Carry the last session into this draft; the whole page shows what came."""
    session = seen_session(request, public_id)
    services.copy_forward(session=session, by=member(request))
    return redirect(f"{session.get_absolute_url()}#carried")


@login_required
@require_safe
def unconfirmed(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is still to confirm, after something else on the page has changed."""
    return show_carried(request, seen_session(request, public_id))


@login_required
@require_POST
def confirm(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """It is still so."""
    session = seen_session(request, public_id)
    carried = _carried(request, session.pk, row_id)
    services.confirm_carried(carried=carried, by=member(request))
    return show_carried(request, session, settled=carried.kind)


@login_required
@require_POST
def drop(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """It is not so today."""
    session = seen_session(request, public_id)
    carried = _carried(request, session.pk, row_id)
    services.drop_carried(carried=carried, by=member(request))
    return show_carried(request, seen_session(request, public_id), settled=carried.kind)


def _carried(request: HttpRequest, session: int, row_id: uuid.UUID) -> CarriedValue:
    seen = CarriedValue.objects.visible_to(request.user).filter(session=session).select_related("session")
    row: CarriedValue = get_object_or_404(seen, public_id=row_id)
    return row
