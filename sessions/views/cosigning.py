"""A supervised therapist's note before their supervisor."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from patients.services import note_patient_read
from sessions import services
from sessions.care_forms import CoSignForm
from sessions.models import CoSignature
from sessions.views.page import page_context
from sessions.views.reading import member


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def co_signature(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Read the note as it was signed, then sign beside its author."""
    user = member(request)
    rows = CoSignature.objects.visible_to(request.user).for_list()
    row = get_object_or_404(rows, public_id=public_id)
    form = CoSignForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.co_sign(co_signature=row, remark=form.cleaned_data["remark"], by=user)
        return redirect("sessions:my-day")
    note_patient_read(patient=row.session.patient, by=user, screen="co-signature")
    may = row.signed_at is None and row.session.therapist_id != user.pk
    shown: dict[str, Any] = {
        "form": form,
        "is_co_signing": True,
        "may_co_sign": may and (row.supervisor_id == user.pk or (user.writes_clinical and user.is_clinical_lead)),
    }
    context = page_context(request, row.session, **shown)
    return render(request, "sessions/co_signature.html", context, status=422 if form.errors else 200)
