"""Calling patients in: a therapist's button, and the page of whoever calls."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import Invalid, NotAllowed
from patients.models import Patient
from patients.services import note_patient_read
from screening import services
from screening.forms import CallForm
from screening.models import CallIn
from screening.views.review import StaffRequest
from staff.models import User


@require_POST
@login_required
def call_in(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """One click: the desk sees whom to call."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    services.call_in(patient=found, by=request.user)
    messages.success(request, "The desk sees beside the diary that this patient is to be called in.")
    return redirect("screening:patient", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def call(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Whom to call; then what came of it."""
    asked = get_object_or_404(
        CallIn.objects.visible_to(request.user).select_related("patient", "asked_by", "done_by"), public_id=public_id
    )
    if not request.user.registers_patients:
        raise NotAllowed()
    form = CallForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_noted(form, asked, request.user):
        messages.success(request, f"It is noted what came of calling {asked.patient.full_name}.")
        return redirect("scheduling:diary")
    note_patient_read(patient=asked.patient, by=request.user, screen="call_in")
    context = {"patient": asked.patient, "asked": asked, "form": form}
    return render(request, "screening/call.html", context, status=422 if form.is_bound else 200)


def _is_noted(form: CallForm, asked: CallIn, user: User) -> bool:
    try:
        services.note_call(call=asked, outcome=form.cleaned_data["outcome"], by=user)
    except Invalid as problem:
        form.refuse(problem.fields)
        return False
    return True
