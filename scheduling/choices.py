"""What a form offers: free times as radio buttons."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from clinic.core.clock import day_bounds
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.availability import Slot, free_slots
from scheduling.errors import Clash
from scheduling.hours import local_day
from scheduling.models import Appointment
from staff.models import User

LOOK_AHEAD = timedelta(days=14)
MOST_LATER = 6
# The days a diary can show; beyond them calendars run out.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Choice:
    """One free time to press. `value` is what the form sends: the instant and the therapist."""

    slot: Slot
    value: str


@dataclass(frozen=True)
class FreeTimes:
    """The free times of a day, or, when there are none, the next ones after it."""

    day: date
    # Whether any therapist will do, so that each time has to say whose it is.
    is_any: bool
    choices: list[Choice]
    later: list[Choice]

    @property
    def values(self) -> list[str]:
        """All that may be pressed."""
        return [choice.value for choice in [*self.choices, *self.later]]

    def value_at(self, wished: str) -> str:
        """The value of the free time at a wished instant without a therapist; anything else as it is."""
        instant = instant_of(wished)
        return next((one.value for one in self.choices if instant == one.slot.starts_at), wished)


def value_of(starts_at: datetime, therapist_id: uuid.UUID) -> str:
    """A time and a therapist as one form value."""
    return f"{starts_at.astimezone(timezone.get_default_timezone()).isoformat()}~{therapist_id}"


def read_value(text: str) -> tuple[datetime, uuid.UUID] | None:
    """What a form value says; None when it is not one."""
    instant, _, therapist = text.partition("~")
    starts_at, therapist_id = instant_of(instant), as_uuid(therapist)
    return (starts_at, therapist_id) if starts_at and therapist_id else None


def instant_of(text: str) -> datetime | None:
    """A time from an address or a form; None when it is none."""
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


def as_uuid(text: str) -> uuid.UUID | None:
    """An id from an address or a form; None when it is not one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def free_times(
    *,
    service: Service,
    location: Location,
    therapist: User | None,
    day: date,
    patient: Patient | None = None,
    ignoring: Appointment | None = None,
    minutes: int | None = None,
    room: Room | None = None,
) -> FreeTimes:
    """The day's free times, one therapist for each; six later ones if the day has none."""
    from_, until = day_bounds(day, location.timezone)
    slots = free_slots(
        service=service,
        location=location,
        therapist=therapist,
        from_=from_,
        to=until + LOOK_AHEAD,
        patient=patient,
        ignoring=ignoring,
        minutes=minutes,
        room=room,
    )
    today = [slot for slot in slots if slot.starts_at < until]
    later = [] if today else _one_each(slots)[:MOST_LATER]
    return FreeTimes(day, therapist is None, as_choices(_one_each(today)), as_choices(later))


def _one_each(slots: Iterable[Slot]) -> list[Slot]:
    """For each time the therapist who has most time left: with any of them, work is shared out."""
    offered = list(slots)
    left = Counter(slot.therapist.pk for slot in offered)
    best: dict[datetime, Slot] = {}
    for slot in offered:
        held = best.get(slot.starts_at)
        if held is None or left[slot.therapist.pk] > left[held.therapist.pk]:
            best[slot.starts_at] = slot
    return list(best.values())


def as_choices(slots: Iterable[Slot]) -> list[Choice]:
    """Slots, to be pressed."""
    return [Choice(slot, value_of(slot.starts_at, slot.therapist.public_id)) for slot in slots]


def as_buttons(clash: Clash, people: Iterable[User]) -> list[Choice]:
    """A clash's free alternatives, to be pressed; therapists the reader may not see are left out."""
    known = {str(person.public_id): person for person in people}
    return [
        Choice(
            Slot(starts_at, ends_at, known[fact["therapist_id"]]),
            value_of(starts_at, known[fact["therapist_id"]].public_id),
        )
        for fact in clash.facts["alternatives"]
        for starts_at, ends_at in [(datetime.fromisoformat(fact["starts_at"]), datetime.fromisoformat(fact["ends_at"]))]
        if fact["therapist_id"] in known
    ]


def day_asked(text: str, location: Location) -> date:
    """A date from an address; today on the location's calendar when there is none or it is no date."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return local_day(timezone.now(), location)
    return min(max(day, FIRST_DAY), LAST_DAY)
