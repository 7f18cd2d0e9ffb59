"""What stands in the way of treating today: asked and seen in the room."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic.core.errors import Invalid, NotAllowed
from patients.models import Patient
from patients.services import note_patient_read
from questionnaires.forms import PageForm
from questionnaires.models import Questionnaire
from screening import services
from screening.at_visit import AT_VISIT
from screening.views.review import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def at_visit(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask the therapist, then let the rules hear it and show what they say."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    if not request.user.writes_clinical:
        raise NotAllowed()
    form = _form(request)
    if form.is_valid():
        try:
            services.record_at_visit(patient=found, answers=form.entries(), by=request.user)
            messages.success(request, "Noted. The rules ran over it.")
            return redirect("screening:patient", public_id)
        except Invalid as refusal:
            form.refuse(refusal.fields)
    note_patient_read(patient=found, by=request.user, screen="at_visit")
    context = {"patient": found, "form": form}
    return render(request, "screening/at_visit.html", context, status=422 if form.is_bound else 200)


def _form(request: StaffRequest) -> PageForm:
    questionnaire = Questionnaire.objects.visible_to(request.user).current(AT_VISIT).first()
    if questionnaire is None:
        raise Http404
    form = questionnaire.form()
    posted = request.POST if request.method == "POST" else None
    return PageForm(posted, form=form, page=form.pages[0], answers={}, language="en")
