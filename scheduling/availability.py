"""Free slots: working hours minus absences, minus what is taken, minus times without a free room."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.core.clock import day_bounds, zone
from clinic.models import Location, Room, RoomQuerySet, Service
from patients.models import Patient
from scheduling.audience import is_meant_for
from scheduling.errors import WindowTooWide
from scheduling.hours import WorkingTime, days_between, local_day
from scheduling.intervals import NOTHING_TAKEN, Interval, Taken, grid_starts, instant, interval
from scheduling.load import Load, limits_of
from scheduling.models import Appointment, AppointmentQuerySet, AppointmentStatus
from staff.models import User

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
    # Of each therapist with limits: the visits themselves.
    loads: dict[int, Load]

    def is_free(self, therapist: int, start: int, shape: Shape) -> bool:
        """Whether therapist, patient and one room are free for a visit that starts then."""
        from_, until = start - shape.before, start + shape.length + shape.after
        return (
            self.therapists.get(therapist, NOTHING_TAKEN).is_free(from_, until)
            and self.patient.is_free(start, start + shape.length)
            and any(room.is_free(from_, until) for room in self.rooms)
        )

    def gap_of(self, therapist: int, start: int) -> int:
        """Which of the stretches between a therapist's visits a free start lies in."""
        return bisect_right(self.therapists.get(therapist, NOTHING_TAKEN).starts, start)


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
    room: Room | None = None,
    now: datetime | None = None,
) -> list[Slot]:
    """Every start in `[from_, to)` at which the visit could be booked, in order of time; seven queries at most.

    `patient` leaves out the patient's own visits, and everything if the service is not for them; `ignoring` treats one
    visit as if it were not there (to move it); `minutes` is a length of its own instead of the service's; `room` is the
    one it has to be in. Times are on the location's grid; where it offers only adjacent ones, they are the first and
    the last of each free stretch.
    """
    if not from_ < to <= from_ + WIDEST_WINDOW:
        raise WindowTooWide()
    people = _who_could(service, location, therapist)
    at = now or timezone.now()
    earliest = at + timedelta(minutes=service.notice_minutes)
    from_, to = max(from_, earliest), min(to, at + timedelta(days=service.horizon_days, seconds=1))
    if not people or not service.is_active or from_ >= to or _is_for_others(service, patient, ignoring):
        return []
    shape = Shape.of(service, minutes)
    first, last = local_day(from_, location), local_day(to - timedelta.resolution, location)
    working = WorkingTime.of(location=location, therapists=list(people), first=first, last=last)
    # Whole days, because what is adjacent to a visit depends on the day and not on the window.
    around = (
        day_bounds(first, location.timezone)[0] - timedelta(seconds=shape.before),
        day_bounds(last, location.timezone)[1] + timedelta(seconds=shape.length + shape.after),
    )
    rooms = Room.objects.fit_for(service).filter(location=location)
    if room is not None:
        rooms = rooms.filter(pk=room.pk)
    taken = Appointment.objects.busy_between(*around).exclude_one(ignoring)
    booked = _booked(people, rooms, patient, taken)
    search = Search(location, shape, working, booked, interval(earliest, earliest)[1])
    window = interval(from_, to)
    starts = sorted(
        (start, order)
        for order, person in enumerate(people.values())
        for start in search.starts(person, days_between(first, last))
        if window[0] <= start < window[1]
    )
    everyone = list(people.values())
    return [Slot(instant(start), instant(start + shape.length), everyone[order]) for start, order in starts]


def _is_for_others(service: Service, patient: Patient | None, ignoring: Appointment | None) -> bool:
    """A visit that stands may be moved, whoever its service is for."""
    is_visit = ignoring is not None and ignoring.status != AppointmentStatus.HELD
    return patient is not None and not is_visit and not is_meant_for(service, patient)


def _who_could(service: Service, location: Location, therapist: User | None) -> dict[int, User]:
    able = User.objects.therapists().filter(locations=location, services=service).select_related("limits")
    if therapist is not None:
        able = able.filter(pk=therapist.pk)
    return {person.pk: person for person in able}


@dataclass(frozen=True)
class Search:
    """What is looked for, in which hours and between which visits, and the first moment that may be given."""

    location: Location
    shape: Shape
    working: WorkingTime
    booked: Booked
    earliest: int

    def starts(self, person: User, days: Iterable[date]) -> Iterator[int]:
        """One therapist's free starts that are offered."""
        for day in days:
            if person.is_licensed_on(day):
                bounds = interval(*day_bounds(day, self.working.zone))
                for block in self.working.open_on(person.pk, day):
                    free = self._free(person.pk, block, bounds)
                    yield from self._adjacent(person.pk, free) if self.location.offers_only_adjacent else free

    def _free(self, therapist: int, block: Interval, day: Interval) -> Iterator[int]:
        load = self.booked.loads.get(therapist)
        clock: ZoneInfo = zone(self.working.zone)
        for start in grid_starts(block, self.shape.length, clock, self.location.slot_grid_minutes * 60):
            if start < self.earliest or not self.booked.is_free(therapist, start, self.shape):
                continue
            if load is None or load.refusal((start, start + self.shape.length), day) is None:
                yield start

    def _adjacent(self, therapist: int, free: Iterator[int]) -> Iterator[int]:
        """The first and the last start of each stretch between two visits, or between a visit and the block's edge."""
        for _, gap in groupby(free, key=lambda start: self.booked.gap_of(therapist, start)):
            first, *others = gap
            yield first
            yield from others[-1:]


def _booked(
    people: dict[int, User], rooms: RoomQuerySet, patient: Patient | None, taken: AppointmentQuerySet
) -> Booked:
    """Three queries, four with a patient. A therapist's visits elsewhere count; a room's are all here."""
    by_therapist: dict[int, list[Interval]] = defaultdict(list)
    hands_on: dict[int, list[Interval]] = {key: [] for key, person in people.items() if limits_of(person)}
    columns = ("therapist_id", "busy_from", "busy_until", "starts_at", "ends_at")
    for key, busy_from, busy_until, starts_at, ends_at in taken.filter(therapist__in=list(people)).values_list(
        *columns
    ):
        by_therapist[key].append(interval(busy_from, busy_until))
        if key in hands_on:
            hands_on[key].append(interval(starts_at, ends_at))
    by_room: dict[int, list[Interval]] = {room: [] for room in rooms.values_list("pk", flat=True)}
    for room, starts, ends in taken.filter(room__in=list(by_room)).values_list("room_id", "busy_from", "busy_until"):
        by_room[room].append(interval(starts, ends))
    own: list[Interval] = []
    if patient is not None:
        own = [interval(*row) for row in taken.filter(patient=patient).values_list("starts_at", "ends_at")]
    return Booked(
        {key: Taken.of(rows) for key, rows in by_therapist.items()},
        [Taken.of(rows) for rows in by_room.values()],
        Taken.of(own),
        {key: Load(limits, hands_on[key]) for key in hands_on if (limits := limits_of(people[key]))},
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
    room: Room | None = None,
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
        room=room,
    )
    return slots[:count]
