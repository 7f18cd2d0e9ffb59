"""The diary: one location's day or a therapist's week, refreshed while it is looked at."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from clinic.models import Location
from scheduling.board import Arrangement, Board
from scheduling.choices import FIRST_DAY, LAST_DAY, as_uuid, day_asked
from scheduling.diary import board
from scheduling.hours import local_day
from scheduling.models import MoveRequest, WaitListEntry
from scheduling.views.entrance import desk_page, is_for, location_of, member
from screening.alarms import alarms_for
from screening.models import CallIn
from staff.models import User

GRID = "diary-grid"
REMEMBERED = "diary_look"
MOST_ASKED = 20
# How the day may be looked at, and how much height an hour is given; the first of each is the usual one.
# Of a view its name and icon.
VIEWS = {
    "grid": ("Therapists", "patients"),
    "rooms": ("Rooms", "room"),
    "week": ("Week", "calendar"),
    "list": ("List", "list"),
}
ZOOMS = {"normal": "Normal", "compact": "Low", "tall": "Tall"}
ARRANGEMENTS = {"rooms": Arrangement.ROOMS, "week": Arrangement.WEEK}


@dataclass(frozen=True)
class Look:
    """How a member looks at the diary; remembered until they look otherwise."""

    view: str = "grid"
    zoom: str = "normal"
    # The public id of the only therapist shown on a day; empty is everybody.
    whose: str = ""
    # Whose week.
    week_of: str = ""

    @property
    def arrangement(self) -> Arrangement:
        return ARRANGEMENTS.get(self.view, Arrangement.THERAPISTS)


@require_safe
@desk_page
def diary(request: HttpRequest) -> HttpResponse:
    """Who is where, and where there is room."""
    location, locations = location_of(request)
    if location is None:
        return render(request, "scheduling/diary.html", {"location": None})
    look = _look(request)
    shown = board(
        location=location,
        day=day_asked(request.GET.get("date", ""), location),
        user=member(request),
        arrangement=look.arrangement,
        whose=_whose(request, look),
    )
    waiting = WaitListEntry.objects.visible_to(request.user).waiting().filter(location=location).count()
    context = {"diary": shown, "location": location, "locations": locations, "look": look, "waiting": waiting}
    context |= {"asked": _asked(request, location), "now": timezone.now()}
    context["alarms"] = alarms_for(member(request))
    context["calls"] = CallIn.objects.visible_to(request.user).waiting()[:MOST_ASKED]
    if is_for(request, GRID):
        return _refreshed(request, context, shown)
    parts = _parts(context)
    context |= {**parts, **_addresses(shown, look, _digest(parts)), "zooms": ZOOMS}
    return render(request, "scheduling/diary.html", context)


def _look(request: HttpRequest) -> Look:
    """As the address says, for the rest as it was looked at last. A refresh in the background changes no habit."""
    asked = {**asdict(Look()), **request.session.get(REMEMBERED, {}), **request.GET.dict()}
    look = Look(
        view=asked["view"] if asked["view"] in VIEWS else Look.view,
        zoom=asked["zoom"] if asked["zoom"] in ZOOMS else Look.zoom,
        whose=str(as_uuid(asked["whose"]) or ""),
        week_of=str(as_uuid(asked["week_of"]) or ""),
    )
    if not is_for(request, GRID) and request.session.get(REMEMBERED, asdict(Look())) != asdict(look):
        request.session[REMEMBERED] = asdict(look)
    return look


def _asked(request: HttpRequest, location: Location) -> list[MoveRequest]:
    """Patients who asked for another time by their link, the next visit first."""
    rows = MoveRequest.objects.visible_to(request.user).open().filter(appointment__location=location)
    return list(rows.select_related("appointment__patient").order_by("appointment__starts_at", "id")[:MOST_ASKED])


def _whose(request: HttpRequest, look: Look) -> User | None:
    key = look.week_of if look.view == "week" else look.whose
    return User.objects.visible_to(request.user).filter(public_id=key).first() if key else None


def _refreshed(request: HttpRequest, context: dict[str, Any], shown: Board) -> HttpResponse:
    """The grid anew, if it is not what the page already shows; the whole page, if its hours no longer fit."""
    if request.GET.get("hours") != _hours(shown):
        return HttpResponseClientRefresh()
    parts = _parts(context)
    digest = _digest(parts)
    if request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    addresses = _addresses(shown, context["look"], digest)
    return render(request, "scheduling/_diary_refreshed.html", {**context, **parts, **addresses})


def _parts(context: dict[str, Any]) -> dict[str, str]:
    """The day as columns, as a list, and what of it is still open."""
    names = {"columns_html": "_diary_columns", "list_html": "_diary_list", "panel_html": "_diary_panel"}
    return {key: render_to_string(f"scheduling/{name}.html", context) for key, name in names.items()}


def _digest(parts: dict[str, str]) -> str:
    """A short name for what the board shows, so that an unchanged one is not sent again."""
    return hashlib.sha256("".join(parts.values()).encode()).hexdigest()[:16]


def _hours(shown: Board) -> str:
    return f"{shown.first_hour}-{shown.last_hour}"


def _kept(look: Look) -> dict[str, str]:
    """What a refresh has to name, because a member may look at two diaries at once."""
    return {"view": look.view, "whose": look.whose, "week_of": look.week_of}


def _addresses(shown: Board, look: Look, digest: str) -> dict[str, Any]:
    location = str(shown.location.public_id)
    step = timedelta(days=7 if shown.is_week else 1)

    def of(day: date, **more: str) -> str:
        within = min(max(day, FIRST_DAY), LAST_DAY)
        return "?" + urlencode({"date": within.isoformat(), "location": location, **more})

    return {
        "today_address": of(local_day(timezone.now(), shown.location)),
        "previous_address": of(shown.day - step),
        "next_address": of(shown.day + step),
        "views": [(view, *looks, of(shown.day, view=view)) for view, looks in VIEWS.items()],
        "refresh_address": of(shown.day, hours=_hours(shown), seen=digest, **_kept(look)),
    }
