"""How much hands-on time a therapist may be given."""

from __future__ import annotations

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from scheduling.models import TherapistLimits
from scheduling.permission import may_limit
from staff.models import User


@transaction.atomic
def set_limits(
    *,
    therapist: User,
    most_minutes_a_day: int | None,
    most_minutes_without_break: int | None,
    break_minutes: int = 15,
    by: Actor,
) -> TherapistLimits:
    """From now on nobody gives the therapist more hands-on time than this; None is without limit. Visits already booked
    stay."""
    may_limit(by=by, therapist=therapist)
    # The lock that bookings take first: none of them is half-way between the old limits and the new.
    User.objects.select_for_update(no_key=True).get(pk=therapist.pk)
    wanted = {
        "most_minutes_a_day": most_minutes_a_day,
        "most_minutes_without_break": most_minutes_without_break,
        "break_minutes": break_minutes,
    }
    limits, _ = TherapistLimits.objects.update_or_create(therapist=therapist, defaults=wanted)
    record(actor=by, action="limits.set", subject=limits, facts={"therapist_id": str(therapist.public_id), **wanted})
    return limits
