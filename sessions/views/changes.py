"""What has changed since the last visit, asked by the therapist."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from clinic.core.errors import Invalid
from sessions import services
from sessions.asking import changes_form
from sessions.views.page import show_section
from sessions.views.reading import member, seen_session


@login_required
@require_POST
def record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep the answers to the five questions: asked, and looked at, by this therapist."""
    session = seen_session(request, public_id)
    form = changes_form(session, request.POST)
    if session.appointment is None or form is None:
        raise Http404
    if form.is_valid():
        try:
            services.record_changes(session=session, answers=form.entries(), by=member(request))
            return show_section(request, session, "changes", is_kept=True)
        except Invalid as refusal:
            form.refuse(refusal.fields)
    return show_section(request, session, "changes", status=422, changes_form=form)
