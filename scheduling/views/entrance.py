"""What the desk's pages share: who may enter, and where they are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from clinic.core.errors import NotAllowed
from clinic.models import Location
from patients.models import Patient, PatientQuerySet
from patients.searching import read_term
from patients.services import note_search
from scheduling.choices import as_uuid
from staff.models import User

REMEMBERED = "diary_location"
MOST_FOUND = 8


def desk_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Signed-in members who book. A part of a page asked for after the session ended leads to sign-in as a whole."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if is_htmx(request):
                return HttpResponseClientRedirect(redirect_to_login("/").url)
            return redirect_to_login(request.get_full_path())
        if not member(request).books_appointments:
            raise NotAllowed()
        return view(request, *args, **kwargs)

    return door


def is_htmx(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]


def is_for(request: HttpRequest, target: str) -> bool:
    """Whether htmx asks for this part of the page."""
    return is_htmx(request) and request.htmx.target == target  # type: ignore[attr-defined]


def member(request: HttpRequest) -> User:
    return cast("User", request.user)


def location_of(request: HttpRequest) -> tuple[Location | None, list[Location]]:
    """The location asked for, else the one looked at last, else the first; and all there are to choose from."""
    offered = list(Location.objects.visible_to(request.user).in_order())
    for wanted in (request.GET.get("location"), request.session.get(REMEMBERED)):
        for location in offered:
            if wanted and str(location.public_id) == wanted:
                _remember(request, location)
                return location, offered
    return (offered[0] if offered else None), offered


def closes_dialog(request: HttpRequest, text: str, tone: str = "success") -> HttpResponse:
    """Empty the dialog, which closes it; say what was done; and have the diary look again."""
    answer = render(request, "scheduling/_done.html", {"text": text, "tone": tone})
    return trigger_client_event(answer, "diary-changed")


def _remember(request: HttpRequest, location: Location) -> None:
    if request.session.get(REMEMBERED) != str(location.public_id):
        request.session[REMEMBERED] = str(location.public_id)


def chosen_patient(key: Any, user: User) -> Patient | None:
    """The patient chosen so far, if there is such a one."""
    found = as_uuid(str(key or ""))
    return Patient.objects.visible_to(user).filter(public_id=found).first() if found else None


def find_patients(request: HttpRequest) -> dict[str, Any]:
    """Patients who match what was typed, for browsers without scripts and for Enter in the search box."""
    user = member(request)
    countries = set(Location.objects.visible_to(user).values_list("country", flat=True))
    term = read_term(request.POST.get("q", ""), countries=countries)
    note_search(by=user, kind=term.kind)
    patients: PatientQuerySet = Patient.objects.visible_to(user)
    return {"hint": term.hint, "patients": list(patients.search(term, countries=countries).by_name()[:MOST_FOUND])}
