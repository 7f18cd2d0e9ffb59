"""The session page and its sections, as a whole page or as what htmx swaps in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import reswap, retarget, trigger_client_event

from sessions.asking import changes_form
from sessions.care_forms import ProductForm, presence_forms
from sessions.finding_forms import MotionForm
from sessions.forms import AddendumForm, NoteForm, TechniqueForm
from sessions.models import TreatmentSession
from sessions.snippets import snippets_for
from sessions.views.reading import colleagues, member
from sessions.workspace import Workspace, workspace_of
from sessions.writing_forms import RegionalPainForm


def show_page(request: HttpRequest, session: TreatmentSession, *, status: int = 200, **shown: Any) -> HttpResponse:
    """The whole page; `shown` replaces fresh forms by those that were refused."""
    desk = _desk(request, session)
    template = "sessions/session.html" if desk.is_editable else "sessions/session_read.html"
    if desk.is_editable:
        shown["snippets"] = snippets_for(member(request))
    return render(request, template, _context(request, desk, **shown), status=status)


def show_section(
    request: HttpRequest, session: TreatmentSession, name: str, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """After an act in one section: that section for htmx, the whole page or a way back to it otherwise."""
    if request.htmx:  # type: ignore[attr-defined]
        answer = render(
            request, f"sessions/_{name}.html", _context(request, _desk(request, session), **shown), status=status
        )
        # A finding may have confirmed what was carried over.
        trigger_client_event(answer, "session-changed", after="settle")
        return reswap(retarget(answer, f"#{name}"), "outerHTML")
    if status != 200:
        return show_page(request, session, status=status, **shown)
    return redirect(f"{session.get_absolute_url()}#{name}")


def show_carried(request: HttpRequest, session: TreatmentSession, **shown: Any) -> HttpResponse:
    """What is still to confirm, for a page that knows where it goes; a way back to it otherwise."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{session.get_absolute_url()}#carried")
    return render(request, "sessions/_carried.html", _context(request, _desk(request, session), **shown))


def close_dialog(answer: HttpResponse) -> HttpResponse:
    """What was asked in the dialog is done."""
    return trigger_client_event(answer, "dialog-close", after="swap")


def page_context(request: HttpRequest, session: TreatmentSession, **shown: Any) -> dict[str, Any]:
    """What a page about a session shows, for pages with a frame of their own."""
    return _context(request, _desk(request, session), **shown)


def _desk(request: HttpRequest, session: TreatmentSession) -> Workspace:
    return workspace_of(session=session, user=member(request), now=timezone.now())


def _context(request: HttpRequest, desk: Workspace, **shown: Any) -> dict[str, Any]:
    fresh: dict[str, Any] = {
        "note_form": NoteForm.of(desk.session),
        "motion_form": MotionForm(colleagues=colleagues(request)),
        "technique_form": TechniqueForm(),
        "pain_form": RegionalPainForm(),
        "addendum_form": AddendumForm(),
        "product": desk.product,
        "product_form": ProductForm(),
        "presence_forms": presence_forms(desk.presence.chaperone),
        "is_editable": desk.is_editable,
    }
    if desk.is_editable and desk.session.appointment and "changes_form" not in shown:
        fresh["changes_form"] = changes_form(desk.session)
    return {"desk": desk, "session": desk.session, "patient": desk.session.patient, **fresh, **shown}
