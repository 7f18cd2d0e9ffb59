"""The plan of care of an episode: read, agree, rate, discharge."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.errors import Invalid
from patients.models import Episode
from patients.services import note_patient_read
from sessions import services
from sessions.event_log import place_of
from sessions.forms import show_refusal
from sessions.goals import standing_of
from sessions.models import CarePlan
from sessions.plan_forms import DischargeForm, RatingForm, plan_forms, show_plan_refusal
from sessions.views.reading import member


@login_required
@require_safe
def plan(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Where each goal stands, and how the plan came to be."""
    episode = _seen_episode(request, public_id)
    note_patient_read(patient=episode.patient, by=member(request), screen="plan")
    return _show(request, episode)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_plan(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Agree on the plan, or change it."""
    episode = _seen_episode(request, public_id)
    standing = standing_of(episode=episode, user=member(request))
    form, goals = plan_forms(standing, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and goals.is_valid():
        meant = [row for row in goals if row.is_meant]
        known = dict(form.cleaned_data)
        number = known.pop("number")
        entries = [row.entry for row in meant]
        try:
            services.save_plan(episode=episode, goals=entries, expected_number=number, by=member(request), **known)
            return redirect("sessions:plan", public_id)
        except Invalid as refusal:
            show_plan_refusal(form, meant, refusal)
    wrong = request.method == "POST"
    shown = {"episode": episode, "patient": episode.patient, "form": form, "goals": goals, "standing": standing}
    return render(request, "sessions/plan_form.html", shown, status=422 if wrong else 200)


@login_required
@require_POST
def rate(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """How near a goal is, as the patient says."""
    episode = _seen_episode(request, public_id)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _show(request, episode, rating_form=form)
    services.rate_goal(episode=episode, by=member(request), **form.cleaned_data)
    return redirect("sessions:plan", public_id)


@login_required
@require_POST
def discharge(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End the episode."""
    episode = _seen_episode(request, public_id)
    form = DischargeForm(request.POST)
    if form.is_valid():
        try:
            services.discharge_episode(episode=episode, by=member(request), **form.cleaned_data)
            return redirect("sessions:plan", public_id)
        except Invalid as refusal:
            show_refusal(form, refusal)
    return _show(request, episode, discharge_form=form)


def _seen_episode(request: HttpRequest, public_id: uuid.UUID) -> Episode:
    member(request)
    seen = Episode.objects.visible_to(request.user).select_related("patient", "condition")
    row: Episode = get_object_or_404(seen, public_id=public_id)
    return row


def _show(request: HttpRequest, episode: Episode, **forms: Any) -> HttpResponse:
    versions = CarePlan.objects.visible_to(request.user).filter(episode=episode)
    shown = {
        "episode": episode,
        "patient": episode.patient,
        "place": place_of(episode.patient),
        "standing": standing_of(episode=episode, user=member(request)),
        "versions": list(versions.order_by("-number").select_related("author").prefetch_related("goals")),
        "discharge_form": DischargeForm(),
        **forms,
    }
    return render(request, "sessions/plan.html", shown, status=422 if forms else 200)
