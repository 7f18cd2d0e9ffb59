"""A patient's lists: each card opens a form in place and closes it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from clinic.core.errors import Invalid
from patients import services
from patients.forms import EndForm, PanelForm
from patients.gate import require
from patients.models import Patient
from patients.panels import PANELS, Panel, detail_context, panel_context
from staff.models import User


def _open(request: HttpRequest, public_id: uuid.UUID, noun: str, ability: str) -> tuple[Panel, Patient, User]:
    user = cast("User", request.user)
    panel = PANELS.get(noun)
    if panel is None:
        raise Http404
    require(user, getattr(panel, ability))
    return panel, get_object_or_404(Patient.objects.visible_to(user), public_id=public_id), user


def _show(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "patients/_panel.html", context, status=status)
    user = cast("User", request.user)
    whole = detail_context(context["patient"], user, opened=context)
    return render(request, "patients/detail.html", whole, status=status)


def _done(request: HttpRequest, panel: Panel, patient: Patient, user: User) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "patients/_panel.html", panel_context(panel, patient, user))
    return redirect("patients:detail", patient.public_id)


@require_GET
@login_required
def show_panel(request: HttpRequest, public_id: uuid.UUID, noun: str) -> HttpResponse:
    """One list, closed."""
    panel, patient, user = _open(request, public_id, noun, "reads")
    services.note_patient_read(patient=patient, by=user, screen=noun)
    return _show(request, panel_context(panel, patient, user))


@require_http_methods(["GET", "POST"])
@login_required
def add_row(request: HttpRequest, public_id: uuid.UUID, noun: str) -> HttpResponse:
    """Add a row to a list."""
    panel, patient, user = _open(request, public_id, noun, "writes")
    form = panel.form(request.POST if request.method == "POST" else None, user=user, prefix=noun)
    if request.method == "GET":
        services.note_patient_read(patient=patient, by=user, screen=noun)
    elif _saved(form, lambda: panel.add(patient=patient, by=user, **form.cleaned_data)):
        return _done(request, panel, patient, user)
    return _show(request, panel_context(panel, patient, user, form=form), status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def end_row(request: HttpRequest, public_id: uuid.UUID, noun: str, row_id: uuid.UUID) -> HttpResponse:
    """Say until when a row held."""
    panel, patient, user = _open(request, public_id, noun, "writes")
    row = get_object_or_404(panel.ending_rows(patient, user), public_id=row_id)
    form = EndForm(request.POST if request.method == "POST" else None, user=user, prefix=f"{noun}-end")
    if request.method == "GET":
        services.note_patient_read(patient=patient, by=user, screen=noun)
    elif _saved(form, lambda: panel.finish(row, by=user, ended_on=form.day())):
        return _done(request, panel, patient, user)
    context = panel_context(panel, patient, user, form=form, ending=row)
    return _show(request, context, status=422 if form.errors else 200)


def _saved(form: PanelForm, act: Callable[[], Any]) -> bool:
    """Whether the act was done; what it refuses stands beside its field."""
    if not form.is_valid():
        return False
    try:
        act()
    except Invalid as problem:
        form.refuse(problem)
        return False
    return True
