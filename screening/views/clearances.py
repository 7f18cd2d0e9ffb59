"""Asking a clinician for a clearance: the form, the letter to print, and what becomes of it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import Invalid, NotAllowed
from clinic.core.http import pdf_file
from clinic.models import Service
from patients.models import Patient
from patients.services import note_patient_read
from questionnaires.models import QuestionnaireResponse
from screening import services
from screening.evaluations import INTAKE
from screening.forms import AskForm, RefusalForm
from screening.letters import print_letter
from screening.models import ClearanceRequest, Flag
from screening.views.review import StaffRequest
from staff.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Choose what to ask whom about; the letter is then ready to print."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    if not request.user.writes_clinical:
        raise NotAllowed()
    form = _form(request, found)
    if form.is_valid() and _is_asked(form, found, request.user):
        messages.success(request, "The letter is ready: print it, sign it and send it.")
        return redirect("screening:patient", public_id)
    context = {"patient": found, "form": form, "may_write": _may_write(found, request.user)}
    return render(request, "screening/clearance_ask.html", context, status=422 if form.is_bound else 200)


@require_GET
@login_required
def letter(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """The letter as PDF. Reading it is noted."""
    asked = _asked(request, public_id)
    if not request.user.reads_clinical:
        raise NotAllowed()
    note_patient_read(patient=asked.patient, by=request.user, screen="clearance_letter")
    return pdf_file(print_letter(asked), name=f"clearance-request-{asked.reference}")


@require_POST
@login_required
def withdraw(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Wait for an answer no longer."""
    asked = _asked(request, public_id)
    services.withdraw_clearance_request(request=asked, by=request.user)
    messages.success(request, "The request is withdrawn. What was sent cannot be called back: tell the doctor.")
    return redirect("screening:patient", asked.patient.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def refusal(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note an answer that grants nothing."""
    asked = _asked(request, public_id)
    if not request.user.writes_clinical:
        raise NotAllowed()
    form = RefusalForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_noted(form, asked, request.user):
        messages.success(request, "The answer is noted. The flags stand as before.")
        return redirect("screening:patient", asked.patient.public_id)
    context = {"patient": asked.patient, "form": form, "asked": asked}
    return render(request, "screening/clearance_refusal.html", context, status=422 if form.is_bound else 200)


def _asked(request: StaffRequest, public_id: uuid.UUID) -> ClearanceRequest:
    rows = ClearanceRequest.objects.visible_to(request.user).select_related("patient", "asked_by")
    found: ClearanceRequest = get_object_or_404(rows, public_id=public_id)
    return found


def _form(request: StaffRequest, found: Patient) -> AskForm:
    flags = Flag.objects.visible_to(request.user).filter(patient=found).standing().gravest_first()
    offered = Service.objects.visible_to(request.user).offered()
    if request.method == "POST":
        return AskForm(request.POST, flags=flags, services=offered)
    return AskForm(None, flags=flags, services=offered, initial={"flags": request.GET.getlist("flag")})


def _may_write(found: Patient, user: User) -> str:
    """What the patient answered about contact with the doctor; "" when never asked."""
    responses = QuestionnaireResponse.objects.visible_to(user).filter(patient=found)
    intake = responses.submitted(INTAKE).first()
    return str(intake.answers.get("contact-doctor", "")) if intake else ""


def _is_asked(form: AskForm, found: Patient, user: User) -> bool:
    try:
        services.request_clearance(patient=found, by=user, **form.cleaned_data)
    except Invalid as problem:
        form.refuse(problem.fields)
        return False
    return True


def _is_noted(form: RefusalForm, asked: ClearanceRequest, user: User) -> bool:
    try:
        services.record_refusal(request=asked, by=user, **form.cleaned_data)
    except Invalid as problem:
        form.refuse(problem.fields)
        return False
    return True
