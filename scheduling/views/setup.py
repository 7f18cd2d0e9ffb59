"""Setting up: locations, rooms, hours, closures, services, and when and how much therapists work. For admins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import services as clinic_services
from clinic.core.clock import today_in
from clinic.models import Location, Room, Service
from scheduling import services
from scheduling.hours import is_valid_on, local_day
from scheduling.models import Closure, ExtraHours, OpeningHours, TherapistLimits, TimeOff, Weekday, WorkingHours
from scheduling.periods import Period
from scheduling.setup_forms import (
    ClosureForm,
    ExtraHoursForm,
    LimitsForm,
    LocationForm,
    NewRoomForm,
    RoomForm,
    TimeOffForm,
    WeekForm,
)
from scheduling.stranded import stranded_visits
from scheduling.views.entrance import member
from scheduling.views.setup_entrance import admin_page
from scheduling.views.trying import tried
from staff.models import User


@require_safe
@admin_page
def home(request: HttpRequest) -> HttpResponse:
    """What there is to set up."""
    locations = Location.objects.visible_to(request.user).in_order().prefetch_related("rooms")
    people = User.objects.visible_to(request.user).therapists().prefetch_related("locations")
    shown = {location.pk for location in locations}
    context = {
        "locations": locations,
        "services": Service.objects.visible_to(request.user).order_by("-is_active", "name", "id"),
        "therapists": [(person, [each for each in person.locations.all() if each.pk in shown]) for person in people],
    }
    return render(request, "scheduling/setup/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def location(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A location, its rooms and when it is open."""
    place = _location(request, public_id)
    if request.method != "POST":
        return _place(request, place)
    form = LocationForm(request.POST)
    return _part(
        request,
        place,
        None,
        lambda: clinic_services.change_location(
            location=place, changes=form.changes, expected_version=form.cleaned_data["version"], by=member(request)
        ),
        said="The location is saved.",
        form=form,
    )


@require_POST
@admin_page
def rooms(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One more room."""
    place, form = _location(request, public_id), NewRoomForm(request.POST)
    return _part(
        request,
        place,
        None,
        lambda: clinic_services.add_room(location=place, **form.cleaned_data, by=member(request)),
        said="The room is added.",
        room_form=form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def room(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A room's name, what it has, whether it is in use."""
    rows = Room.objects.visible_to(request.user).select_related("location")
    found: Room = get_object_or_404(rows, public_id=public_id)
    form = RoomForm(request.POST if request.method == "POST" else None, initial=RoomForm.values_of(found))

    def shown(*, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, "room": found, "location": found.location, **more}
        return render(request, "scheduling/setup/room.html", context, status=status)

    def act() -> None:
        version = form.cleaned_data["version"]
        clinic_services.change_room(room=found, changes=form.changes, expected_version=version, by=member(request))

    if request.method != "POST":
        return shown()
    return tried(request, form, act, shown, said="The room is saved.", back=_address(found.location))


@require_POST
@admin_page
def opening_week(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The location's opening hours from a day on."""
    place, form = _location(request, public_id), WeekForm(request.POST)
    return _part(
        request,
        place,
        None,
        lambda: services.set_opening_week(location=place, **form.wish, by=member(request)),
        said="The opening hours are set.",
        week_form=form,
        strands=True,
    )


@require_POST
@admin_page
def closures(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Shut the location for some days."""
    place, form = _location(request, public_id), ClosureForm(request.POST)
    return _part(
        request,
        place,
        None,
        lambda: services.add_closure(location=place, **form.cleaned_data, by=member(request)),
        said="The closure is set.",
        closure_form=form,
        strands=True,
    )


@require_POST
@admin_page
def extra_hours(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open on one date beyond the usual hours."""
    place = _location(request, public_id)
    form = ExtraHoursForm(request.POST, user=member(request), location=place)
    return _part(
        request,
        place,
        None,
        lambda: services.add_extra_hours(location=place, **form.cleaned_data, by=member(request)),
        said="The extra hours are set.",
        extra_form=form,
    )


# What may be taken back: its rows, the act, and what the act calls it.
REMOVALS: dict[str, tuple[Any, Callable[..., None], str]] = {
    "closure": (Closure, services.remove_closure, "closure"),
    "extra": (ExtraHours, services.remove_extra_hours, "extra"),
    "absence": (TimeOff, services.remove_time_off, "time_off"),
}


@require_POST
@admin_page
def remove(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """Take back a closure, extra hours or an absence."""
    if kind not in REMOVALS:
        raise Http404
    model, act, name = REMOVALS[kind]
    found = get_object_or_404(model.objects.visible_to(request.user), public_id=public_id)
    act(**{name: found}, by=member(request))
    messages.success(request, "It is taken back.")
    _warn_of_stranded(request, found.location)
    return redirect(_address(found.location, found.therapist if kind == "absence" else None))


@require_safe
@admin_page
def therapist(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> HttpResponse:
    """When a therapist works at a location, is away, and how much they may be given."""
    place, person = _person(request, public_id, therapist_id)
    return _working(request, place, person)


@require_POST
@admin_page
def working_week(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> HttpResponse:
    """The therapist's hours from a day on."""
    place, person = _person(request, public_id, therapist_id)
    form = WeekForm(request.POST)
    return _part(
        request,
        place,
        person,
        lambda: services.set_working_week(therapist=person, location=place, **form.wish, by=member(request)),
        said="The hours are set.",
        week_form=form,
        strands=True,
    )


@require_POST
@admin_page
def absences(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> HttpResponse:
    """Close the therapist's diary for a while."""
    place, person = _person(request, public_id, therapist_id)
    form = TimeOffForm(request.POST, location=place)
    return _part(
        request,
        place,
        person,
        lambda: services.add_time_off(therapist=person, location=place, **form.wish, by=member(request)),
        said="The absence is set.",
        off_form=form,
        strands=True,
    )


@require_POST
@admin_page
def limits(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> HttpResponse:
    """How much the therapist may be given."""
    place, person = _person(request, public_id, therapist_id)
    form = LimitsForm(request.POST)
    return _part(
        request,
        place,
        person,
        lambda: services.set_limits(therapist=person, **form.cleaned_data, by=member(request)),
        said="The limits are set.",
        limits_form=form,
    )


def _part(
    request: HttpRequest,
    place: Location,
    person: User | None,
    act: Callable[[], Any],
    *,
    said: str,
    strands: bool = False,
    **form: Any,
) -> HttpResponse:
    """Try a part of a location's page, or of a therapist's at it, named as the page names its form. `strands` if
    visits may lie outside the hours afterwards."""

    def do() -> None:
        act()
        if strands:
            _warn_of_stranded(request, place, person)

    shown = partial(_working, request, place, person, **form) if person else partial(_place, request, place, **form)
    return tried(request, next(iter(form.values())), do, shown, said=said, back=_address(place, person))


def _address(place: Location, person: User | None = None) -> str:
    """A location's page, or a therapist's at it."""
    if person is None:
        return reverse("scheduling:setup-location", args=[place.public_id])
    return reverse("scheduling:setup-therapist", args=[place.public_id, person.public_id])


def _place(request: HttpRequest, place: Location, *, status: int = 200, **more: Any) -> HttpResponse:
    today = today_in(place.timezone)
    hours = list(OpeningHours.objects.visible_to(request.user).filter(location=place))
    week = _valid_on(hours, today)
    context = {
        "location": place,
        "form": LocationForm(initial=LocationForm.values_of(place)),
        "rooms": Room.objects.visible_to(request.user).filter(location=place).order_by("-is_active", "name", "id"),
        "room_form": NewRoomForm(),
        "week_form": WeekForm(initial=WeekForm.values_of(week, today)),
        "has_hours": any(week.values()),
        "later": _later(hours, today),
        "closures": Closure.objects.visible_to(request.user)
        .filter(location=place, last_on__gte=today)
        .order_by("first_on"),
        "closure_form": ClosureForm(initial={"first_on": today, "last_on": today}),
        "extra": ExtraHours.objects.visible_to(request.user)
        .filter(location=place, on__gte=today)
        .select_related("therapist")
        .order_by("on", "starts_at_local"),
        "extra_form": ExtraHoursForm(initial={"on": today}, user=member(request), location=place),
        "therapists": User.objects.visible_to(request.user).therapists().filter(locations=place),
        **more,
    }
    return render(request, "scheduling/setup/location.html", context, status=status)


def _working(request: HttpRequest, place: Location, person: User, *, status: int = 200, **more: Any) -> HttpResponse:
    today = today_in(place.timezone)
    hours = list(WorkingHours.objects.visible_to(request.user).filter(location=place, therapist=person))
    kept = TherapistLimits.objects.visible_to(request.user).filter(therapist=person).first()
    off = TimeOff.objects.visible_to(request.user).filter(therapist=person, ends_at__gt=timezone.now())
    context = {
        "location": place,
        "therapist": person,
        "week_form": WeekForm(initial=WeekForm.values_of(_valid_on(hours, today), today)),
        "later": _later(hours, today),
        "absences": off.select_related("location").order_by("starts_at"),
        "off_form": TimeOffForm(
            initial={"first_on": today, "last_on": today, "starts": "00:00", "ends": "23:59"}, location=place
        ),
        "limits_form": LimitsForm(initial=LimitsForm.values_of(kept)),
        **more,
    }
    return render(request, "scheduling/setup/therapist.html", context, status=status)


def _valid_on(rows: list[Any], day: date) -> dict[int, list[Period]]:
    week: dict[int, list[Period]] = defaultdict(list)
    for row in rows:
        if is_valid_on(row, day):
            week[row.weekday].append((row.starts_at_local, row.ends_at_local))
    return week


def _later(rows: list[Any], today: date) -> list[tuple[date, str, str]]:
    """From which day on which hours will hold: (day, weekday, hours)."""
    coming: dict[tuple[date, int], list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: one.starts_at_local):
        if row.valid_from > today:
            until = f" until {row.valid_until:%-d %b %Y}" if row.valid_until else ""
            coming[row.valid_from, row.weekday].append(f"{row.starts_at_local:%H:%M}–{row.ends_at_local:%H:%M}{until}")
    return [(day, str(Weekday(weekday).label), ", ".join(text)) for (day, weekday), text in sorted(coming.items())]


def _warn_of_stranded(request: HttpRequest, place: Location, person: User | None = None) -> None:
    """Visits stay when hours change; somebody has to hear of it."""
    found = stranded_visits(location=place, therapists=[person] if person else None)
    if found:
        first = local_day(found[0].starts_at, place)
        number = f"{len(found)} visits lie" if len(found) > 1 else "One visit lies"
        text = f"{number} outside the hours now and stay until they are moved; the first is on {first:%-d %b %Y}."
        messages.warning(request, text)


def _location(request: HttpRequest, public_id: UUID) -> Location:
    place: Location = get_object_or_404(Location.objects.visible_to(request.user), public_id=public_id)
    return place


def _person(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> tuple[Location, User]:
    place = _location(request, public_id)
    people = User.objects.visible_to(request.user).therapists().filter(locations=place)
    person: User = get_object_or_404(people, public_id=therapist_id)
    return place, person
