"""A product despite an allergy, a chaperone, and consent region by region."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic.core.errors import Invalid
from sessions import services
from sessions.care_forms import ChaperoneForm, ConsentForm, ProductForm, presence_forms
from sessions.consents import presence_of
from sessions.forms import show_refusal
from sessions.models import RegionConsent
from sessions.views.page import show_section
from sessions.views.reading import member, seen_session


@login_required
@require_POST
def explain_product(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Why the note's product is used although something on record speaks against it."""
    session = seen_session(request, public_id)
    form = ProductForm(request.POST)
    if form.is_valid():
        try:
            services.explain_product(session=session, by=member(request), **form.cleaned_data)
            return show_section(request, session, "product")
        except Invalid as refusal:
            show_refusal(form, refusal)
    return show_section(request, session, "product", status=422, product_form=form)


@login_required
@require_POST
def chaperone(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What came of offering a chaperone."""
    session = seen_session(request, public_id)
    form = ChaperoneForm(request.POST)
    if form.is_valid():
        try:
            services.record_chaperone(session=session, by=member(request), **form.cleaned_data)
            return show_section(request, session, "presence")
        except Invalid as refusal:
            show_refusal(form, refusal)
    forms = {**presence_forms(presence_of(session).chaperone), "chaperone": form}
    return show_section(request, session, "presence", status=422, presence_forms=forms)


@login_required
@require_POST
def consent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the patient said about one region."""
    session = seen_session(request, public_id)
    form = ConsentForm(request.POST)
    if form.is_valid():
        try:
            services.record_region_consent(session=session, by=member(request), **form.cleaned_data)
            return show_section(request, session, "presence")
        except Invalid as refusal:
            show_refusal(form, refusal)
    forms = {**presence_forms(presence_of(session).chaperone), "consent": form}
    return show_section(request, session, "presence", status=422, presence_forms=forms)


@login_required
@require_POST
def remove_consent(request: HttpRequest, public_id: uuid.UUID, row_id: uuid.UUID) -> HttpResponse:
    """Take an answer back."""
    session = seen_session(request, public_id)
    rows = RegionConsent.objects.visible_to(request.user).filter(session=session).select_related("session")
    services.remove_region_consent(region_consent=get_object_or_404(rows, public_id=row_id), by=member(request))
    return show_section(request, session, "presence")
