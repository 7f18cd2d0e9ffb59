"""Free slots: working hours minus absences, minus what is taken, minus times without a free room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from clinic.core.clock import zone
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.errors import WindowTooWide
from scheduling.hours import WorkingTime, days_between, local_day
from scheduling.intervals import NOTHING_TAKEN, Interval, Taken, grid_starts, instant, interval
from scheduling.models import Appointment, AppointmentQuerySet
from staff.models import User

GRID_MINUTES = 15
WIDEST_WINDOW = timedelta(weeks=8)


@dataclass(frozen=True)
class Slot:
    """A time at which a therapist could begin a visit."""

    starts_at: datetime
    ends_at: datetime
    therapist: User


@dataclass(frozen=True)
class Shape:
    """How much time a service takes, in seconds: the visit and the room around it."""

    before: int
    length: int
    after: int

    @classmethod
    def of(cls, service: Service, minutes: int | None = None) -> Shape:
        """A visit of the service; with a length of its own when it is to be given that one."""
        length = service.duration_minutes if minutes is None else minutes
        return cls(service.buffer_before_minutes * 60, length * 60, service.buffer_after_minutes * 60)


@dataclass(frozen=True)
class Booked:
    """What is taken in a window: of each therapist anywhere, of each room of the location, of the patient."""

    therapists: dict[int, Taken]
    rooms: list[Taken]
    patient: Taken

    def is_free(self, therapist: int, start: int, shape: Shape) -> bool:
        """Whether therapist, patient and one room are free for a visit that starts then."""
        from_, until = start - shape.before, start + shape.length + shape.after
        return (
            self.therapists.get(therapist, NOTHING_TAKEN).is_free(from_, until)
            and self.patient.is_free(start, start + shape.length)
            and any(room.is_free(from_, until) for room in self.rooms)
        )


def free_slots(
    *,
    service: Service,
    location: Location,
    therapist: User | None = None,
    from_: datetime,
    to: datetime,
    patient: Patient | None = None,
    ignoring: Appointment | None = None,
    minutes: int | None = None,
    now: datetime | None = None,
) -> list[Slot]:
    """Every start in `[from_, to)` at which the visit could be booked, in order of time; seven queries at most.

    `patient` leaves out the patient's own visits; `ignoring` treats one visit as if it were not there (to move it);
    `minutes` is a length of its own instead of the service's.
    """
    if not from_ < to <= from_ + WIDEST_WINDOW:
        raise WindowTooWide()
    people = _who_could(service, location, therapist)
    earliest = max(from_, (now or timezone.now()) + _notice())
    if not people or not service.is_active or earliest >= to:
        return []
    shape = Shape.of(service, minutes)
    first, last = local_day(earliest, location), local_day(to, location)
    working = WorkingTime.of(location=location, therapists=list(people), first=first, last=last)
    around = (earliest - timedelta(seconds=shape.before), to + timedelta(seconds=shape.length + shape.after))
    booked = _booked(people, location, patient, Appointment.objects.busy_between(*around).exclude_one(ignoring))
    window = interval(earliest, to)
    starts = sorted(
        (start, order)
        for order, person in enumerate(people.values())
        for start in _starts(person, working, days_between(first, last), shape, window)
        if booked.is_free(person.pk, start, shape)
    )
    everyone = list(people.values())
    return [Slot(instant(start), instant(start + shape.length), everyone[order]) for start, order in starts]


def _notice() -> timedelta:
    return timedelta(minutes=getattr(settings, "BOOKING_NOTICE_MINUTES", 0))


def _who_could(service: Service, location: Location, therapist: User | None) -> dict[int, User]:
    able = User.objects.therapists().filter(locations=location, services=service)
    if therapist is not None:
        able = able.filter(pk=therapist.pk)
    return {person.pk: person for person in able}


def _starts(person: User, working: WorkingTime, days: Iterable[date], shape: Shape, window: Interval) -> Iterator[int]:
    clock: ZoneInfo = zone(working.zone)
    for day in days:
        if not person.is_licensed_on(day):
            continue
        for block in working.open_on(person.pk, day):
            for start in grid_starts(block, shape.length, clock, GRID_MINUTES * 60):
                if window[0] <= start < window[1]:
                    yield start


def _booked(people: Iterable[int], location: Location, patient: Patient | None, taken: AppointmentQuerySet) -> Booked:
    """Three queries, four with a patient. A therapist's visits elsewhere count; a room's are all here."""
    by_therapist: dict[int, list[Interval]] = defaultdict(list)
    for key, starts, ends in taken.filter(therapist__in=list(people)).values_list(
        "therapist_id", "busy_from", "busy_until"
    ):
        by_therapist[key].append(interval(starts, ends))
    by_room: dict[int, list[Interval]] = {
        room: [] for room in Room.objects.filter(location=location, is_active=True).values_list("pk", flat=True)
    }
    for room, starts, ends in taken.filter(location=location, room__in=list(by_room)).values_list(
        "room_id", "busy_from", "busy_until"
    ):
        by_room[room].append(interval(starts, ends))
    own: list[Interval] = []
    if patient is not None:
        own = [interval(*row) for row in taken.filter(patient=patient).values_list("starts_at", "ends_at")]
    return Booked(
        {key: Taken.of(rows) for key, rows in by_therapist.items()},
        [Taken.of(rows) for rows in by_room.values()],
        Taken.of(own),
    )


def next_free(
    *,
    service: Service,
    location: Location,
    therapist: User,
    patient: Patient | None = None,
    after: datetime,
    ignoring: Appointment | None = None,
    minutes: int | None = None,
    count: int = 3,
) -> list[Slot]:
    """The first few free slots of a therapist in the week after a time, for a patient who was refused it."""
    from_ = max(after, timezone.now())
    slots = free_slots(
        service=service,
        location=location,
        therapist=therapist,
        from_=from_,
        to=from_ + timedelta(days=7),
        patient=patient,
        ignoring=ignoring,
        minutes=minutes,
    )
    return slots[:count]
