"""The patient's own page: when and where, and the two answers. Reached by a signed link, in the patient's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.clock import print_visit
from messaging.links import close_link, link_of
from messaging.models import LinkPurpose
from scheduling import services
from scheduling.errors import NothingToAnswer
from scheduling.forms import AnotherTimeForm
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, CancelReason
from scheduling.visits import visit_of, wants_another_time


@require_safe
def visit(request: HttpRequest) -> HttpResponse:
    """When and where the visit is, and whether the patient comes."""
    found = visit_of(link_of(request, LinkPurpose.VISIT))
    return _page(request, "scheduling/visit.html", found)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Yes, I come."""
    link = link_of(request, LinkPurpose.VISIT)
    found = visit_of(link)
    if found.status in MOVABLE:
        services.confirm_appointment(appointment=found, by=link)
    return redirect("scheduling:visit")


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Ask once more; then the visit is off and the link is dead."""
    link = link_of(request, LinkPurpose.VISIT)
    found = visit_of(link)
    if found.status not in MOVABLE:
        return redirect("scheduling:visit")
    if request.method != "POST":
        return _page(request, "scheduling/visit_cancel.html", found)
    services.cancel_appointment(appointment=found, reason=CancelReason.PATIENT_BY_LINK, by=link)
    answer = _page(request, "scheduling/visit_cancelled.html", found)
    close_link(answer)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest) -> HttpResponse:
    """Which other time would suit; the visit stays until the desk has found one."""
    link = link_of(request, LinkPurpose.VISIT)
    found = visit_of(link)
    form = AnotherTimeForm(request.POST if request.method == "POST" else None)
    if found.status not in MOVABLE:
        return redirect("scheduling:visit")
    if not form.is_valid():
        return _page(request, "scheduling/visit_move.html", found, form=form, code=422 if form.is_bound else 200)
    try:
        services.ask_for_another_time(appointment=found, **form.cleaned_data, by=link)
    except NothingToAnswer:
        return redirect("scheduling:visit")
    return _page(request, "scheduling/visit_move_asked.html", found)


def _page(request: HttpRequest, template: str, found: Appointment, *, code: int = 200, **more: Any) -> HttpResponse:
    """Only when, where and whether: no name, no therapist, no service."""
    context = {
        "when": print_visit(found.starts_at, found.location.timezone, get_language() or "en"),
        "location": found.location,
        "status": found.status,
        "may_answer": found.status in MOVABLE,
        "is_late": found.starts_at - timedelta(hours=found.location.late_cancel_hours) < timezone.now(),
        "has_asked": wants_another_time(found),
        **more,
    }
    return render(request, template, context, status=code)
