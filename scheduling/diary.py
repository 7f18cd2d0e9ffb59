"""One day of one location as the desk sees it: a column per therapist, with hours, visits and free time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from clinic.core.clock import at_local, day_bounds, local, today_in, zone
from clinic.models import Location
from scheduling.hours import WorkingTime
from scheduling.intervals import Interval, instant, interval, merge, offset_at, subtract
from scheduling.models import LAPSED, Appointment, AppointmentStatus
from screening.services import lights
from staff.models import User

# Where an empty place may be clicked, and how long each piece is.
QUARTER, HALF_HOUR = 15 * 60, 30 * 60
# A day is drawn at least from nine to four.
LATEST_START, EARLIEST_END = 9, 16
HOLDS_NOTHING = (AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Stretch:
    """Some time in a column: closed, away, a buffer, or free to be clicked."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Card:
    """A visit in a column; without the visit itself when it is not the reader's to see, or elsewhere."""

    starts_at: datetime
    ends_at: datetime
    appointment: Appointment | None
    light: str
    elsewhere: str
    # A slot kept while a form is filled or an offer is out.
    is_held: bool = False
    buffers: tuple[Stretch, ...] = ()
    # Which of how many stand side by side: a missed visit whose time was given away again.
    lane: int = 1
    lanes: int = 1

    @property
    def is_short(self) -> bool:
        """Too low for a third line of text."""
        return self.ends_at - self.starts_at < timedelta(minutes=40)


@dataclass(frozen=True)
class Column:
    """A therapist's day."""

    therapist: User
    cards: list[Card]
    closed: list[Stretch] = field(default_factory=list)
    away: list[Stretch] = field(default_factory=list)
    slots: list[Stretch] = field(default_factory=list)

    @property
    def visit_count(self) -> int:
        """Visits the reader sees that take place or are meant to."""
        shown = [card.appointment for card in self.cards if card.appointment]
        return sum(1 for visit in shown if visit.status not in HOLDS_NOTHING)


@dataclass(frozen=True)
class Frame:
    """Which day is drawn, from when until when."""

    day: date
    drawn: Interval


@dataclass(frozen=True)
class DiaryDay:
    """Everything the diary prints."""

    location: Location
    day: date
    is_today: bool
    first_hour: int
    last_hour: int
    columns: list[Column]
    cancelled: list[Card]

    @property
    def hours(self) -> range:
        return range(self.first_hour, self.last_hour)

    @property
    def visits(self) -> list[Card]:
        """All visits the reader may see, cancelled ones too, in order of time: the list view."""
        cards = [card for column in self.columns for card in column.cards if card.appointment]
        return sorted([*cards, *self.cancelled], key=lambda card: card.starts_at)


def diary_day(*, location: Location, day: date, user: User, now: datetime | None = None) -> DiaryDay:
    """The day, in a constant number of queries. Visits hidden from the reader are shown as busy time."""
    people = {one.pk: one for one in User.objects.therapists().filter(locations=location)}
    working = WorkingTime.of(location=location, therapists=list(people), first=day, last=day)
    rows = _rows(location, list(people), day)
    cards = _cards(rows, location, user)
    for row in rows:
        people.setdefault(row.therapist_id, row.therapist)
    by_therapist: dict[int, list[tuple[Appointment, Card]]] = defaultdict(list)
    for row, card in zip(rows, cards, strict=True):
        if row.status != AppointmentStatus.CANCELLED:
            by_therapist[row.therapist_id].append((row, card))
    hours = _drawn_hours(location, day, rows, [working.hours_on(key, day) for key in people])
    frame = Frame(day, interval(*(_hour(day, hour, location) for hour in hours)))
    columns = [
        _column(person, by_therapist[key], working, frame, now or timezone.now())
        for key, person in people.items()
        if by_therapist[key] or working.hours_on(key, day)
    ]
    cancelled = [
        card
        for row, card in zip(rows, cards, strict=True)
        if row.status == AppointmentStatus.CANCELLED and card.appointment
    ]
    return DiaryDay(location, day, day == today_in(location.timezone), *hours, columns, cancelled)


def _rows(location: Location, therapists: list[int], day: date) -> list[Appointment]:
    """All visits here, and what keeps its therapists busy elsewhere."""
    from_, until = day_bounds(day, location.timezone)
    elsewhere = Q(therapist__in=therapists) & ~Q(status__in=HOLDS_NOTHING)
    rows = Appointment.objects.for_diary().filter(starts_at__gte=from_, starts_at__lt=until).exclude(LAPSED)
    return list(rows.filter(Q(location=location) | elsewhere))


def _cards(rows: list[Appointment], location: Location, user: User) -> list[Card]:
    shown = Appointment.objects.visible_to(user).filter(pk__in=[row.pk for row in rows], location=location)
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


def _column(
    person: User, held: list[tuple[Appointment, Card]], working: WorkingTime, frame: Frame, now: datetime
) -> Column:
    hours, open_hours = working.bookable_on(person.pk, frame.day), working.open_on(person.pk, frame.day)
    taken = [interval(row.busy_from, row.busy_until) for row, _ in held if row.status not in HOLDS_NOTHING]
    free = subtract(open_hours, [*taken, (0, int(now.timestamp()))])
    return Column(
        therapist=person,
        cards=_side_by_side([card for _, card in held]),
        closed=_stretches(subtract([frame.drawn], hours)),
        away=_stretches(subtract(hours, open_hours)),
        slots=_stretches(_pieces(free, working.zone)),
    )


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


def _drawn_hours(
    location: Location, day: date, rows: list[Appointment], working: list[list[Interval]]
) -> tuple[int, int]:
    """The first and last full hour that hold everybody's hours and every visit."""
    used = merge([interval(row.starts_at, row.ends_at) for row in rows] + [block for one in working for block in one])
    if not used:
        return LATEST_START, EARLIEST_END + 1
    first, last = local(instant(used[0][0]), location.timezone), local(instant(used[-1][1] - 1), location.timezone)
    return min(LATEST_START, first.hour), max(EARLIEST_END, last.hour + 1 if last.date() == day else 24)


def _hour(day: date, hour: int, location: Location) -> datetime:
    if hour == 24:
        return day_bounds(day, location.timezone)[1]
    return at_local(day, time(hour), location.timezone)


def _stretches(intervals: Iterable[Interval]) -> list[Stretch]:
    return [Stretch(instant(start), instant(end)) for start, end in intervals]
