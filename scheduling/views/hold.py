"""Keeping the slot that is chosen in the booking form while the form is filled."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic.core.clock import local
from clinic.core.errors import Invalid
from scheduling import services
from scheduling.errors import Clash, ScreeningBlocks, TooManyHolds
from scheduling.forms import WhenForm
from scheduling.models import SlotHold
from scheduling.views.entrance import desk_page, member
from staff.models import User


@require_POST
@desk_page
def hold(request: HttpRequest) -> HttpResponse:
    """Keep the chosen slot instead of the one kept before. What cannot be kept is told; booking will say why."""
    form = WhenForm(request.POST, user=member(request))
    form.is_valid()
    wish = _wish(form, member(request))
    held, is_taken = form.cleaned_data.get("hold"), False
    if wish is not None and not _is_same(held, wish):
        try:
            held = services.hold_slot(**wish, instead_of=held, by=member(request))
        except Clash:
            is_taken = True
        except (Invalid, ScreeningBlocks, TooManyHolds):
            pass
    until = local(held.held_until, held.location.timezone) if held else None
    return render(request, "scheduling/_hold.html", {"held": held, "held_until": until, "is_taken": is_taken})


@require_POST
@desk_page
def release(request: HttpRequest) -> HttpResponse:
    """Let the kept slot go: the form was closed."""
    form = WhenForm(request.POST, user=member(request))
    form.is_valid()
    held = form.cleaned_data.get("hold")
    if held is not None:
        services.release_hold(hold=held, by=member(request))
    return HttpResponse(status=204)


def _wish(form: WhenForm, user: User) -> dict[str, Any] | None:
    """What the form asks to be kept; None while a part of it is missing or the time has passed."""
    entries = form.cleaned_data
    pressed = entries.get("slot")
    if not pressed or not entries.get("location") or not entries.get("service") or pressed[0] <= timezone.now():
        return None
    therapist = User.objects.visible_to(user).filter(public_id=pressed[1]).first()
    if therapist is None:
        return None
    names = ("location", "service")
    return {
        **{name: entries[name] for name in names},
        "room": entries.get("room"),
        "therapist": therapist,
        "starts_at": pressed[0],
    }


def _is_same(held: SlotHold | None, wish: dict[str, Any]) -> bool:
    """Whether the slot kept already is the one asked for."""
    if held is None:
        return False
    names = ("location", "service", "therapist", "starts_at", *(["room"] if wish["room"] else []))
    return all(getattr(held, name) == wish[name] for name in names)
