"""The diary: one day of one location, refreshed while it is looked at."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from scheduling.choices import day_asked
from scheduling.diary import DiaryDay, diary_day
from scheduling.hours import local_day
from scheduling.views.entrance import desk_page, is_for, location_of, member

BOARD = "diary-grid"


@require_safe
@desk_page
def diary(request: HttpRequest) -> HttpResponse:
    """Who is where today, and where there is room."""
    location, locations = location_of(request)
    if location is None:
        return render(request, "scheduling/diary.html", {"location": None})
    day = day_asked(request.GET.get("date", ""), location)
    shown = diary_day(location=location, day=day, user=member(request))
    context = {"diary": shown, "location": location, "locations": locations, "now": timezone.now()}
    if is_for(request, BOARD):
        return _refreshed(request, context, shown)
    view = "list" if request.GET.get("view") == "list" else "grid"
    board = _board(context)
    addresses = _addresses(shown, view, _digest(board))
    return render(request, "scheduling/diary.html", {**context, **board, **addresses, "view": view})


def _refreshed(request: HttpRequest, context: dict[str, Any], shown: DiaryDay) -> HttpResponse:
    """The grid anew, if it is not what the page already shows; the whole page, if its hours no longer fit."""
    if request.GET.get("hours") != _hours(shown):
        return HttpResponseClientRefresh()
    board = _board(context)
    digest = _digest(board)
    if request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    addresses = _addresses(shown, "grid", digest)
    return render(request, "scheduling/_diary_refreshed.html", {**context, **board, **addresses})


def _board(context: dict[str, Any]) -> dict[str, str]:
    """The day as columns and as a list."""
    return {
        "columns_html": render_to_string("scheduling/_diary_columns.html", context),
        "list_html": render_to_string("scheduling/_diary_list.html", context),
    }


def _digest(board: dict[str, str]) -> str:
    """A short name for what the board shows, so that an unchanged one is not sent again."""
    return hashlib.sha256("".join(board.values()).encode()).hexdigest()[:16]


def _hours(shown: DiaryDay) -> str:
    return f"{shown.first_hour}-{shown.last_hour}"


def _addresses(shown: DiaryDay, view: str, digest: str) -> dict[str, Any]:
    location = str(shown.location.public_id)

    def of(day: Any, **more: str) -> str:
        return "?" + urlencode({"date": day.isoformat(), "location": location, **more})

    kept = {"view": "list"} if view == "list" else {}
    return {
        "today_address": of(local_day(timezone.now(), shown.location), **kept),
        "previous_address": of(shown.day - timedelta(days=1), **kept),
        "next_address": of(shown.day + timedelta(days=1), **kept),
        "grid_address": of(shown.day),
        "list_address": of(shown.day, view="list"),
        "refresh_address": of(shown.day, hours=_hours(shown), seen=digest),
    }
