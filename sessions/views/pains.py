"""Pain by region, before and after."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Invalid
from sessions import services
from sessions.forms import show_refusal
from sessions.models import RegionalPain, TreatmentSession
from sessions.views.page import show_page, show_section
from sessions.views.reading import member, seen_session
from sessions.writing_forms import RegionalPainForm


@login_required
@require_POST
def add(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record how much a part of the body hurts, or correct it."""
    session = seen_session(request, public_id)
    form = RegionalPainForm(request.POST)
    if form.is_valid():
        try:
            services.record_regional_pain(session=session, by=member(request), **form.cleaned_data)
            return show_section(request, session, "pains")
        except Invalid as refusal:
            show_refusal(form, refusal)
    return show_section(request, session, "pains", status=422, pain_form=form)


@login_required
@require_safe
def change(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """The form with an entry in it."""
    session = seen_session(request, public_id)
    form = RegionalPainForm.of(_pain(request, session, row_id))
    if not request.htmx:  # type: ignore[attr-defined]
        return show_page(request, session, pain_form=form)
    return show_section(request, session, "pains", pain_form=form)


@login_required
@require_POST
def remove(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """Take back an entry."""
    session = seen_session(request, public_id)
    services.remove_regional_pain(pain=_pain(request, session, row_id), by=member(request))
    return show_section(request, session, "pains")


def _pain(request: HttpRequest, session: TreatmentSession, row_id: uuid.UUID) -> RegionalPain:
    seen = RegionalPain.objects.visible_to(request.user).filter(session=session).select_related("session")
    row: RegionalPain = get_object_or_404(seen, public_id=row_id)
    return row
