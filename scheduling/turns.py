"""Whose turn it is: offers that nobody answered in time are passed on."""

from __future__ import annotations

from django.db.models.functions import Now

from scheduling.models import Offer
from scheduling.services.offers import pass_on_offers

# One run's share; the next run, a minute later, goes on.
BATCH = 200


def pass_on_due() -> int:
    """Pass on every offer whose time is over; how many vacancies that were. Safe to run twice, or at the same time."""
    due = Offer.objects.unanswered().filter(expires_at__lte=Now()).order_by("expires_at", "pk")
    keys = list(dict.fromkeys(due.values_list("vacancy_id", flat=True)[:BATCH]))
    failures: list[Exception] = []
    for key in keys:
        try:
            pass_on_offers(vacancy_key=key)
        except Exception as failure:  # told below: one vacancy must not keep those behind it from their turn
            failures.append(failure)
    if failures:
        raise failures[0]
    return len(keys)
