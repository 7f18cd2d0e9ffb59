"""A therapist's own short texts."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import Invalid, NotAllowed
from sessions import services
from sessions.forms import show_refusal
from sessions.models import Snippet
from sessions.snippets import OfferedSnippet, snippets_for
from sessions.views.reading import member
from sessions.writing_forms import SnippetForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def snippets(request: HttpRequest) -> HttpResponse:
    """The texts a member can bring into a note, and a form that keeps one more or replaces one."""
    user = member(request)
    if not user.writes_clinical:
        raise NotAllowed()
    offered = snippets_for(user)
    form = SnippetForm(request.POST) if request.method == "POST" else _form(request, offered)
    if request.method == "POST" and form.is_valid():
        try:
            services.keep_snippet(**form.cleaned_data, by=user)
            return redirect("sessions:snippets")
        except Invalid as refusal:
            show_refusal(form, refusal)
    shown = {"form": form, "snippets": offered}
    return render(request, "sessions/snippets.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Forget a text."""
    user = member(request)
    row = get_object_or_404(Snippet.objects.visible_to(request.user), public_id=public_id)
    services.remove_snippet(snippet=row, by=user)
    return redirect("sessions:snippets")


def _form(request: HttpRequest, offered: list[OfferedSnippet]) -> SnippetForm:
    """Empty, or with the text that is to be changed."""
    asked = request.GET.get("change", "")
    chosen = next((one for one in offered if one.shortcut == asked), None)
    return SnippetForm(initial={"shortcut": chosen.shortcut, "text": chosen.text} if chosen else None)
