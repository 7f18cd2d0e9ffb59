"""A series on the desk's screens: planned date by date and booked, then moved or called off from a visit on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.models import AuditEvent
from clinic.core.clock import local
from clinic.core.errors import Changed, Invalid
from clinic.models import Location
from messaging.models import Message
from patients.services import note_patient_read
from scheduling import services
from scheduling.choices import Choice, as_choices, as_uuid, read_value, value_of
from scheduling.errors import SeriesRefused
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, AppointmentSeries
from scheduling.plans import PlannedVisit, plan_series
from scheduling.series import MOST
from scheduling.series_changes import Reached, plan_cancel, plan_move, visits_of
from scheduling.series_forms import CancelSeriesForm, ChangeForm, MoveSeriesForm, SeriesForm
from scheduling.series_notices import subject_key
from scheduling.views.book import instant_asked
from scheduling.views.entrance import chosen_patient, desk_page, find_patients, location_of, member
from screening.services import lights
from staff.models import User


@dataclass(frozen=True)
class Row:
    """One date of the plan, with what may be pressed. `chosen` is what was pressed; empty leaves the date out."""

    planned: PlannedVisit
    value: str
    choices: list[Choice]
    chosen: str


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponse:
    """Say how it repeats; see what would become of each date; book all, some, or moved ones."""
    location, _ = location_of(request)
    if location is None:
        return redirect("scheduling:diary")
    if request.method != "POST":
        return _form_page(request, SeriesForm(initial=_asked(request, location), **_for(request, location)), location)
    form = SeriesForm(request.POST, **_for(request, location))
    if request.POST.get("do") == "find" or (request.POST.get("q") and not request.POST.get("patient")):
        return _form_page(request, form, location, found=find_patients(request), is_search=True)
    if not form.is_valid():
        return _form_page(request, form, location, status=422)
    try:
        return _plan_or_book(request, form, location)
    except Invalid as refusal:
        form.refuse(refusal)
        return _form_page(request, form, location, status=422)


@require_safe
@desk_page
def series(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The series with its visits; reading it is noted in the patient's trail."""
    found = _series(request, public_id)
    note_patient_read(patient=found.patient, by=member(request), screen="appointment_series")
    return _series_page(request, found)


@require_POST
@desk_page
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Look at the dates first; then move them, all or none."""
    found = _series(request, public_id)
    form = _move_form(request, found, request.POST)
    if not form.is_valid():
        return _series_page(request, found, move_form=form, status=422)
    wanted = {"series": found, **form.target(), "change": form.change(), "by": member(request)}
    try:
        if request.POST.get("do") != "move":
            return _series_page(request, found, move_form=form, moving=plan_move(**wanted))
        done = services.move_series(**wanted, **_said(form))
    except Invalid as refusal:
        form.refuse(refusal)
        return _series_page(request, found, move_form=form, status=422)
    except (SeriesRefused, Changed) as refusal:
        shown = plan_move(**wanted) if isinstance(refusal, SeriesRefused) else None
        return _series_page(
            request, found, move_form=form, moving=shown, move_refusal=refusal, status=refusal.http_status
        )
    return _done(request, found, f"{_counted(done)} moved.")


@require_POST
@desk_page
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Look at which visits would be off; then call them off."""
    found = _series(request, public_id)
    form = _cancel_form(found, request.POST)
    if not form.is_valid():
        return _series_page(request, found, cancel_form=form, status=422)
    wanted = {"series": found, **form.target(), "by": member(request)}
    try:
        if request.POST.get("do") != "cancel":
            return _series_page(request, found, cancel_form=form, cancelling=plan_cancel(**wanted))
        done = services.cancel_series(**wanted, reason=form.cleaned_data["reason"], **_said(form))
    except Invalid as refusal:
        form.refuse(refusal)
        return _series_page(request, found, cancel_form=form, status=422)
    except Changed as refusal:
        return _series_page(request, found, cancel_form=form, cancel_refusal=refusal, status=refusal.http_status)
    return _done(request, found, f"{_counted(done)} cancelled.")


# Planning and booking


def _plan_or_book(request: HttpRequest, form: SeriesForm, location: Location) -> HttpResponse:
    wish = form.wish()
    digest = _digest(wish)
    planned = plan_series(**wish, by=member(request))
    if request.POST.get("do") != "book":
        return _form_page(request, form, location, rows=_rows(planned, {}), digest=digest)
    pressed = _pressed(request.POST)
    if request.POST.get("planned") != digest:
        # The dates on the screen belong to other entries: nothing is booked that was not seen.
        return _form_page(request, form, location, status=409, rows=_rows(planned, {}), digest=digest, is_changed=True)
    shown: dict[str, Any] = {"rows": _rows(planned, pressed), "digest": digest}
    try:
        booked = services.book_series(
            **wish, picks=_picks(request, pressed), notify=form.cleaned_data["notify"], by=member(request)
        )
    except SeriesRefused as refusal:
        more = {"refusal": refusal, "refused": _refused_times(refusal)}
        return _form_page(request, form, location, status=refusal.http_status, **shown, **more)
    except Invalid as refusal:
        form.refuse(refusal)
        return _form_page(request, form, location, status=422, **shown)
    messages.success(request, f"{booked.patient.full_name} is booked for the series.")
    return redirect("scheduling:series", booked.public_id)


def _rows(planned: list[PlannedVisit], pressed: dict[int, str]) -> list[Row]:
    """The dates with what may be pressed: free ones are taken unless they were left out before."""
    rows = []
    for one in planned:
        value = value_of(one.claim.starts_at, one.claim.therapist.public_id)
        choices = as_choices(one.alternatives)
        usual = value if one.is_free and not pressed else ""
        rows.append(Row(one, value, choices, pressed.get(one.number, usual)))
    return rows


def _pressed(asked: QueryDict) -> dict[int, str]:
    """What was pressed beside each date's number."""
    values = {number: str(asked.get(f"pick-{number}", "")) for number in range(1, MOST + 1)}
    return {number: value for number, value in values.items() if value}


def _picks(request: HttpRequest, pressed: dict[int, str]) -> list[services.Pick]:
    read = {number: read_value(value) for number, value in pressed.items()}
    keys = {value[1] for value in read.values() if value}
    people = {one.public_id: one for one in User.objects.visible_to(request.user).filter(public_id__in=keys)}
    picks = []
    for number, value in read.items():
        if value is None or value[1] not in people:
            raise Invalid(fields={"picks": "Choose one of the offered times."})
        picks.append(services.Pick(number, starts_at=value[0], therapist=people[value[1]]))
    return picks


def _digest(wish: dict[str, Any]) -> str:
    """Which plan the dates on the screen belong to."""
    ids = "~".join(str(wish[name].public_id) for name in ("patient", "therapist", "service", "location"))
    return f"{ids}~{wish['rule']}~{wish['first_at'].isoformat()}"


def _refused_times(refusal: SeriesRefused) -> list[datetime]:
    times = [parse_datetime(one["starts_at"]) for one in refusal.facts["dates"]]
    return [one for one in times if one is not None]


def _form_page(
    request: HttpRequest, form: SeriesForm, location: Location, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "location": location,
        "chosen": chosen_patient(form["patient"].value(), member(request)),
        "q": request.POST.get("q", ""),
        **more,
    }
    return render(request, "scheduling/series_new.html", context, status=status)


def _for(request: HttpRequest, location: Location) -> dict[str, Any]:
    return {"user": member(request), "location": location}


def _asked(request: HttpRequest, location: Location) -> dict[str, Any]:
    """What the address says: for whom, what, with whom, from when on."""
    starts_at = instant_asked(request.GET.get("starts_at", ""))
    wall = local(starts_at, location.timezone) if starts_at else None
    ids = {name: as_uuid(request.GET.get(name, "")) or "" for name in ("patient", "service", "therapist")}
    weekdays = [f"{wall:%a}"[:2].upper()] if wall else []
    return {"location": location.public_id, **ids, "on": wall and wall.date(), "at": wall, "weekdays": weekdays}


# One series


def _series(request: HttpRequest, public_id: UUID) -> AppointmentSeries:
    rows = AppointmentSeries.objects.visible_to(request.user)
    rows = rows.select_related("patient", "therapist", "service", "location", "room")
    found: AppointmentSeries = get_object_or_404(rows, public_id=public_id)
    return found


def _series_page(request: HttpRequest, found: AppointmentSeries, status: int = 200, **more: Any) -> HttpResponse:
    user = member(request)
    visits = list(visits_of(found))
    movable = [visit for visit in visits if visit.status in MOVABLE]
    context = {
        "series": found,
        "visits": visits,
        "movable": movable,
        "location": found.location,
        "patient": found.patient,
        "light": str(lights([found.patient.pk])[found.patient.pk]),
        "is_our_location": user.locations.filter(pk=found.location_id).exists(),
        "told": Message.objects.visible_to(user).filter(subject__key=subject_key(found)).order_by("-id"),
        "events": AuditEvent.objects.visible_to(user).filter(subject_id=str(found.public_id)).order_by("id"),
        "move_form": _move_form(request, found),
        "cancel_form": _cancel_form(found),
        **more,
    }
    for name in ("moving", "cancelling"):
        if more.get(name) is not None:
            context[f"{name}_refused"] = _is_refused(more[name])
    return render(request, "scheduling/series.html", context, status=status)


def _is_refused(reached: list[Reached]) -> bool:
    """Whether nothing of it could be done as it stands."""
    return any(one.is_in_the_way for one in reached) or not any(one.is_touched for one in reached)


def _open_visits(found: AppointmentSeries) -> Any:
    return visits_of(found).filter(status__in=MOVABLE)


def _initial(found: AppointmentSeries) -> dict[str, Any]:
    first: Appointment | None = _open_visits(found).first()
    return {"version": found.version, "start": first.public_id if first else None, "at": None}


def _move_form(request: HttpRequest, found: AppointmentSeries, asked: QueryDict | None = None) -> MoveSeriesForm:
    return MoveSeriesForm(
        asked,
        initial=_initial(found),
        visits=_open_visits(found),
        user=member(request),
        series=found,
        prefix="move",
    )


def _cancel_form(found: AppointmentSeries, asked: QueryDict | None = None) -> CancelSeriesForm:
    initial = {**_initial(found), "include_moved": True}
    return CancelSeriesForm(asked, initial=initial, visits=_open_visits(found), prefix="cancel")


def _said(form: ChangeForm) -> dict[str, Any]:
    return {"notify": form.cleaned_data["notify"], "expected_version": form.cleaned_data["version"]}


def _counted(visits: list[Appointment]) -> str:
    return "1 visit is" if len(visits) == 1 else f"{len(visits)} visits are"


def _done(request: HttpRequest, found: AppointmentSeries, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("scheduling:series", found.public_id)
