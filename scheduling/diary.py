"""One location as the desk sees it: a day in columns per therapist or per room, or a therapist's week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from clinic.core.clock import at_local, day_bounds, local, zone
from clinic.models import Location, Room
from scheduling.board import HOLDS_NOTHING, Arrangement, Board, Card, Column, Stretch
from scheduling.hours import WorkingTime, days_between
from scheduling.intervals import Interval, instant, intersect, interval, offset_at, subtract
from scheduling.models import LAPSED, Appointment, AppointmentStatus
from screening.services import lights
from staff.models import User

# Where an empty place may be clicked, and how long each piece is.
QUARTER, HALF_HOUR = 15 * 60, 30 * 60
# A day is drawn at least from nine to four.
LATEST_START, EARLIEST_END = 9, 16
WEEKEND = 5
# What of a visit and of the rows it names is printed: a day of forty therapists is hundreds of them, and a patient's or
# a member's row is wide.
DRAWN = (
    "public_id", "version", "status", "starts_at", "ends_at", "busy_from", "busy_until", "overlaps_on_purpose",
    "patient__public_id", "patient__given_name", "patient__family_name", "patient__phone",
    "therapist__public_id", "therapist__given_name", "therapist__family_name",
    "room__name", "service__name", "location__name", "location__timezone",
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """Which day is drawn, from when until when, and what is over."""

    day: date
    is_today: bool
    drawn: Interval
    past: Interval


def board(
    *,
    location: Location,
    day: date,
    user: User,
    arrangement: Arrangement = Arrangement.THERAPISTS,
    whose: User | None = None,
    now: datetime | None = None,
) -> Board:
    """The day or the week, in a constant number of queries. Visits hidden from the reader are shown as busy time.

    A week is one therapist's: without `whose` the reader's own, or the first one's. Rooms are always all of them.
    """
    therapists = list(User.objects.therapists().filter(locations=location))
    whose = _whose(arrangement, whose, user, therapists)
    days = _week_of(day) if arrangement is Arrangement.WEEK else [day]
    shown = [person for person in therapists if whose in (None, person)]
    rows = _rows(location, arrangement, shown, days, whose)
    cards = _cards(rows, location, user)
    drawing = Drawing(
        location=location,
        working=WorkingTime.of(location=location, therapists=[one.pk for one in shown], first=days[0], last=days[-1]),
        held=[pair for pair in zip(rows, cards, strict=True) if pair[0].status != AppointmentStatus.CANCELLED],
        people=_everybody(shown, rows, whose),
        now=now or timezone.now(),
    )
    hours = drawing.hours(days)
    columns = list(drawing.columns(arrangement, days, hours))
    cancelled = [
        card
        for row, card in zip(rows, cards, strict=True)
        if row.status == AppointmentStatus.CANCELLED and card.appointment
    ]
    return Board(location, arrangement, day, days, therapists, whose, *hours, columns, cancelled)


def _whose(arrangement: Arrangement, asked: User | None, reader: User, therapists: list[User]) -> User | None:
    if arrangement is Arrangement.ROOMS:
        return None
    if asked in therapists:
        return asked
    if arrangement is not Arrangement.WEEK:
        return None
    return reader if reader in therapists else next(iter(therapists), None)


def _week_of(day: date) -> list[date]:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return list(days_between(monday, monday + timedelta(days=6)))


def _everybody(shown: list[User], rows: list[Appointment], whose: User | None) -> dict[int, User]:
    """Those who work here, and those who have a visit here though they no longer do."""
    people = {one.pk: one for one in shown}
    if whose is None:
        for row in rows:
            people.setdefault(row.therapist_id, row.therapist)
    return people


def _rows(
    location: Location, arrangement: Arrangement, therapists: list[User], days: list[date], whose: User | None
) -> list[Appointment]:
    """All visits here, and what keeps its therapists busy elsewhere; of one therapist only, if it is asked for one."""
    from_, until = day_bounds(days[0], location.timezone)[0], day_bounds(days[-1], location.timezone)[1]
    rows = Appointment.objects.for_diary().only(*DRAWN).filter(starts_at__gte=from_, starts_at__lt=until)
    rows = rows.exclude(LAPSED)
    if arrangement is Arrangement.ROOMS:
        return list(rows.filter(location=location))
    elsewhere = Q(therapist__in=therapists) & ~Q(status__in=HOLDS_NOTHING)
    rows = rows.filter(Q(location=location) | elsewhere)
    return list(rows.filter(therapist=whose) if whose else rows)


def _cards(rows: list[Appointment], location: Location, user: User) -> list[Card]:
    shown = Appointment.objects.visible_to(user).filter(pk__one_of=[row.pk for row in rows], location=location)
    visible = set(shown.values_list("pk", flat=True))
    colours = lights({row.patient.pk for row in rows if row.pk in visible})
    return [
        Card(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            appointment=row if row.pk in visible else None,
            light=str(colours.get(row.patient.pk, "grey")) if row.pk in visible else "grey",
            elsewhere="" if row.location_id == location.pk else row.location.name,
            is_held=row.status == AppointmentStatus.HELD,
            buffers=_buffers(row),
        )
        for row in rows
    ]


def _buffers(row: Appointment) -> tuple[Stretch, ...]:
    edges = ((row.busy_from, row.starts_at), (row.ends_at, row.busy_until))
    return tuple(Stretch(*pair) for pair in edges if pair[0] < pair[1] and row.status not in HOLDS_NOTHING)


@dataclass(frozen=True)
class Drawing:
    """What columns are made of: hours, and visits with their cards."""

    location: Location
    working: WorkingTime
    held: list[tuple[Appointment, Card]]
    people: dict[int, User]
    now: datetime

    def hours(self, days: list[date]) -> tuple[int, int]:
        """The first and last full hour that hold everybody's hours and every visit on any of these days."""
        used = [interval(row.starts_at, row.ends_at) for row, _ in self.held]
        used += [block for day in days for key in self.people for block in self.working.hours_on(key, day)]
        if not used:
            return LATEST_START, EARLIEST_END + 1
        spans = [self._wall_hours(block) for block in used]
        return min(LATEST_START, *(first for first, _ in spans)), max(EARLIEST_END, *(last for _, last in spans))

    def columns(self, arrangement: Arrangement, days: list[date], hours: tuple[int, int]) -> Iterator[Column]:
        """In order, without those in which there is nothing to see: nobody's hours, no visit."""
        frames = [self._frame(day, hours) for day in days]
        if arrangement is Arrangement.ROOMS:
            yield from self._rooms(frames[0])
            return
        for frame in frames:
            for key, person in self.people.items():
                held = self._by_therapist[key, frame.day]
                is_weekday = arrangement is Arrangement.WEEK and frame.day.weekday() < WEEKEND
                if held or is_weekday or self.working.hours_on(key, frame.day):
                    yield self._of_therapist(person, held, frame)

    @cached_property
    def _by_therapist(self) -> dict[tuple[int, date], list[tuple[Appointment, Card]]]:
        """What each therapist has on each local day."""
        pairs: dict[tuple[int, date], list[tuple[Appointment, Card]]] = defaultdict(list)
        for row, card in self.held:
            pairs[row.therapist_id, local(card.starts_at, self.location.timezone).date()].append((row, card))
        return pairs

    def _rooms(self, frame: Frame) -> Iterator[Column]:
        """Every room in use, and those no longer in use that have a visit."""
        by_room: dict[int, list[tuple[Appointment, Card]]] = defaultdict(list)
        for row, card in self.held:
            by_room[row.room_id].append((row, card))
        for room in Room.objects.filter(location=self.location).order_by("name", "id"):
            if room.is_active or by_room[room.pk]:
                yield self._of_room(room, by_room[room.pk], frame)

    def _of_therapist(self, person: User, held: list[tuple[Appointment, Card]], frame: Frame) -> Column:
        hours = self.working.bookable_on(person.pk, frame.day)
        open_hours = self.working.open_on(person.pk, frame.day)
        return Column(
            day=frame.day,
            is_today=frame.is_today,
            therapist=person,
            cards=_side_by_side([card for _, card in held]),
            closed=_stretches(subtract([frame.drawn], hours)),
            away=_stretches(subtract(hours, open_hours)),
            slots=self._slots(held, open_hours, frame),
        )

    def _of_room(self, room: Room, held: list[tuple[Appointment, Card]], frame: Frame) -> Column:
        """A room is open as long as the location; whether a therapist is free then, the booking form says."""
        hours = intersect(self.working.opening_on(frame.day), [frame.drawn])
        return Column(
            day=frame.day,
            is_today=frame.is_today,
            room=room,
            cards=_side_by_side([card for _, card in held]),
            closed=_stretches(subtract([frame.drawn], hours)),
            slots=self._slots(held, hours, frame) if room.is_active else [],
        )

    def _slots(self, held: list[tuple[Appointment, Card]], hours: list[Interval], frame: Frame) -> list[Stretch]:
        taken = [interval(row.busy_from, row.busy_until) for row, _ in held if row.status not in HOLDS_NOTHING]
        return _stretches(_pieces(subtract(hours, [*taken, frame.past]), self.working.zone))

    def _frame(self, day: date, hours: tuple[int, int]) -> Frame:
        drawn = interval(*(_hour(day, hour, self.location) for hour in hours))
        is_today = day == local(self.now, self.location.timezone).date()
        return Frame(day, is_today, drawn, (0, int(self.now.timestamp())))

    def _wall_hours(self, block: Interval) -> tuple[int, int]:
        first, last = (local(instant(at), self.location.timezone) for at in (block[0], block[1] - 1))
        return first.hour, last.hour + 1 if last.date() == first.date() else 24


def _pieces(free: Iterable[Interval], zone_name: str) -> list[Interval]:
    """Free time cut at each half hour of the wall clock; a piece begins on a quarter."""
    pieces = []
    for start, end in free:
        ahead = offset_at(start, zone(zone_name))
        at = -(-(start + ahead) // QUARTER) * QUARTER - ahead
        while at + QUARTER <= end:
            until = min(end, (at + ahead) // HALF_HOUR * HALF_HOUR + HALF_HOUR - ahead)
            pieces.append((at, until))
            at = until
    return pieces


def _side_by_side(cards: list[Card]) -> list[Card]:
    """Give cards that overlap lanes of their own, at most three."""
    groups: list[list[Card]] = []
    for card in sorted(cards, key=lambda one: (one.starts_at, one.ends_at)):
        if groups and card.starts_at < max(one.ends_at for one in groups[-1]):
            groups[-1].append(card)
        else:
            groups.append([card])
    return [
        replace(card, lane=number % 3 + 1, lanes=min(len(group), 3))
        for group in groups
        for number, card in enumerate(group)
    ]


def _hour(day: date, hour: int, location: Location) -> datetime:
    if hour == 24:
        return day_bounds(day, location.timezone)[1]
    return at_local(day, time(hour), location.timezone)


def _stretches(intervals: Iterable[Interval]) -> list[Stretch]:
    return [Stretch(instant(start), instant(end)) for start, end in intervals]
