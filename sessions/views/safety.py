"""Unwanted effects: the list, one event, reporting and correcting it, and the question at the next visit."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.errors import Invalid
from outcomes.models import Survey
from patients.models import Patient
from patients.services import note_patient_read
from sessions import services
from sessions.event_log import events_page, history_of, place_of, sessions_to_follow
from sessions.forms import show_refusal
from sessions.models import AdverseEvent, TreatmentSession
from sessions.safety_forms import CorrectionForm, EventForm, SeenForm, initial_of
from sessions.views.page import show_section
from sessions.views.reading import member, readable_id, seen_session


@login_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """Every event this member may see, newest first; only serious ones, or one patient's, where asked."""
    user = member(request)
    seen = AdverseEvent.objects.visible_to(request.user)
    shown: dict[str, Any] = {"only_serious": "serious" in request.GET}
    if request.GET.get("patient"):
        found = Patient.objects.visible_to(request.user)
        shown["patient"] = get_object_or_404(found, public_id=readable_id(request.GET["patient"]))
        seen = seen.filter(patient=shown["patient"])
        note_patient_read(patient=shown["patient"], by=user, screen="adverse events")
    if shown["only_serious"]:
        seen = seen.filter(is_serious=True)
    after = request.GET.get("after")
    last = (
        get_object_or_404(AdverseEvent.objects.visible_to(request.user), public_id=readable_id(after))
        if after
        else None
    )
    return render(request, "sessions/events.html", {**shown, "page": events_page(seen=seen, after=last)})


@login_required
@require_safe
def event(request: HttpRequest, event_id: uuid.UUID) -> HttpResponse:
    """One event with all its versions."""
    row = _seen_event(request, event_id)
    note_patient_read(patient=row.patient, by=member(request), screen="adverse event")
    return _show_event(request, row, SeenForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_event(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Report an effect; the address may name the session, the follow-up, or the visit it was told in."""
    user = member(request)
    patient = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    told = _told(request, patient)
    form = EventForm(
        request.POST if request.method == "POST" else None,
        zone=place_of(patient, told["session"]).timezone,
        sessions=sessions_to_follow(patient=patient, user=user),
        initial=_initial(told),
    )
    if form.is_valid():
        told["session"] = _session(request, patient, form.cleaned_data["session"])
        try:
            row = services.record_adverse_event(patient=patient, entries=form.entries, by=user, **told)
            return redirect(told["asked_in"] or row)
        except Invalid as refusal:
            show_refusal(form, refusal)
    shown = {"patient": patient, "form": form}
    return render(request, "sessions/event_form.html", shown, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correct_event(request: HttpRequest, event_id: uuid.UUID, number: int) -> HttpResponse:
    """Say it again otherwise: the version that was read is named, so that nobody's correction is lost."""
    row = _seen_event(request, event_id, number=number)
    zone = place_of(row.patient, row.session).timezone
    form = CorrectionForm(
        request.POST if request.method == "POST" else None, zone=zone, initial=initial_of(row, zone=zone)
    )
    if form.is_valid():
        why = {name: form.cleaned_data[name] for name in ("reason", "is_withdrawn")}
        try:
            return redirect(services.correct_adverse_event(event=row, entries=form.entries, by=member(request), **why))
        except Invalid as refusal:
            show_refusal(form, refusal)
    shown = {"patient": row.patient, "event": row, "form": form}
    return render(request, "sessions/event_form.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def acknowledge(request: HttpRequest, event_id: uuid.UUID) -> HttpResponse:
    """A clinical lead has looked."""
    row = _seen_event(request, event_id)
    form = SeenForm(request.POST)
    if form.is_valid():
        services.acknowledge_adverse_event(event=row, note=form.cleaned_data["note"], by=member(request))
        return redirect(row)
    return _show_event(request, row, form)


@login_required
@require_POST
def no_effect(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asked about the last session: nothing unexpected."""
    session = seen_session(request, public_id)
    services.record_no_effect(session=session, by=member(request))
    return show_section(request, session, "effects")


def _seen_event(request: HttpRequest, event_id: uuid.UUID, **which: int) -> AdverseEvent:
    member(request)
    seen = AdverseEvent.objects.visible_to(request.user).for_list().filter(event_id=event_id)
    row: AdverseEvent = get_object_or_404(seen.filter(**which) if which else seen.current())
    return row


def _show_event(request: HttpRequest, row: AdverseEvent, form: SeenForm) -> HttpResponse:
    user = member(request)
    shown = {
        "event": row,
        "patient": row.patient,
        "history": history_of(row),
        "form": form,
        "place": place_of(row.patient, row.session),
        "may_correct": user.writes_clinical and Patient.objects.visible_to(user).filter(pk=row.patient.pk).exists(),
        "may_acknowledge": row.is_serious and user.writes_clinical and user.is_clinical_lead,
    }
    return render(request, "sessions/event.html", shown, status=422 if form.errors else 200)


def _told(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    """Where an effect was told, as the address says; the last session where a later one asks about it."""
    asked = request.GET
    survey = None
    if asked.get("survey"):
        surveys = Survey.objects.visible_to(request.user).filter(patient=patient)
        survey = get_object_or_404(surveys, public_id=readable_id(asked["survey"]))
    session = _session(request, patient, str(survey.session_id) if survey else asked.get("session", ""))
    return {"survey": survey, "session": session, "asked_in": _session(request, patient, asked.get("asked_in", ""))}


def _session(request: HttpRequest, patient: Patient, named: str) -> TreatmentSession | None:
    if not named:
        return None
    seen = TreatmentSession.objects.visible_to(request.user).filter(patient=patient).for_page()
    row: TreatmentSession = get_object_or_404(seen, public_id=readable_id(named))
    return row


def _initial(told: dict[str, Any]) -> dict[str, Any]:
    survey, session = told["survey"], told["session"]
    return {
        "session": str(session.public_id) if session else "",
        "description": survey.effect_text if survey else "",
        "substance": session.lubricant if session else "",
    }
