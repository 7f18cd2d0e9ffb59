"""Finding patients: the list, and the type-ahead other screens use."""

from __future__ import annotations

import uuid
from typing import cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from clinic.models import Location
from patients import services
from patients.models import Patient
from patients.paging import page_by_name
from patients.searching import SearchTerm, read_term
from staff.models import User

SUGGESTIONS = 8


@require_GET
@login_required
def list_patients(request: HttpRequest) -> HttpResponse:
    """Everybody this member may see, by name; or those a search means."""
    user = cast("User", request.user)
    text = request.GET.get("q", "").strip()
    patients = Patient.objects.visible_to(user)
    term = SearchTerm()
    if text:
        term, countries = _read(text, user)
        patients = patients.search(term, countries=countries)
    page = page_by_name(patients, after=_row(request, "after"), before=_row(request, "before"), text=text)
    context = {"patients": page.rows, "page": page, "q": text, "hint": term.hint}
    return render(request, "patients/_list.html" if request.htmx else "patients/list.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Suggestions while somebody types: at most eight, by name.

    `?q=` the text; `?target=` a page of ours: each suggestion links there with `patient=<id>` added (without it, to
    the patient's record); `&in=dialog` also loads that page into the dialog by htmx; `&as=radio` gives radio
    buttons named `patient` instead of links, for a form that stays as it is.
    """
    text = request.GET.get("q", "").strip()
    if not text:
        return HttpResponse()
    term, countries = _read(text, cast("User", request.user))
    means = Patient.objects.visible_to(request.user).search(term, countries=countries)
    found = list(means.by_name()[: SUGGESTIONS + 1])
    context = {
        "hint": term.hint,
        "suggestions": [(patient, _address(request, patient)) for patient in found[:SUGGESTIONS]],
        "has_more": len(found) > SUGGESTIONS,
        "look": request.GET.get("as", "link"),
        "is_in_dialog": request.GET.get("in") == "dialog",
    }
    return render(request, "patients/_search_results.html", context)


def _read(text: str, user: User) -> tuple[SearchTerm, set[str]]:
    countries = set(Location.objects.visible_to(user).values_list("country", flat=True))
    term = read_term(text, countries=countries)
    services.note_search(by=user, kind=term.kind)
    return term, countries


def _address(request: HttpRequest, patient: Patient) -> str:
    target = request.GET.get("target", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    if not is_ours:
        return reverse("patients:detail", args=[patient.public_id])
    parts = urlsplit(target)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "patient"]
    return urlunsplit(("", "", parts.path, urlencode([*kept, ("patient", str(patient.public_id))]), ""))


def _row(request: HttpRequest, name: str) -> Patient | None:
    try:
        edge = uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    return Patient.objects.visible_to(request.user).filter(public_id=edge).first()
