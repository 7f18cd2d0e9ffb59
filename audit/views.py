"""The auditor's screen."""

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from audit.forms import TrailFilter
from audit.models import AuditEvent, AuditEventQuerySet

PAGE = 50


def _filtered(events: AuditEventQuerySet, form: TrailFilter) -> AuditEventQuerySet:
    wanted = form.cleaned_data if form.is_valid() else {}
    if wanted.get("action"):
        events = events.filter(action=wanted["action"].strip())
    if wanted.get("patient"):
        events = events.filter(patient_id=wanted["patient"])
    if wanted.get("actor"):
        events = events.filter(actor_id=wanted["actor"])
    if wanted.get("before"):
        events = events.filter(id__lt=wanted["before"])
    return events


def _names(events: list[AuditEvent]) -> dict[str, str]:
    """Account names of the staff who acted, by id: one query."""
    ids = {event.actor_id for event in events if event.actor_kind == "user"}
    users = get_user_model()._default_manager.filter(public_id__in=ids)
    return {str(user.public_id): user.get_username() for user in users}


def _facts(event: AuditEvent) -> str:
    """The event's facts as words."""
    shown = []
    for name, value in event.facts.items():
        text = ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
        shown.append(f"{name.replace('_', ' ')}: {text}")
    return "; ".join(shown)


@require_GET
@login_required
def trail(request: HttpRequest) -> HttpResponse:
    """Every act, newest first: who, what, on what, when, through which door."""
    if not getattr(request.user, "reads_audit", False):
        raise PermissionDenied
    form = TrailFilter(request.GET or None)
    events = list(_filtered(AuditEvent.objects.visible_to(request.user), form).newest_first()[: PAGE + 1])
    older = ""
    if len(events) > PAGE:
        kept: dict[str, str] = {name: str(value) for name, value in request.GET.items() if name != "before" and value}
        older = "?" + urlencode({**kept, "before": str(events[PAGE - 1].id)})
    names = _names(events)
    rows = [(event, names.get(str(event.actor_id), ""), _facts(event)) for event in events[:PAGE]]
    context = {"form": form, "rows": rows, "page": {"next": older, "previous": ""}}
    return render(request, "audit/trail.html", context, status=422 if form.errors else 200)
