"""Bringing records in: try a file, look at the account, take it."""

from __future__ import annotations

import io
import uuid
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from clinic.core.errors import Invalid
from patients.errors import BrokenFile, OtherFile
from patients.forms import ImportForm
from patients.gate import require
from patients.imports import run_import
from patients.imports.columns import COLUMNS, REQUIRED
from patients.models import ImportBatch, ImportKind, Patient
from staff.models import User

MOST_SHOWN = 200
RECENT = 20


def _formats() -> list[dict[str, Any]]:
    """The columns of each kind, for the page's own manual."""
    return [
        {
            "label": ImportKind(kind).label,
            "columns": [(field, field in REQUIRED[kind], ", ".join(names[1:])) for field, names in columns.items()],
        }
        for kind, columns in COLUMNS.items()
    ]


def _account(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """The batch's counts and refusals, with the candidates this member may see."""
    refusals = list(batch.refusals.order_by("row_number")[:MOST_SHOWN])
    ids = {candidate for refusal in refusals for candidate in refusal.candidate_ids}
    candidates = {one.public_id: one for one in Patient.objects.visible_to(request.user).filter(public_id__in=ids)}
    rows = [(refusal, [candidates[one] for one in refusal.candidate_ids if one in candidates]) for refusal in refusals]
    return {"batch": batch, "refusals": rows, "more_refusals": max(batch.refused_count - MOST_SHOWN, 0)}


def _attempt(request: HttpRequest, form: ImportForm, user: User) -> dict[str, Any]:
    """Run the file; what is wrong with it stands beside its field."""
    is_taken = request.POST.get("act") == "take"
    try:
        return _account(request, _run(form, user, is_dry_run=not is_taken))
    except Invalid as problem:
        form.refuse(problem)
    except (BrokenFile, OtherFile) as problem:
        form.add_error("file", problem.text)
    return {}


def _run(form: ImportForm, user: User, *, is_dry_run: bool) -> ImportBatch:
    asked = form.cleaned_data
    if not is_dry_run and not asked["tried"]:
        raise Invalid(fields={"file": "Try the file first, and look at what would happen."})
    with io.TextIOWrapper(asked["file"].file, encoding="utf-8-sig", newline="") as file:
        return run_import(
            file=file,
            kind=asked["kind"],
            source=asked["source"],
            location=asked["location"],
            is_dry_run=is_dry_run,
            expected_digest="" if is_dry_run else asked["tried"],
            by=user,
        )


@require_http_methods(["GET", "POST"])
@login_required
def import_file(request: HttpRequest) -> HttpResponse:
    """Try a file; the same file, sent again with its fingerprint, is taken."""
    user = cast("User", request.user)
    require(user, "is_administrator")
    form = ImportForm(request.POST or None, request.FILES or None, user=user)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        context |= _attempt(request, form, user)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "patients/_import_result.html", context, status=422 if form.errors else 200)
    recent = ImportBatch.objects.visible_to(user).select_related("location").order_by("-id")[:RECENT]
    context |= {"formats": _formats(), "recent": recent}
    return render(request, "patients/import.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def import_batch(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The account of one import."""
    user = cast("User", request.user)
    require(user, "is_administrator")
    batch = get_object_or_404(ImportBatch.objects.visible_to(user).select_related("location"), public_id=public_id)
    return render(request, "patients/import_batch.html", _account(request, batch))
