"""Trigger points, motions and techniques of a draft."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import Invalid
from patients.models import Condition
from screening.treatment import EXCUSED_BY_THERAPIST, NEVER_EXCUSED
from sessions import catalogue, services
from sessions.errors import LeadDecides, TreatmentBarred
from sessions.finding_forms import (
    MotionForm,
    ObservationForm,
    PointForm,
    TapForm,
    gauge_of,
    observation_initial,
)
from sessions.forms import TechniqueForm, show_refusal
from sessions.ledger import last_finding, last_gauge
from sessions.models import RangeOfMotion, TechniqueUse, TreatmentSession, TriggerPoint, TriggerPointObservation
from sessions.views.page import close_dialog, show_section
from sessions.views.reading import colleagues, member, seen_session


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_point(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A point at a tapped place, or one chosen from the list of muscles."""
    session = seen_session(request, public_id)
    form = _point_form(request)
    if request.method == "POST" and form.is_valid() and _recorded(request, session, form, **form.point):
        return close_dialog(show_section(request, session, "points"))
    return _ask(request, session, form, _picker(request, session))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def known_point(request: HttpRequest, public_id: uuid.UUID, point_id: uuid.UUID) -> HttpResponse:
    """How a point the patient has already is found in this session."""
    session = seen_session(request, public_id)
    seen = TriggerPoint.objects.visible_to(request.user).filter(patient=session.patient)
    point = get_object_or_404(seen, public_id=point_id)
    form = _observed(request, session, point)
    if request.method == "POST" and form.is_valid() and _recorded(request, session, form, trigger_point=point):
        return close_dialog(show_section(request, session, "points"))
    before = last_finding(point=point, session=session)
    return _ask(request, session, form, {"point": point, "muscle": catalogue.muscles()[point.muscle], "before": before})


@login_required
@require_POST
def remove_point(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """Take back a finding."""
    session = seen_session(request, public_id)
    row = get_object_or_404(_of(session, TriggerPointObservation.objects.visible_to(request.user)), public_id=row_id)
    services.remove_trigger_point(observation=row, by=member(request))
    return show_section(request, session, "points")


@login_required
@require_POST
def add_motion(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record a measured motion."""
    session = seen_session(request, public_id)
    form = MotionForm(request.POST, colleagues=colleagues(request))
    if form.is_valid():
        try:
            services.record_motion(session=session, by=member(request), **form.measured)
            return show_section(request, session, "motions", motion_form=form.other_side(colleagues(request)))
        except Invalid as refusal:
            show_refusal(form, refusal)
    return show_section(request, session, "motions", status=422, motion_form=form)


@login_required
@require_POST
def remove_motion(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """Take back a measurement."""
    session = seen_session(request, public_id)
    row = get_object_or_404(_of(session, RangeOfMotion.objects.visible_to(request.user)), public_id=row_id)
    services.remove_motion(motion=row, by=member(request))
    return show_section(request, session, "motions")


@login_required
@require_POST
def add_technique(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Record minutes of a technique."""
    session = seen_session(request, public_id)
    form = TechniqueForm(request.POST)
    if form.is_valid():
        try:
            services.record_technique(session=session, by=member(request), **form.cleaned_data)
            return show_section(request, session, "techniques")
        except (TreatmentBarred, LeadDecides) as barred:
            reasons = barred.facts["reasons"]
            is_excusable = member(request).is_clinical_lead or set(reasons) <= EXCUSED_BY_THERAPIST
            form.object(reasons, may_be_excused=is_excusable and not NEVER_EXCUSED & set(reasons))
    return show_section(request, session, "techniques", status=422, technique_form=form)


@login_required
@require_POST
def remove_technique(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """Take back a technique."""
    session = seen_session(request, public_id)
    row = get_object_or_404(_of(session, TechniqueUse.objects.visible_to(request.user)), public_id=row_id)
    services.remove_technique(technique_use=row, by=member(request))
    return show_section(request, session, "techniques")


def _of(session: TreatmentSession, rows: Any) -> Any:
    return rows.filter(session=session).select_related("session")


def _recorded(request: HttpRequest, session: TreatmentSession, form: ObservationForm, **where: Any) -> bool:
    """Record a finding; what is refused stands in the form."""
    try:
        services.record_trigger_point(session=session, by=member(request), **where, **form.finding)
    except Invalid as refusal:
        show_refusal(form, refusal)
    except TreatmentBarred as barred:
        form.object(barred.facts["reasons"])
    return form.is_valid()


def _point_form(request: HttpRequest) -> PointForm:
    asked = request.POST if request.method == "POST" else request.GET
    place = TapForm(asked).place
    near = _near(request, place)
    if request.method == "POST":
        is_near = request.POST.get("muscle", "") in {"", *(muscle.key for muscle in near)}
        return PointForm(request.POST, near=near if is_near else (), colleagues=colleagues(request))
    known = gauge_of(last_gauge(by=member(request)))
    if place is not None:
        side = catalogue.side_at(place.view, place.x)
        known |= {"view": place.view, "x": place.x, "y": place.y, "side": side, "muscle": near[0].key if near else ""}
    return PointForm(near=near, initial=known, colleagues=colleagues(request))


def _near(request: HttpRequest, place: catalogue.Place | None) -> list[catalogue.Muscle]:
    """The muscles to choose from at first: those around a tap, or those of a complaint."""
    complaint = _complaint(request)
    if complaint:
        return [catalogue.muscles()[key] for key in complaint.muscles]
    return catalogue.muscles_near(place) if place and not _is_from_list(request) else []


def _picker(request: HttpRequest, session: TreatmentSession) -> dict[str, Any]:
    """What helps to find a muscle in the list: complaints, the patient's own first."""
    if not _is_from_list(request):
        return {"is_from_list": False}
    conditions = Condition.objects.visible_to(request.user).filter(patient=session.patient, ended_on=None)
    kinds = set(conditions.values_list("kind", flat=True))
    likely = sorted(catalogue.complaints().values(), key=lambda one: not kinds & set(one.conditions))
    return {"is_from_list": True, "likely": likely, "complaint": _complaint(request)}


def _complaint(request: HttpRequest) -> catalogue.Complaint | None:
    asked = request.POST if request.method == "POST" else request.GET
    return catalogue.complaints().get(asked.get("complaint", ""))


def _is_from_list(request: HttpRequest) -> bool:
    return "list" in (request.POST if request.method == "POST" else request.GET)


def _observed(request: HttpRequest, session: TreatmentSession, point: TriggerPoint) -> ObservationForm:
    """The form as it is typed, as it was answered in this session, or empty."""
    if request.method == "POST":
        return ObservationForm(request.POST, colleagues=colleagues(request))
    row = session.point_observations.select_related("rater").filter(trigger_point=point).first()
    known = observation_initial(row) if row else {}
    gauge = {} if known.get("threshold_device") else gauge_of(last_gauge(by=member(request)))
    return ObservationForm(initial={**known, **gauge}, colleagues=colleagues(request))


def _ask(request: HttpRequest, session: TreatmentSession, form: ObservationForm, shown: dict[str, Any]) -> HttpResponse:
    template = "sessions/_point_form.html" if request.htmx else "sessions/point.html"  # type: ignore[attr-defined]
    status = 422 if form.errors else 200
    return render(request, template, {"session": session, "form": form, **shown}, status=status)
