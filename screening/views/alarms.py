"""Whom to call at once: the same page for whoever is nearest to a phone, without a clinical word."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic.core.errors import NotAllowed
from patients.models import EmergencyContact, Patient
from patients.services import note_patient_read
from screening import services
from screening.alarms import alarms_for
from screening.forms import AlarmForm
from screening.views.review import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def alarm(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Who to call and what to say; then what came of it."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    if not request.user.registers_patients:
        raise NotAllowed()
    form = AlarmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.handle_alarm(patient=found, note=form.cleaned_data["note"], by=request.user)
        messages.success(request, f"It is noted that you spoke with {found.full_name}.")
        return redirect("patients:detail", public_id)
    note_patient_read(patient=found, by=request.user, screen="alarm")
    contacts = EmergencyContact.objects.visible_to(request.user).filter(patient=found, ended_on=None)
    waiting = next((one for one in alarms_for(request.user) if one.patient.pk == found.pk), None)
    context = {"patient": found, "form": form, "alarm": waiting, "contacts": contacts.order_by("pk")}
    return render(request, "screening/alarm.html", context, status=422 if form.is_bound else 200)
