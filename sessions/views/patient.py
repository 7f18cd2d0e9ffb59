"""A patient's sessions, pain, motions and trigger points over time."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.core.clock import today_in
from patients.models import Episode, Patient
from patients.services import note_patient_read
from sessions.ledger import sessions_page
from sessions.models import TreatmentSession
from sessions.patient_page import patient_page_of
from sessions.views.reading import member, readable_id, seen_session


@login_required
@require_safe
def patient(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What has changed, the courses of pain, motions and points, and the list of sessions, newest first."""
    user = member(request)
    person = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    seen = TreatmentSession.objects.visible_to(request.user).filter(patient=person)
    after = request.GET.get("after")
    page = sessions_page(seen=seen, after=seen_session(request, readable_id(after)) if after else None)
    now = None if after else patient_page_of(patient=person, user=user, now=timezone.now(), today=today_in("UTC"))
    episodes = (
        [] if after else Episode.objects.visible_to(request.user).filter(patient=person).order_by("-opened_on", "-id")
    )
    note_patient_read(patient=person, by=user, screen="sessions")
    shown = {"patient": person, "page": page, "is_first_page": not after, "now": now, "episodes": episodes}
    return render(request, "sessions/patient.html", {**shown, "patient_age": person.age_on(today_in("UTC"))})
