"""Pages about measures: which may be given, and the licences behind them. For administrators."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.errors import Invalid, NotAllowed
from outcomes import services
from outcomes.instruments import INSTRUMENTS
from outcomes.licence_forms import AttestForm
from outcomes.licensing import offers
from outcomes.models import LicenceAttestation

Page = Callable[..., HttpResponse]


def _admin_page(view: Page) -> Page:
    """Signed-in administrators."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not getattr(request.user, "is_administrator", False):
            raise NotAllowed()
        return view(request, *args, **kwargs)

    return login_required(door)


@require_safe
@_admin_page
def measures(request: HttpRequest) -> HttpResponse:
    """Every instrument and every attestation."""
    today = timezone.now().date()
    rows = LicenceAttestation.objects.visible_to(request.user).for_list()
    context = {"offers": offers(today), "attestations": rows, "instruments": INSTRUMENTS, "today": today}
    return render(request, "outcomes/measures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_admin_page
def attest(request: HttpRequest, key: str) -> HttpResponse:
    """Attest the licence of one instrument."""
    instrument = INSTRUMENTS.get(key)
    if instrument is None or instrument.is_bundled:
        raise Http404
    form = AttestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.attest_licence(**form.cleaned_data, instrument_key=key, by=request.user)  # type: ignore[arg-type]
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "The licence is on record; the measure can be used.")
            return redirect("outcomes:measures")
    context = {"form": form, "instrument": instrument}
    return render(request, "outcomes/attest.html", context, status=422 if form.is_bound else 200)


@require_POST
@_admin_page
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Stop new use under an attestation."""
    row = get_object_or_404(LicenceAttestation.objects.visible_to(request.user), public_id=public_id)
    services.withdraw_attestation(attestation=row, by=request.user)  # type: ignore[arg-type]
    messages.success(request, "The licence is withdrawn. Scores taken before stay.")
    return redirect("outcomes:measures")
