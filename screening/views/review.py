"""The therapist's review: what fired and why, what the patient said, what was decided."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from clinic.core.errors import Invalid, NotAllowed
from clinic.models import Location
from patients.models import Channel, Patient
from patients.services import note_patient_read
from questionnaires.models import QuestionnaireResponse
from questionnaires.presenting import readable
from screening import services
from screening.changes import ChangeLine, line_of
from screening.evaluations import INTAKE
from screening.forms import AcknowledgeForm, ClearForm, LookForm
from screening.models import CallIn, ChangeCheck, ClearanceRequest, Evaluation, Flag
from screening.reasons import lines_of
from screening.suggestions import suggestions_of
from staff.models import User

# Letters that ask for a clearance, newest first.
MOST_REQUESTS = 10


class StaffRequest(HttpRequest):
    """A request of a signed-in member."""

    user: User
    htmx: HtmxDetails


@require_GET
@login_required
def patient(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Flags, why they stand, the answers, and what was decided before."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    if not request.user.reads_clinical:
        raise NotAllowed()
    note_patient_read(patient=found, by=request.user, screen="screening")
    return render(request, "screening/patient.html", _review(found, request.user))


@require_POST
@login_required
def send_intake(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask the patient to fill in the intake."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    services.request_intake(patient=found, by=request.user)
    if found.channel == Channel.NONE or (found.channel == Channel.EMAIL and not found.email):
        messages.warning(request, "The link is ready, but this patient cannot be reached: add an address first.")
    else:
        messages.success(request, "The link to the intake is on its way. See Messages for what became of it.")
    return redirect("screening:patient" if request.user.reads_clinical else "patients:detail", public_id)


@require_POST
@login_required
def screen(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Run the rules again over what is known now."""
    found = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    services.screen(patient=found, by=request.user)
    messages.success(request, "The rules ran over everything known now.")
    return redirect("screening:patient", public_id)


@require_POST
@login_required
def accept(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take over a medicine, an allergy or an earlier treatment the patient wrote."""
    rows = QuestionnaireResponse.objects.visible_to(request.user).select_related("patient", "questionnaire")
    response = get_object_or_404(rows, public_id=public_id)
    services.accept_suggestion(response=response, key=request.POST.get("key", ""), by=request.user)
    messages.success(request, "Added to the record.")
    return redirect("screening:patient", response.patient.public_id)


@require_http_methods(["GET", "POST"])
@login_required
def clear(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask why, then lift the flag."""
    flag = get_object_or_404(Flag.objects.visible_to(request.user).select_related("patient"), public_id=public_id)
    if not request.user.writes_clinical:
        raise NotAllowed()
    form = ClearForm(request.POST if request.method == "POST" else None, flag=flag, zone=_zone(flag.patient))
    if form.is_valid() and _is_cleared(flag, form, request.user):
        messages.success(request, "The flag is cleared.")
        return _back(request, flag.patient)
    template = "screening/_clear.html" if request.htmx else "screening/clear.html"
    context = {"form": form, "line": lines_of([flag], None, user=request.user)[0], "patient": flag.patient}
    return render(request, template, context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def reopen(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a clearance back."""
    flag = get_object_or_404(Flag.objects.visible_to(request.user).select_related("patient"), public_id=public_id)
    services.reopen_flag(flag=flag, by=request.user)
    messages.success(request, "The flag is open again.")
    return redirect("screening:patient", flag.patient.public_id)


@require_POST
@login_required
def acknowledge(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note that a therapist has read a flag and will keep to it."""
    flag = get_object_or_404(Flag.objects.visible_to(request.user).select_related("patient"), public_id=public_id)
    form = AcknowledgeForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={name: str(problems[0]) for name, problems in form.errors.items()})
    services.acknowledge_flag(flag=flag, note=form.cleaned_data["note"], by=request.user)
    messages.success(request, "Noted that you have read it. The flag stands as before.")
    return redirect("screening:patient", flag.patient.public_id)


@require_POST
@login_required
def look_at_changes(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note what a therapist makes of what has changed."""
    rows = ChangeCheck.objects.visible_to(request.user).select_related("patient")
    check = get_object_or_404(rows, public_id=public_id)
    form = LookForm(request.POST)
    if not form.is_valid():
        context = {**_review(check.patient, cast("User", request.user)), "look_form": form}
        return render(request, "screening/patient.html", context, status=422)
    services.look_at_change_check(check=check, note=form.cleaned_data["note"], by=request.user)
    messages.success(request, "Noted. As far as this goes, the session may take place.")
    return redirect("screening:patient", check.patient.public_id)


def _changed(found: Patient, user: User) -> list[ChangeLine]:
    """What the patient says has changed and nobody has looked at."""
    checks = ChangeCheck.objects.visible_to(user).to_look_at().filter(patient=found)
    return [line_of(check) for check in checks.select_related("response__questionnaire").order_by("visit_at")]


def _is_cleared(flag: Flag, form: ClearForm, user: User) -> bool:
    try:
        services.clear_flag(flag=flag, by=user, **form.entries())
    except Invalid as refusal:
        form.refuse(refusal.fields)
        return False
    return True


def _back(request: StaffRequest, found: Patient) -> HttpResponse:
    address = reverse("screening:patient", args=[found.public_id])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _home(found: Patient) -> Location | None:
    return found.locations.order_by("name", "pk").first()


def _zone(found: Patient) -> str:
    home = _home(found)
    return home.timezone if home else "UTC"


def _review(found: Patient, user: User) -> dict[str, Any]:
    """Everything the page prints."""
    responses = QuestionnaireResponse.objects.visible_to(user).filter(patient=found).select_related("questionnaire")
    intake = responses.submitted(INTAKE).first()
    evaluations = Evaluation.objects.visible_to(user).filter(patient=found)
    flags = (
        Flag.objects.visible_to(user)
        .filter(patient=found)
        .select_related("closed_by", "clearance", "handled_by", "acknowledged_by", "patient")
    )
    standing = flags.standing().gravest_first()
    form = intake.questionnaire.form() if intake else None
    cleared = lines_of(flags.cleared().gravest_first(), form, user=user)
    return {
        "patient": found,
        "place": _home(found),
        "colour": services.lights([found.pk])[found.pk],
        "changed": _changed(found, user),
        "standing": lines_of(standing, form, user=user),
        "cleared": cleared,
        # These keep the light amber.
        "has_limits": any(line.flag.is_blocking for line in cleared),
        "history": flags.past().order_by("-updated_at", "-id"),
        "requests": ClearanceRequest.objects.visible_to(user).filter(patient=found).for_review()[:MOST_REQUESTS],
        "evaluation": evaluations.whole().newest_first().first(),
        "intake": intake,
        "unfinished": responses.filter(status="in_progress", questionnaire__key=INTAKE).order_by("-id").first(),
        "answers": readable(form, intake.answers, "en") if form and intake else (),
        "called": CallIn.objects.visible_to(user).waiting().filter(patient=found).exists(),
        "look_form": LookForm(),
        "acknowledge_form": AcknowledgeForm(),
        "suggestions": suggestions_of(intake) if intake and user.writes_clinical else [],
    }
