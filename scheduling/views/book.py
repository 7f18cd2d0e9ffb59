"""Booking: the page, and the dialog over the diary, are the same form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.errors import Invalid
from clinic.models import Location, Service
from scheduling import services
from scheduling.choices import (
    FIRST_DAY,
    LAST_DAY,
    as_buttons,
    as_uuid,
    day_asked,
    free_times,
    instant_of,
    read_value,
    value_of,
)
from scheduling.errors import Clash, ScreeningBlocks
from scheduling.forms import BookForm, WhenForm
from scheduling.hours import local_day
from scheduling.models import Appointment
from scheduling.newcomers import kept_newcomer, register_newcomer
from scheduling.views.entrance import (
    chosen_patient,
    closes_dialog,
    desk_page,
    find_patients,
    is_for,
    location_of,
    member,
)
from screening.services import may_override
from staff.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def book(request: HttpRequest) -> HttpResponse:
    """Book a visit. Whatever is refused, nothing that was chosen or typed is lost."""
    location, _ = location_of(request)
    if location is None:
        return redirect("scheduling:diary")
    if request.method != "POST":
        asked = _asked(request, location)
        form = BookForm(user=member(request), location=location, initial=asked)
        return _page(request, form, asked, location)
    form = BookForm(request.POST, user=member(request), location=location)
    if "find" in request.POST:
        return _page(request, form, request.POST, location, found=find_patients(request), is_search=True)
    if "register" in request.POST:
        return _registered(request, form, location)
    return _try(request, form, location)


@require_safe
@desk_page
def slots(request: HttpRequest) -> HttpResponse:
    """The free times for what is chosen so far."""
    return render(request, "scheduling/_slots.html", _times(request.GET, member(request)))


def _registered(request: HttpRequest, form: BookForm, location: Location) -> HttpResponse:
    """The form with the new patient chosen, or with what is wrong about them."""
    newcomer = register_newcomer(request, location, member(request))
    more: dict[str, Any] = {"newcomer": newcomer, "is_search": True}
    if newcomer.patient:
        more["chosen"] = newcomer.patient
    return _page(request, form, request.POST, location, status=newcomer.status, **more)


def _try(request: HttpRequest, form: BookForm, location: Location) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, request.POST, location, status=422)
    try:
        appointment = services.book_appointment(**form.wish(member(request)), by=member(request))
    except Invalid as refusal:
        form.refuse(refusal)
        return _page(request, form, request.POST, location, status=422)
    except (Clash, ScreeningBlocks) as refusal:
        return _page(request, form, request.POST, location, status=refusal.http_status, refusal=refusal)
    return _booked(request, appointment)


def _booked(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    warning = " Screening wants the therapist to decide before treating." if appointment.screening_reasons else ""
    text = f"{appointment.patient.full_name} is booked.{warning}"
    if is_for(request, "dialog-body"):
        return closes_dialog(request, text, tone="warning" if warning else "success")
    messages.add_message(request, messages.WARNING if warning else messages.SUCCESS, text)
    return redirect("scheduling:appointment", appointment.public_id)


def _page(
    request: HttpRequest, form: BookForm, asked: Mapping[str, Any], location: Location, status: int = 200, **more: Any
) -> HttpResponse:
    user = member(request)
    refusal = more.get("refusal")
    context = {
        "form": form,
        "location": location,
        "chosen": chosen_patient(asked.get("patient"), user),
        "people": as_buttons(refusal, list(User.objects.visible_to(user))) if isinstance(refusal, Clash) else [],
        "in_dialog": is_for(request, "dialog-body"),
        "q": request.POST.get("q", ""),
        "may_overlap": user.is_administrator or user.is_therapist,
        "may_let_pass": _may_let_pass(refusal, form, user),
        "newcomer": kept_newcomer(request),
        **_times(asked, user),
        **more,
    }
    return render(
        request,
        "scheduling/_book_dialog.html" if context["in_dialog"] else "scheduling/book.html",
        context,
        status=status,
    )


def _may_let_pass(refusal: Any, form: BookForm, user: User) -> bool:
    """Whether to ask the clinical lead why the visit may take place: only once the screening has said no."""
    is_blocked = isinstance(refusal, ScreeningBlocks) and "emergency_flag" not in refusal.facts["reasons"]
    return may_override(by=user) and (is_blocked or bool(form["screening_reason"].value()))


def _times(asked: Mapping[str, Any], user: User) -> dict[str, Any]:
    """The free times for a form's present entries; none while location, service or day are missing."""
    form = WhenForm(asked, user=user)
    form.is_valid()
    entries = form.cleaned_data
    location, service, day = entries.get("location"), entries.get("service"), entries.get("on")
    if not location or not service or not day:
        return {"times": None, "slot": ""}
    times = free_times(
        location=location,
        service=service,
        day=day,
        therapist=entries.get("therapist"),
        room=entries.get("room"),
        patient=entries.get("patient"),
        ignoring=entries.get("hold"),
    )
    # `wished` is the place of the diary that was pressed; it counts again once a service fits into it.
    slot = str(asked.get("slot") or times.value_at(str(asked.get("wished") or "")))
    return {"times": times, "slot": slot, "location": location, "lost": _lost(slot, times.values)}


def _lost(slot: str, offered: list[str]) -> datetime | None:
    """The time that was pressed, if it is not (or no longer) among the free ones."""
    pressed = read_value(slot)
    return pressed[0] if pressed and slot not in offered else instant_asked(slot)


def _asked(request: HttpRequest, location: Location) -> dict[str, Any]:
    """What the address says: where, with whom, when, for whom."""
    starts_at = instant_asked(request.GET.get("starts_at", ""))
    therapist, room = as_uuid(request.GET.get("therapist", "")), as_uuid(request.GET.get("room", ""))
    first = Service.objects.visible_to(request.user).offered().first()
    return {
        "location": location.public_id,
        "therapist": therapist or "",
        "room": room or "",
        "service": request.GET.get("service") or (first.public_id if first else ""),
        "patient": as_uuid(request.GET.get("patient", "")) or "",
        "on": local_day(starts_at, location) if starts_at else day_asked(request.GET.get("date", ""), location),
        # In a room's column a time is pressed with whoever is free then.
        "wished": (value_of(starts_at, therapist) if therapist else starts_at.isoformat()) if starts_at else "",
    }


def instant_asked(text: str) -> datetime | None:
    """A time from an address, within the years a diary can show; None when it is none."""
    instant = instant_of(text)
    return instant if instant and FIRST_DAY.year < instant.year < LAST_DAY.year else None
