"""Reading, writing, signing a note, and adding to a signed one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Changed, ClinicError
from clinic.core.http import pdf_file
from patients.services import note_patient_read
from sessions import services
from sessions.care_forms import ProductForm
from sessions.carried import carried_lines
from sessions.content import NOTE_FIELDS
from sessions.errors import Incomplete, ProductAllergy, ScreeningBlocks, TreatmentBarred, Unconfirmed
from sessions.forms import AddendumForm, NoteForm
from sessions.models import TreatmentSession
from sessions.printed_note import print_note
from sessions.products import product_warning
from sessions.treatments import treatments_in, verdict_on
from sessions.views.page import show_page, show_section
from sessions.views.reading import member, seen_session
from sessions.workspace import requirements_of


@login_required
@require_safe
def session(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The workspace of a draft, or the signed note."""
    row = seen_session(request, public_id)
    note_patient_read(patient=row.patient, by=member(request), screen="session")
    return show_page(request, row)


@login_required
@require_safe
def printed(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The note as PDF. Reading it is noted."""
    row = seen_session(request, public_id)
    note_patient_read(patient=row.patient, by=member(request), screen="session_pdf")
    content = print_note(session=row, user=member(request), now=timezone.now())
    return pdf_file(content, name=f"session-{row.public_id}")


@login_required
@require_POST
def save(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save the note as it stands on the page."""
    row = seen_session(request, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return show_section(request, row, "note", status=422, note_form=form)
    version = form.cleaned_data["version"]
    try:
        row = services.save_note(session=row, changes=form.changes, expected_version=version, by=member(request))
    except Changed:
        return _show_both(request, public_id, form)
    return _saved(request, row)


@login_required
@require_POST
def sign(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save the note as it stands on the page and sign it."""
    row = seen_session(request, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return show_page(request, row, status=422, note_form=form)
    version = form.cleaned_data["version"]
    try:
        services.sign_session(session=row, changes=form.changes, expected_version=version, by=member(request))
    except Changed:
        return _show_both(request, public_id, form)
    except (Incomplete, ProductAllergy, ScreeningBlocks, TreatmentBarred, Unconfirmed) as refusal:
        return show_page(request, row, status=refusal.http_status, note_form=form, **_unsigned(refusal))
    return redirect(row)


@login_required
@require_POST
def add_addendum(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Add to a signed note."""
    row = seen_session(request, public_id)
    form = AddendumForm(request.POST)
    if not form.is_valid():
        return show_section(request, row, "addenda", status=422, addendum_form=form)
    services.add_addendum(session=row, text=form.cleaned_data["text"], by=member(request))
    return show_section(request, row, "addenda")


def _saved(request: HttpRequest, row: TreatmentSession) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(row)
    now = timezone.now()
    verdict = verdict_on(row, treatments_in(row), at=now)
    carried = carried_lines(row)
    shown = {
        "session": row,
        "requirements": requirements_of(row, verdict, is_confirmed=not carried),
        "saved_at": now,
        "carried": carried,
        "product": product_warning(row),
        "product_form": ProductForm(),
    }
    return render(request, "sessions/_note_saved.html", shown)


def _show_both(request: HttpRequest, public_id: uuid.UUID, form: NoteForm) -> HttpResponse:
    """Somebody else saved in between: what they saved stands beside what was typed here, and nothing is lost."""
    there = seen_session(request, public_id)
    typed = form.changes
    saved = {name: getattr(there, name) for name in NOTE_FIELDS if (getattr(there, name) or "") != (typed[name] or "")}
    return show_section(request, there, "note", status=412, note_form=form.over(there), saved_elsewhere=saved)


def _unsigned(refusal: ClinicError) -> dict[str, Any]:
    return {"refusal": refusal, "is_unsaved": True}
