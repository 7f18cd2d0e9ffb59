"""Setting up: locations, rooms, hours, closures, services, and when and how much therapists work. For admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import services as clinic_services
from clinic.core.clock import today_in
from clinic.models import Location, Room, Service
from scheduling import services
from scheduling.coming_hours import changes_after, open_today, week_on
from scheduling.hours import local_day
from scheduling.models import Closure, ExtraHours, OpeningHours, TherapistLimits, TimeOff, WorkingHours
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
from scheduling.stranded import Stranded, stranded_everywhere, stranded_visits
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
    doors = open_today(list(locations), timezone.now())
    context = {
        "locations": [(location, doors[location.pk]) for location in locations],
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
        newest=lambda: _location(request, public_id),
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
    return tried(
        request,
        form,
        act,
        shown,
        said="The room is saved.",
        back=_address(found.location),
        newest=rows.filter(pk=found.pk).get,
    )


@require_POST
@admin_page
def opening_week(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The location's opening hours from a day on."""
    place, form = _location(request, public_id), WeekForm(request.POST)
    return _part(
        request,
        place,
        None,
        lambda: _say_until(request, services.set_opening_week(location=place, **form.wish, by=member(request)), form),
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
    _warn_of_stranded(request, found.location, found.therapist if kind == "absence" else None)
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
        lambda: _say_until(
            request,
            services.set_working_week(therapist=person, location=place, **form.wish, by=member(request)),
            form,
        ),
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


def _say_until(request: HttpRequest, until: date | None, form: WeekForm) -> None:
    """New hours that end sooner than the form said, because others are kept, are not to surprise anybody."""
    if until is not None and form.cleaned_data["valid_until"] is None:
        after = until + timedelta(days=1)
        messages.info(request, f"They hold until {until:%-d %b %Y}: other hours are set from {after:%-d %b %Y} on.")


def _part(
    request: HttpRequest,
    place: Location,
    person: User | None,
    act: Callable[[], Any],
    *,
    said: str,
    strands: bool = False,
    newest: Callable[[], Any] | None = None,
    **form: Any,
) -> HttpResponse:
    """Try a part of a location's page, or of a therapist's at it, named as the page names its form. `strands` if
    visits may lie outside the hours afterwards."""

    def do() -> None:
        act()
        if strands:
            _warn_of_stranded(request, place, person)

    shown = partial(_working, request, place, person, **form) if person else partial(_place, request, place, **form)
    return tried(request, next(iter(form.values())), do, shown, said=said, back=_address(place, person), newest=newest)


def _address(place: Location, person: User | None = None) -> str:
    """A location's page, or a therapist's at it."""
    if person is None:
        return reverse("scheduling:setup-location", args=[place.public_id])
    return reverse("scheduling:setup-therapist", args=[place.public_id, person.public_id])


def _place(request: HttpRequest, place: Location, *, status: int = 200, **more: Any) -> HttpResponse:
    today = today_in(place.timezone)
    hours = list(OpeningHours.objects.visible_to(request.user).filter(location=place))
    week = week_on(hours, today)
    context = {
        "location": place,
        "form": LocationForm(initial=LocationForm.values_of(place)),
        "rooms": Room.objects.visible_to(request.user).filter(location=place).order_by("-is_active", "name", "id"),
        "room_form": NewRoomForm(),
        "week_form": WeekForm(initial=WeekForm.values_of(week, today)),
        "has_hours": any(week.values()),
        "later": changes_after(hours, today, empty="closed"),
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
        "week_form": WeekForm(initial=WeekForm.values_of(week_on(hours, today), today)),
        "later": changes_after(hours, today, empty="free"),
        "absences": off.select_related("location").order_by("starts_at"),
        "off_form": TimeOffForm(initial={"first_on": today, "last_on": today}, location=place),
        "limits_form": LimitsForm(initial=LimitsForm.values_of(kept)),
        **more,
    }
    return render(request, "scheduling/setup/therapist.html", context, status=status)


def _warn_of_stranded(request: HttpRequest, place: Location, person: User | None = None) -> None:
    """Visits stay when hours change; somebody has to hear of it. A therapist's absence counts at every location."""
    if person:
        found = stranded_everywhere(therapist=person)
    else:
        found = [Stranded(place, visits)] if (visits := stranded_visits(location=place)) else []
    seen = set(Location.objects.visible_to(request.user).values_list("pk", flat=True))
    for one in found:
        number = f"{len(one.visits)} visits lie" if len(one.visits) > 1 else "One visit lies"
        text = f"{number} outside the hours at {one.location} now and stay until they are moved."
        if one.location.pk not in seen:
            messages.warning(request, f"{text} Tell the desk there.")
            continue
        first = local_day(one.visits[0].starts_at, one.location)
        address = f"{reverse('scheduling:diary')}?location={one.location.public_id}&date={first.isoformat()}"
        link = format_html('<a href="{}">Open the diary of {}</a>', address, f"{first:%-d %b %Y}")
        messages.warning(request, format_html("{} {}, the first of them.", text, link))


def _location(request: HttpRequest, public_id: UUID) -> Location:
    place: Location = get_object_or_404(Location.objects.visible_to(request.user), public_id=public_id)
    return place


def _person(request: HttpRequest, public_id: UUID, therapist_id: UUID) -> tuple[Location, User]:
    place = _location(request, public_id)
    people = User.objects.visible_to(request.user).therapists().filter(locations=place)
    person: User = get_object_or_404(people, public_id=therapist_id)
    return place, person
