"""Pages: a patient's curve for their therapist, and the follow-up a patient answers."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from clinic.core.errors import NotAllowed
from messaging.links import link_of
from messaging.models import LinkPurpose
from outcomes import services
from outcomes.forms import SurveyForm
from outcomes.models import Survey
from outcomes.overview import overview
from patients.gate import home_of
from patients.models import Patient
from patients.services import note_patient_read
from staff.models import User


class StaffRequest(HttpRequest):
    """A request of a signed-in member, as the middleware makes it."""

    user: User
    htmx: HtmxDetails


@login_required
@require_GET
def patient(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """How a patient's pain went, episode by episode."""
    if not request.user.reads_clinical:
        raise NotAllowed()
    row = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    note_patient_read(patient=row, by=request.user, screen="outcomes")
    context = {"patient": row, "outcomes": overview(patient=row, user=request.user)}
    return render(request, "outcomes/patient.html", context)


@login_required
@require_POST
def effect_seen(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a reported effect off My day: a therapist has read it."""
    survey = get_object_or_404(Survey.objects.visible_to(request.user).for_list(), public_id=public_id)
    survey = services.mark_effect_seen(survey=survey, by=request.user)
    if not request.htmx:
        return redirect("outcomes:patient", survey.patient.public_id)
    return render(request, "outcomes/_survey.html", {"survey": survey, "home": home_of(survey.patient)})


@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest) -> HttpResponse:
    """The patient's page, opened by their link: one answer, once."""
    link = link_of(request, LinkPurpose.SURVEY, after_use=True)
    row = get_object_or_404(Survey.objects.visible_to(link).for_list())
    is_closed = row.is_answered or row.is_withdrawn or row.is_expired
    context = {"survey": row, "home": home_of(row.patient)}
    if is_closed:
        return render(request, "outcomes/survey_closed.html", context, status=409 if request.method == "POST" else 200)
    form = SurveyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.answer_survey(survey=row, by=link, **form.cleaned_data)
        return redirect("outcomes:survey")
    return render(request, "outcomes/survey.html", {**context, "form": form}, status=422 if form.is_bound else 200)
