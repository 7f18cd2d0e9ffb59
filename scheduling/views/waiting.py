"""The wait-list of a location: who is on it, what is offered to them, and what they answered on the telephone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.errors import Changed, Invalid
from clinic.models import Location, Service
from scheduling import services
from scheduling.choices import as_uuid
from scheduling.errors import AlreadyWaiting, Clash, NobodySuits, NotWaiting, OfferOver, ScreeningBlocks
from scheduling.hours import local_day
from scheduling.models import Appointment, MoveRequest, Offer, Vacancy, VacancyStatus, WaitListEntry
from scheduling.views.appointment import offering_refused
from scheduling.views.entrance import chosen_patient, desk_page, find_patients, location_of, member
from scheduling.views.trying import tried
from scheduling.wait_forms import ChangeForm, JoinForm, OfferForm
from screening.services import lights

PAGE = 50
USUAL_WAIT = timedelta(days=60)
# What stands above the form: somebody was faster.
REFUSALS = (AlreadyWaiting, NotWaiting, Changed)


@require_safe
@desk_page
def wait_list(request: HttpRequest) -> HttpResponse:
    """Those who wait here, longest first, and the times that are out to them."""
    location, locations = location_of(request)
    if location is None:
        return redirect("scheduling:diary")
    rows = WaitListEntry.objects.visible_to(request.user).waiting().filter(location=location).order_by("id")
    after = as_uuid(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(pk__gt=get_object_or_404(WaitListEntry.objects.visible_to(request.user), public_id=after).pk)
    entries = list(rows.with_all_it_names()[: PAGE + 1])
    shown = entries[:PAGE]
    context = {
        "location": location,
        "locations": locations,
        "entries": shown,
        "colours": lights({entry.patient_id for entry in shown}),
        "after": shown[-1].public_id if len(entries) > PAGE else None,
        "vacancies": _open_vacancies(request, location),
    }
    return render(request, "scheduling/wait_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def join(request: HttpRequest) -> HttpResponse:
    """Put a patient on the list."""
    location, _ = location_of(request)
    if location is None:
        return redirect("scheduling:diary")
    asked = request.POST if request.method == "POST" else request.GET
    patient = chosen_patient(asked.get("patient"), member(request))
    who: dict[str, Any] = {"user": member(request), "location": location, "patient": patient}
    shown = partial(_form_page, request, location=location, chosen=patient, q=request.POST.get("q", ""))
    if request.method != "POST":
        return shown(form=JoinForm(initial=_asked(request, location), **who))
    form = JoinForm(request.POST, **who)
    shown = partial(shown, form=form)
    if "find" in request.POST:
        return shown(found=find_patients(request), is_search=True)

    def act() -> None:
        entries = form.cleaned_data
        services.join_wait_list(
            patient=entries["patient"],
            location=location,
            service=entries["service"],
            wish=form.wish,
            by=member(request),
        )

    said = f"{patient.full_name if patient else ''} is on the wait-list."
    return tried(request, form, act, shown, said=said, back=_address(location), refusals=REFUSALS)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change when it would suit."""
    entry = _entry(request, public_id)
    who: dict[str, Any] = {"user": member(request), "location": entry.location, "patient": entry.patient}
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(data, initial=ChangeForm.values_of(entry), **who)
    shown = partial(_form_page, request, location=entry.location, entry=entry, form=form)
    if request.method != "POST":
        return shown()

    def act() -> None:
        version = form.cleaned_data["version"]
        services.change_wait_list_entry(entry=entry, wish=form.wish, expected_version=version, by=member(request))

    said = f"{entry.patient.full_name} waits for another time now."
    return tried(request, form, act, shown, said=said, back=_address(entry.location), refusals=REFUSALS)


@require_POST
@desk_page
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a patient off the list."""
    entry = _entry(request, public_id)
    services.leave_wait_list(entry=entry, by=member(request))
    return _back(request, entry.location, f"{entry.patient.full_name} is off the wait-list.")


@require_POST
@desk_page
def offer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Offer the time of a cancelled visit."""
    rows = Appointment.objects.visible_to(request.user).with_all_it_names()
    visit: Appointment = get_object_or_404(rows, public_id=public_id)
    form = OfferForm(request.POST, user=member(request), location=visit.location)
    if not form.is_valid():
        return offering_refused(request, visit, form, status=422)
    wanted = {name: form.cleaned_data[name] for name in ("mode", "answer_minutes")}
    try:
        services.offer_vacancy(visit=visit, entries=list(form.cleaned_data["entries"]), **wanted, by=member(request))
    except Invalid as refusal:
        form.refuse(refusal)
        return offering_refused(request, visit, form, status=422)
    except (Clash, NobodySuits) as refusal:
        return offering_refused(request, visit, form, status=refusal.http_status, refusal=refusal)
    return _back(request, visit.location, "The time is offered.")


@require_POST
@desk_page
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Offer a time no longer."""
    vacancy: Vacancy = get_object_or_404(Vacancy.objects.visible_to(request.user), public_id=public_id)
    services.end_vacancy(vacancy=vacancy, by=member(request))
    return _back(request, vacancy.location, "The time is offered no longer.")


@require_POST
@desk_page
def answer(request: HttpRequest, public_id: UUID, is_yes: bool) -> HttpResponse:
    """What a patient said on the telephone."""
    rows = Offer.objects.visible_to(request.user).select_related("entry__patient", "entry__location")
    found: Offer = get_object_or_404(rows, public_id=public_id)
    name, location = found.entry.patient.full_name, found.entry.location
    if not is_yes:
        services.decline_offer(offer=found, by=member(request))
        return _back(request, location, f"{name} does not want it.")
    try:
        services.accept_offer(offer=found, by=member(request))
    except (Invalid, OfferOver, ScreeningBlocks) as refusal:
        messages.error(request, f"{refusal.title}. {refusal.text}")
        return _back(request, location)
    return _back(request, location, f"{name} is booked.")


@require_POST
@desk_page
def settle(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A wish for another time was answered on the telephone; the visit stays."""
    rows = MoveRequest.objects.visible_to(request.user)
    asked = rows.select_related("appointment__patient", "appointment__location")
    found: MoveRequest = get_object_or_404(asked, public_id=public_id)
    services.settle_move_request(request=found, by=member(request))
    messages.success(request, f"The visit of {found.appointment.patient.full_name} stays as it is.")
    return redirect("scheduling:appointment", found.appointment.public_id)


def _asked(request: HttpRequest, location: Location) -> dict[str, Any]:
    """What the address says, and from today for two months."""
    today = local_day(timezone.now(), location)
    keys = {name: as_uuid(request.GET.get(name, "")) or "" for name in ("patient", "service", "instead_of")}
    first = Service.objects.visible_to(request.user).offered().first()
    keys["service"] = keys["service"] or (first.public_id if first else "")
    return {**keys, "from_on": today, "until_on": today + USUAL_WAIT}


def _open_vacancies(request: HttpRequest, location: Location) -> list[Vacancy]:
    rows = Vacancy.objects.visible_to(request.user).filter(location=location, status=VacancyStatus.OPEN)
    return list(rows.with_offers_visible_to(request.user).order_by("starts_at", "id")[:PAGE])


def _entry(request: HttpRequest, public_id: UUID) -> WaitListEntry:
    rows = WaitListEntry.objects.visible_to(request.user).with_all_it_names()
    entry: WaitListEntry = get_object_or_404(rows, public_id=public_id)
    return entry


def _form_page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, "scheduling/wait_list_form.html", context, status=status)


def _address(location: Location) -> str:
    return reverse("scheduling:wait-list", query={"location": str(location.public_id)})


def _back(request: HttpRequest, location: Location, text: str = "") -> HttpResponse:
    if text:
        messages.success(request, text)
    return redirect(_address(location))
