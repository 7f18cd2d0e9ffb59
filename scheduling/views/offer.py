"""The patient's page about an offered time: when and where, and yes or no. Reached by a signed link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from clinic.core.clock import print_visit
from clinic.core.errors import Conflict, Invalid
from messaging.links import link_of
from messaging.models import LinkPurpose
from scheduling import services
from scheduling.errors import OfferOver, ScreeningBlocks
from scheduling.lifecycle import MOVABLE
from scheduling.models import Offer
from scheduling.visits import offer_of


@require_safe
def offer(request: HttpRequest) -> HttpResponse:
    """What is offered, or how it was answered."""
    return _page(request, offer_of(link_of(request, LinkPurpose.OFFER)))


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Yes: booked, unless somebody was faster. Pressing twice is one booking."""
    link = link_of(request, LinkPurpose.OFFER)
    found = offer_of(link)
    try:
        services.accept_offer(offer=found, by=link)
    except OfferOver:
        return _page(request, offer_of(link), status=409, is_over=True)
    except (Invalid, Conflict, ScreeningBlocks) as refusal:
        # A rule of the clinic is in the way: not the patient's to know which, and the desk can tell.
        return _page(request, found, status=refusal.http_status, is_refused=True)
    return redirect("scheduling:offer")


@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """No: somebody else is asked."""
    link = link_of(request, LinkPurpose.OFFER)
    services.decline_offer(offer=offer_of(link), by=link)
    return redirect("scheduling:offer")


def _page(
    request: HttpRequest, found: Offer, *, status: int = 200, is_over: bool = False, is_refused: bool = False
) -> HttpResponse:
    """Only when, where, until when and what it costs: no name, no therapist, no service."""
    vacancy, language = found.vacancy, get_language() or "en"
    location, now = vacancy.location, timezone.now()
    theirs = found.entry.instead_of
    is_late = found.status in ("offered", "expired") and found.expires_at is not None and found.expires_at <= now
    gives_up = theirs is not None and theirs.status in MOVABLE and theirs.starts_at > now
    context = {
        "when": print_visit(vacancy.starts_at, location.timezone, language),
        "answer_until": print_visit(found.expires_at, location.timezone, language) if found.expires_at else "",
        "given_up": print_visit(theirs.starts_at, location.timezone, language) if theirs and gives_up else "",
        "location": location,
        "status": found.status,
        "is_late": is_late,
        "is_over": is_over or is_late or found.status == "lost",
        "is_refused": is_refused,
    }
    return render(request, "scheduling/offer.html", context, status=status)
