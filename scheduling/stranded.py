"""Visits that were booked before the hours changed and lie outside them now. They stay; somebody has to move them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from clinic.models import Location
from scheduling.claims import HORIZON
from scheduling.hours import WorkingTime, local_day
from scheduling.intervals import covers, interval
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment
from staff.models import User


@dataclass(frozen=True)
class Stranded:
    """Visits outside the hours at one location, in order of time."""

    location: Location
    visits: list[Appointment]


def stranded_visits(*, location: Location, therapists: Sequence[User] | None = None) -> list[Appointment]:
    """Of all that is to come at a location, of these therapists or of all; in order of time. Three queries."""
    now = timezone.now()
    rows = Appointment.objects.filter(location=location, status__in=MOVABLE, starts_at__gt=now)
    if therapists is not None:
        rows = rows.filter(therapist__in=[person.pk for person in therapists])
    visits = list(rows.order_by("starts_at", "id").only("therapist_id", "location_id", "starts_at", "ends_at"))
    # Nothing can be booked beyond the horizon.
    first, last = local_day(now, location), local_day(now + HORIZON, location)
    people = {visit.therapist_id for visit in visits}
    working = WorkingTime.of(location=location, therapists=people, first=first, last=last)

    def is_outside(visit: Appointment) -> bool:
        hours = working.open_on(visit.therapist_id, local_day(visit.starts_at, location))
        return not covers(hours, interval(visit.starts_at, visit.ends_at))

    return [visit for visit in visits if is_outside(visit)]


def stranded_everywhere(*, therapist: User) -> list[Stranded]:
    """A therapist's, at each location that has any: an absence counts everywhere. Three queries a location."""
    coming = Appointment.objects.filter(therapist=therapist, status__in=MOVABLE, starts_at__gt=timezone.now())
    places = Location.objects.filter(pk__in=coming.order_by().values("location")).order_by("name", "pk")
    found = [Stranded(place, stranded_visits(location=place, therapists=[therapist])) for place in places]
    return [one for one in found if one.visits]
