"""Visits that were booked before the hours changed and lie outside them now. They stay; somebody has to move them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from clinic.models import Location
from scheduling.hours import WorkingTime, local_day
from scheduling.intervals import covers, interval
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment
from staff.models import User

LOOKED_AHEAD = timedelta(weeks=8)


def stranded_visits(*, location: Location, therapists: Sequence[User] | None = None) -> list[Appointment]:
    """Of the next eight weeks at a location, of these therapists or of all; in order of time. Three queries."""
    now = timezone.now()
    rows = Appointment.objects.filter(
        location=location, status__in=MOVABLE, starts_at__gt=now, starts_at__lt=now + LOOKED_AHEAD
    )
    if therapists is not None:
        rows = rows.filter(therapist__in=[person.pk for person in therapists])
    visits = list(rows.order_by("starts_at", "id"))
    first, last = local_day(now, location), local_day(now + LOOKED_AHEAD, location)
    people = {visit.therapist_id for visit in visits}
    working = WorkingTime.of(location=location, therapists=people, first=first, last=last)

    def is_outside(visit: Appointment) -> bool:
        hours = working.open_on(visit.therapist_id, local_day(visit.starts_at, location))
        return not covers(hours, interval(visit.starts_at, visit.ends_at))

    return [visit for visit in visits if is_outside(visit)]
