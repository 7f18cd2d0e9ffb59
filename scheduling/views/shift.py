"""A visit that was dragged in the diary, or made longer there: asked about before it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic.core.errors import Changed, Invalid
from scheduling import services
from scheduling.choices import as_buttons
from scheduling.errors import Clash, ScreeningBlocks
from scheduling.forms import ShiftForm
from scheduling.models import Appointment
from scheduling.views.entrance import closes_dialog, desk_page, is_for, member
from staff.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def shift(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what would change, and whether the patient is to hear of it; then do it, or say what is in the way."""
    rows = Appointment.objects.visible_to(request.user).with_all_it_names()
    visit: Appointment = get_object_or_404(rows, public_id=public_id)
    if request.method != "POST" and not is_for(request, "dialog-body"):
        return redirect("scheduling:appointment", visit.public_id)
    asked = request.POST if request.method == "POST" else request.GET
    form = ShiftForm(asked, user=member(request), location=visit.location)
    if not form.is_valid():
        return _dialog(request, visit, form, status=422)
    if request.method != "POST":
        return _dialog(request, visit, form)
    try:
        services.move_appointment(appointment=visit, **form.wish, by=member(request))
    except (Invalid, Clash, Changed, ScreeningBlocks) as refusal:
        return _dialog(request, visit, form, status=refusal.http_status, refusal=refusal)
    text = f"The visit of {visit.patient.full_name} is moved."
    if is_for(request, "dialog-body"):
        return closes_dialog(request, text)
    messages.success(request, text)
    return redirect("scheduling:appointment", visit.public_id)


def _dialog(request: HttpRequest, visit: Appointment, form: ShiftForm, status: int = 200, **more: Any) -> HttpResponse:
    if not is_for(request, "dialog-body"):
        # Sent before the page's scripts were ready: the visit's own page says what it is and offers the free times.
        messages.error(request, "The visit was not moved. Choose another time here.")
        return redirect("scheduling:appointment", visit.public_id)
    entries = form.cleaned_data
    starts_at, minutes, refusal = entries.get("starts_at"), entries.get("minutes"), more.get("refusal")
    context = {
        "appointment": visit,
        "location": visit.location,
        "form": form,
        "kept": {name: form.data.get(name, "") for name in ("on", "at", "minutes", "therapist", "room", "version")},
        "notify": request.method != "POST" or bool(entries.get("notify")),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes) if starts_at and minutes else None,
        "therapist": entries.get("therapist") or visit.therapist,
        "room": entries.get("room"),
        "people": as_buttons(refusal, User.objects.visible_to(request.user)) if isinstance(refusal, Clash) else [],
        **more,
    }
    return render(request, "scheduling/_shift_dialog.html", context, status=status)
