"""One visit: what it is, what may be done with it, what the patient was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.models import AuditEvent
from clinic.core.errors import Changed, ClinicError, Invalid
from clinic.models import Room
from messaging.models import Message
from patients.services import note_patient_read
from scheduling import services
from scheduling.candidates import Opening, candidates
from scheduling.choices import as_buttons, as_uuid, day_asked, free_times, value_of
from scheduling.claims import LONGEST_MINUTES, SHORTEST_MINUTES
from scheduling.errors import Clash, ScreeningBlocks
from scheduling.forms import CancelForm, LetPassForm, MoveForm, RestoreForm
from scheduling.hours import local_day
from scheduling.lifecycle import MOVABLE, NEXT
from scheduling.models import Appointment, AppointmentStatus, MoveRequest, Vacancy
from scheduling.notices import subject_key
from scheduling.services.passing import verdict_on
from scheduling.views.entrance import closes_dialog, desk_page, is_for, member
from scheduling.wait_forms import OfferForm
from screening.models import GateOverride
from screening.services import lights, may_override
from staff.models import User

# Visits that are still to be given.
OPEN_TO_PASS = (*MOVABLE, AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION)

# The desk's acts that need no question: what the button does, and what is said afterwards.
ACTS = {
    "confirm": (services.confirm_appointment, "has confirmed"),
    "arrive": (services.mark_arrived, "is here"),
    "no-show": (services.mark_no_show, "did not come"),
}


@require_safe
@desk_page
def appointment(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The visit, as a page or as a dialog over the diary; reading it is noted in the patient's trail."""
    visit = _visit(request, public_id)
    note_patient_read(patient=visit.patient, by=member(request), screen="appointment")
    if is_for(request, "dialog-body"):
        return render(request, "scheduling/_visit_dialog.html", {**_facts(visit), "in_dialog": True})
    return _page(request, visit)


@require_POST
@desk_page
def act(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Confirm, arrive or no-show."""
    visit = _visit(request, public_id)
    do, said = ACTS[name]
    do(appointment=visit, by=member(request))
    if visit.is_screening_blocked:
        text = f"{visit.patient.full_name} {said}. Screening does not allow the session: tell the therapist now."
        return _done(request, visit, text, is_warning=True)
    return _done(request, visit, f"{visit.patient.full_name} {said}.")


@require_POST
@desk_page
def let_pass(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The clinical lead lets the visit take place despite its screening, and says why."""
    visit = _visit(request, public_id)
    form = LetPassForm(request.POST)
    if not form.is_valid():
        return _page(request, visit, let_pass_form=form, status=422)
    services.let_visit_pass(appointment=visit, **form.cleaned_data, by=member(request))
    return _done(request, visit, f"The visit of {visit.patient.full_name} may take place. The reason is on record.")


@require_POST
@desk_page
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give the slot back, for a reason; the patient is told if the desk says so."""
    visit = _visit(request, public_id)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _page(request, visit, cancel_form=form, status=422)
    services.cancel_appointment(appointment=visit, **form.cleaned_data, by=member(request))
    return _done(request, visit, f"The visit of {visit.patient.full_name} is cancelled.")


@require_POST
@desk_page
def restore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a cancellation, if the time is still to be had."""
    visit = _visit(request, public_id)
    form = RestoreForm(request.POST)
    if not form.is_valid():
        return _page(request, visit, restore_form=form, status=422)
    wish = {"notify": form.cleaned_data["notify"], "expected_version": form.cleaned_data["version"]}
    try:
        services.restore_appointment(appointment=visit, **wish, by=member(request))
    except (Invalid, Clash, Changed, ScreeningBlocks) as refusal:
        return _page(request, visit, restore_form=form, status=refusal.http_status, restore_refusal=refusal)
    return _done(request, visit, f"The visit of {visit.patient.full_name} takes place after all.")


@require_POST
@desk_page
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give the visit another time, therapist or room."""
    visit = _visit(request, public_id)
    form = MoveForm(request.POST, user=member(request), location=visit.location)
    if not form.is_valid():
        return _page(request, visit, move_form=form, status=422)
    try:
        moved = services.move_appointment(appointment=visit, **form.wish(member(request)), by=member(request))
    except Invalid as refusal:
        form.refuse(refusal)
        return _page(request, visit, move_form=form, status=422)
    except (Clash, Changed, ScreeningBlocks) as refusal:
        return _page(request, visit, move_form=form, status=refusal.http_status, refusal=refusal)
    return _done(request, moved, f"The visit of {visit.patient.full_name} is moved.")


@require_safe
@desk_page
def move_slots(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Free times to which the visit could be moved."""
    visit = _visit(request, public_id)
    return render(request, "scheduling/_slots.html", _times(request, visit, request.GET))


def _visit(request: HttpRequest, public_id: UUID) -> Appointment:
    rows = Appointment.objects.visible_to(request.user).with_all_it_names()
    visit: Appointment = get_object_or_404(rows, public_id=public_id)
    return visit


def _done(request: HttpRequest, visit: Appointment, text: str, *, is_warning: bool = False) -> HttpResponse:
    if is_for(request, "dialog-body"):
        return closes_dialog(request, text, tone="warning" if is_warning else "success")
    messages.add_message(request, messages.WARNING if is_warning else messages.SUCCESS, text)
    return redirect("scheduling:appointment", visit.public_id)


def _facts(visit: Appointment) -> dict[str, Any]:
    allowed = NEXT[visit.status]
    return {
        "appointment": visit,
        "location": visit.location,
        "patient": visit.patient,
        "light": str(lights([visit.patient.pk])[visit.patient.pk]),
        "may": {
            **{to: to in allowed for to in ("booked", "confirmed", "arrived", "cancelled", "in_session")},
            "no_show": "no_show" in allowed and visit.starts_at <= timezone.now(),
        },
        "may_move": visit.status in MOVABLE,
    }


def _page(request: HttpRequest, visit: Appointment, status: int = 200, **more: Any) -> HttpResponse:
    user = member(request)
    context = {
        **_facts(visit),
        "cancel_form": CancelForm(),
        "restore_form": RestoreForm(initial={"version": visit.version}),
        "move_form": _move_form(request, visit),
        "told": Message.objects.visible_to(user).filter(subject__key=subject_key(visit)).order_by("-id"),
        "events": AuditEvent.objects.visible_to(user).filter(subject_id=str(visit.public_id)).order_by("id"),
        "is_our_location": user.locations.filter(pk=visit.location_id).exists(),
        **_times(request, visit, request.POST or request.GET),
        **_offering(request, visit),
        **_blocked(visit, user),
        "asked": MoveRequest.objects.visible_to(user).open().filter(appointment=visit).first(),
        **more,
    }
    if isinstance(more.get("refusal"), Clash):
        context["people"] = as_buttons(more["refusal"], list(User.objects.visible_to(user)))
    return render(request, "scheduling/appointment.html", context, status=status)


def offering_refused(
    request: HttpRequest, visit: Appointment, form: OfferForm, *, status: int, refusal: ClinicError | None = None
) -> HttpResponse:
    """The visit's page, with what is wrong with the offer."""
    return _page(request, visit, status=status, offer_form=form, offer_refusal=refusal)


def _blocked(visit: Appointment, user: User) -> dict[str, Any]:
    """For those who care for the patient: who let the visit pass its screening; for the clinical lead, the form to."""
    if not user.reads_clinical:
        return {}
    passed = GateOverride.objects.visible_to(user).filter(visit_id=visit.public_id).select_related("by").order_by("id")
    shown: dict[str, Any] = {"let_pass": list(passed)}
    if may_override(by=user) and visit.status in OPEN_TO_PASS:
        verdict = verdict_on(appointment=visit)
        if verdict.is_blocked:
            shown |= {"blocked": verdict, "let_pass_form": LetPassForm()}
    return shown


def _offering(request: HttpRequest, visit: Appointment) -> dict[str, Any]:
    """Whom the time of a cancelled visit to come would suit, or the offer that is out."""
    if visit.status != AppointmentStatus.CANCELLED or visit.starts_at <= timezone.now():
        return {}
    user, location = member(request), visit.location
    if not user.locations.filter(pk=location.pk).exists():
        return {}
    out = Vacancy.objects.visible_to(user).filter(location=location, starts_at=visit.starts_at, status="open")
    return {
        "is_offered": out.filter(therapist=visit.therapist).exists(),
        "candidates": candidates(opening=Opening.of(visit), by=user),
        "offer_form": OfferForm(user=user, location=location),
    }


def _move_form(request: HttpRequest, visit: Appointment) -> MoveForm:
    initial = {
        "on": local_day(visit.starts_at, visit.location),
        "minutes": visit.minutes,
        "therapist": visit.therapist.public_id,
        "version": visit.version,
    }
    return MoveForm(initial=initial, user=member(request), location=visit.location)


def _times(request: HttpRequest, visit: Appointment, asked: Any) -> dict[str, Any]:
    """Free times on the asked day with the asked therapist, the visit itself not in the way."""
    if visit.status not in MOVABLE:
        return {}
    day = day_asked(asked.get("on") or local_day(visit.starts_at, visit.location).isoformat(), visit.location)
    key = as_uuid(asked.get("therapist", ""))
    chosen = User.objects.visible_to(request.user).filter(public_id=key).first() if key else visit.therapist
    times = free_times(
        service=visit.service,
        location=visit.location,
        therapist=chosen,
        day=day,
        patient=visit.patient,
        ignoring=visit,
        room=_room(request, visit, asked.get("room", "")),
        minutes=_minutes(asked.get("minutes", "")) or visit.minutes,
    )
    now = value_of(visit.starts_at, visit.therapist.public_id)
    shown = {"times": times, "slot": asked.get("slot", "") or now, "location": visit.location}
    # A visit may stay where it is, to be made longer or given another room, also where nobody is offered a time:
    # off the grid, or too soon.
    if now in times.values or chosen != visit.therapist or day != local_day(visit.starts_at, visit.location):
        return shown
    return {**shown, "kept": now, "kept_at": visit.starts_at}


def _room(request: HttpRequest, visit: Appointment, text: str) -> Room | None:
    """The room asked for, if the visit's location has it."""
    rooms, key = Room.objects.visible_to(request.user).filter(location=visit.location), as_uuid(text)
    return rooms.filter(public_id=key).first() if key else None


def _minutes(text: str) -> int | None:
    """The length asked for, if a visit may have it."""
    asked = int(text) if text.isdecimal() and len(text) <= 3 else 0
    return asked if SHORTEST_MINUTES <= asked <= LONGEST_MINUTES else None
