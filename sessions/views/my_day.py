"""The therapist's day, and the start of a session from it."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clinic.core.errors import NotAllowed
from scheduling.models import Appointment
from screening.alarms import alarms_for
from sessions import services
from sessions.event_log import serious_alarms
from sessions.my_day import day_of
from sessions.views.reading import member


@login_required
@require_safe
def my_day(request: HttpRequest) -> HttpResponse:
    """Today's visits of this therapist, and notes that wait for a signature."""
    therapist = member(request)
    if not therapist.is_therapist:
        raise NotAllowed()
    context = {"day": day_of(therapist=therapist, now=timezone.now()), "alarms": alarms_for(therapist)}
    context["serious"] = serious_alarms(therapist)
    return render(request, "sessions/my_day.html", context)


@login_required
@require_POST
def start(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Start the session of a visit, or go back to it."""
    therapist = member(request)
    visit = get_object_or_404(Appointment.objects.visible_to(request.user), public_id=public_id)
    session = services.start_session(appointment=visit, by=therapist)
    address = reverse("sessions:session", args=[session.public_id])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)  # type: ignore[attr-defined]
