"""The staff's pages: what was promised to whom and what became of it; the demo's outbox; sending again."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from clinic.core.api import KeysetPagination
from clinic.core.errors import NotAllowed
from clinic.models import Location
from messaging import services
from messaging.forms import LedgerFilterForm, ResendForm
from messaging.ledger import STATE_FILTERS, line_of, name_of
from messaging.models import LocalDelivery, Message
from staff.models import User


class StaffRequest(HttpRequest):
    """A request of a signed-in member."""

    user: User
    htmx: HtmxDetails


class NewestFirst(KeysetPagination):
    """Pages of rows in the order they were written."""

    ordering = ("-id",)
    page_size = 25


@login_required
@require_safe
def ledger(request: StaffRequest) -> HttpResponse:
    """Every promise to patients this member sees."""
    filters = LedgerFilterForm(request.GET)
    chosen = filters.chosen()
    states = STATE_FILTERS.get(chosen.get("state", ""), STATE_FILTERS[""])[1]
    rows = Message.objects.visible_to(request.user).matching(states=states, patient=chosen.get("patient"))
    context = _page(request, rows.for_ledger())
    context["lines"] = [line_of(message) for message in context["rows"]]
    place = Location.objects.visible_to(request.user).in_order().first()
    has_outbox = settings.EMAIL_PROVIDER == "local" and request.user.books_appointments
    context |= {"filters": filters, "place": place, "is_filtered": bool(states), "has_outbox": has_outbox}
    return render(request, "messaging/ledger.html", context)


@login_required
@require_safe
def outbox(request: StaffRequest) -> HttpResponse:
    """What the local provider "sent", newest first. Exists only where nothing leaves the house."""
    if settings.EMAIL_PROVIDER != "local":
        raise Http404
    if not request.user.books_appointments:
        raise NotAllowed()
    rows = LocalDelivery.objects.visible_to(request.user).select_related("patient")
    place = Location.objects.visible_to(request.user).in_order().first()
    return render(request, "messaging/outbox.html", _page(request, rows) | {"place": place})


@login_required
@require_http_methods(["GET", "POST"])
def resend(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask why, then promise the message again."""
    message = get_object_or_404(Message.objects.visible_to(request.user).for_ledger(), public_id=public_id)
    if not request.user.books_appointments:
        raise NotAllowed()
    form = ResendForm(request.POST or None)
    if form.is_valid():
        services.resend_message(message=message, by=request.user, **form.cleaned_data)
        messages.success(request, "It will be sent again.")
        return _back_to_ledger(request)
    template = "messaging/_resend.html" if request.htmx else "messaging/resend.html"
    context = {"form": form, "line": line_of(message), "name": name_of(message)}
    return render(request, template, context, status=422 if form.is_bound else 200)


def _back_to_ledger(request: StaffRequest) -> HttpResponse:
    address = reverse("messaging:ledger")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _page(request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
    """One keyset page of rows, and the addresses of its neighbours."""
    pages = NewestFirst()
    found = pages.paginate_queryset(rows, Request(request))
    return {"rows": found, "page": {"previous": pages.get_previous_link(), "next": pages.get_next_link()}}
