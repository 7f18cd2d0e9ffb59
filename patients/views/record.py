"""One patient: register, read, edit, share."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import Changed, Invalid
from patients import services
from patients.errors import PossibleDuplicate
from patients.forms import EditForm, PatientForm, RegisterForm, ShareForm
from patients.gate import require
from patients.models import Patient
from patients.panels import detail_context
from staff.models import User


@dataclass(frozen=True)
class Attempt:
    """What became of a posted form: a patient, or a status and what the page must say."""

    patient: Patient | None = None
    status: int = 200
    context: dict[str, Any] = field(default_factory=dict)


def _attempt(request: HttpRequest, form: PatientForm, act: Callable[[], Patient]) -> Attempt:
    if request.method != "POST":
        return Attempt()
    if not form.is_valid():
        return Attempt(status=422)
    try:
        return Attempt(patient=act())
    except Invalid as problem:
        form.refuse(problem)
        return Attempt(status=422)
    except PossibleDuplicate as refusal:
        ids = refusal.facts["candidate_ids"]
        found = Patient.objects.visible_to(request.user).filter(public_id__in=ids).by_name()
        return Attempt(status=409, context={"candidates": list(found), "duplicate": refusal})
    except Changed as refusal:
        return Attempt(status=412, context={"newer_version": refusal.facts["current_version"]})


@require_http_methods(["GET", "POST"])
@login_required
def register(request: HttpRequest) -> HttpResponse:
    """Open a record; somebody like this is shown first."""
    user = cast("User", request.user)
    require(user, "registers_patients")
    form = RegisterForm(request.POST or None, user=user)
    attempt = _attempt(request, form, lambda: _register(form, user))
    if attempt.patient:
        messages.success(request, f"{attempt.patient.full_name} is registered.")
        return redirect("patients:detail", attempt.patient.public_id)
    return render(request, "patients/register.html", {"form": form, **attempt.context}, status=attempt.status)


def _register(form: RegisterForm, user: User) -> Patient:
    return services.register_patient(
        **form.entries(),
        location=form.cleaned_data["location"],
        is_another_person=form.cleaned_data["is_another_person"],
        by=user,
    )


@require_GET
@login_required
def detail(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """All that is on record and this member may read."""
    user = cast("User", request.user)
    patient = get_object_or_404(Patient.objects.visible_to(user), public_id=public_id)
    services.note_patient_read(patient=patient, by=user, screen="patient")
    return render(request, "patients/detail.html", detail_context(patient, user))


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change identity or contact. Somebody faster is shown beside what was entered here; nothing is lost."""
    user = cast("User", request.user)
    require(user, "registers_patients")
    patient = get_object_or_404(Patient.objects.visible_to(user), public_id=public_id)
    form = EditForm(request.POST or None, initial=EditForm.values_of(patient))
    attempt = _attempt(request, form, lambda: _edit(patient, form, user))
    if attempt.patient:
        messages.success(request, "The changes are saved.")
        return redirect("patients:detail", patient.public_id)
    context = {"form": form, "patient": patient, **attempt.context}
    if attempt.status == 412:
        context["newer"] = form.differences(patient)
        form.accept_version(attempt.context["newer_version"])
    return render(request, "patients/edit.html", context, status=attempt.status)


def _edit(patient: Patient, form: EditForm, user: User) -> Patient:
    return services.edit_patient(
        patient=patient,
        changes=form.entries(),
        expected_version=form.cleaned_data["version"],
        is_another_person=form.cleaned_data["is_another_person"],
        by=user,
    )


@require_POST
@login_required
def share(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make the patient known at one more location."""
    user = cast("User", request.user)
    require(user, "is_administrator")
    patient = get_object_or_404(Patient.objects.visible_to(user), public_id=public_id)
    form = ShareForm(request.POST, patient=patient)
    if form.is_valid():
        services.share_patient(patient=patient, location=form.cleaned_data["location"], by=user)
        messages.success(request, f"{form.cleaned_data['location'].name} now knows this patient.")
    else:
        messages.error(request, "Choose a location that does not know the patient yet.")
    return redirect("patients:detail", patient.public_id)
