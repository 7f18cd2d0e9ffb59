"""Weekly periods of a therapist or a location that hold from a day on, until others take their place."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Now

from clinic.models import Location
from scheduling.errors import EndsBeforeItStarts, HoursOverlap, TherapistElsewhere
from staff.models import User

Period = tuple[time, time]


def lock_therapist(therapist: User, location: Location) -> None:
    """The lock bookers take: nobody books into hours that are just being changed."""
    locked = User.objects.select_for_update(no_key=True).get(pk=therapist.pk)
    if not locked.is_therapist or not locked.locations.filter(pk=location.pk).exists():
        raise TherapistElsewhere()


def check_periods(periods: Sequence[Period], valid_from: date, valid_until: date | None) -> None:
    """Whether they go forwards and do not overlap."""
    if valid_until is not None and valid_until < valid_from:
        raise EndsBeforeItStarts()
    in_order = sorted(periods)
    ends_early = any(starts >= ends for starts, ends in in_order)
    if ends_early or any(first[1] > second[0] for first, second in pairwise(in_order)):
        raise HoursOverlap()


def last_day(later: QuerySet[Any], valid_from: date, valid_until: date | None, *, keeps_later: bool) -> date | None:
    """Until when new hours hold: as asked, or where hours set for later are kept until the day before those begin."""
    if valid_until is not None or not keeps_later:
        return valid_until
    begins = later.filter(valid_from__gt=valid_from).aggregate(first=Min("valid_from"))["first"]
    return begins - timedelta(days=1) if begins else None


def make_way(earlier: QuerySet[Any], valid_from: date, valid_until: date | None) -> None:
    """End what began before, drop what lies within, and carry on after the new hours what they only interrupt."""
    overlapping = earlier.filter(Q(valid_until=None) | Q(valid_until__gte=valid_from))
    if valid_until is not None:
        overlapping = overlapping.filter(valid_from__lte=valid_until)
        for row in overlapping.filter(Q(valid_until=None) | Q(valid_until__gt=valid_until)):
            row.pk, row.public_id = None, uuid.uuid4()
            row.valid_from = valid_until + timedelta(days=1)
            row.save(force_insert=True)
    overlapping.filter(valid_from__gte=valid_from).delete()
    overlapping.filter(valid_from__lt=valid_from).update(valid_until=valid_from - timedelta(days=1), updated_at=Now())
