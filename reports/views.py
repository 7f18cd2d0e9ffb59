"""Pages: the outcome report, and its export from asking to downloading."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.middleware import HtmxDetails

from clinic.core.errors import NotAllowed
from reports import services
from reports.definitions import EVIDENCE
from reports.forms import RangeForm, asked_range
from reports.models import ExportJob
from reports.outcome import outcome_report
from staff.models import User


class StaffRequest(HttpRequest):
    """A request of a signed-in member, as the middleware makes it."""

    user: User
    htmx: HtmxDetails


@login_required
@require_GET
def outcomes(request: StaffRequest) -> HttpResponse:
    """How the people who started treatment in a range fared."""
    if not request.user.reads_reports:
        raise NotAllowed()
    form = RangeForm(asked_range(request.GET.dict(), request.user), user=request.user)
    context: dict[str, Any] = {"form": form, "report": None, "evidence": EVIDENCE}
    if form.is_valid():
        context["report"] = outcome_report(user=request.user, **form.cleaned_data)
        services.note_report_read(by=request.user, **form.cleaned_data)
    context["jobs"] = list(ExportJob.objects.visible_to(request.user).newest_first()[:5])
    context["has_export"] = bool(context["jobs"]) or (context["report"] and not context["report"].is_empty)
    return render(request, "reports/outcomes.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def export(request: StaffRequest) -> HttpResponse:
    """Ask for the file behind the report."""
    form = RangeForm(request.POST, user=request.user)
    if not request.user.is_administrator:
        raise NotAllowed()
    if not form.is_valid():
        return render(request, "clinic/_form_errors.html", {"form": form}, status=422)
    job = services.request_export(parameters=form.parameters(), by=request.user)
    return _status(request, job) if request.htmx else redirect("reports:export-status", job.public_id)


@login_required
@require_GET
def export_status(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """How far an export is; htmx asks every second until it is done."""
    return _status(request, get_object_or_404(ExportJob.objects.visible_to(request.user), public_id=public_id))


@login_required
@require_GET
def export_download(request: StaffRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The file, checked and audited again."""
    job = get_object_or_404(ExportJob.objects.visible_to(request.user), public_id=public_id)
    file = services.open_export(job=job, by=request.user)
    return FileResponse(file, as_attachment=True, filename=job.file_name, content_type="text/csv; charset=utf-8")


def _status(request: StaffRequest, job: ExportJob) -> HttpResponse:
    template = "reports/_export.html" if request.htmx else "reports/export.html"
    return render(request, template, {"job": job, "is_polled": True})
