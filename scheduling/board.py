"""What the diary prints: columns of cards, free places, closed hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from django.utils import timezone

from clinic.core.clock import today_in
from clinic.models import Location, Room
from scheduling.models import Appointment, AppointmentStatus
from staff.models import User

HOLDS_NOTHING = (AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW)


class Arrangement(StrEnum):
    """What a column of the diary is."""

    THERAPISTS = "therapists"
    ROOMS = "rooms"
    WEEK = "week"


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
    """A day of a therapist or of a room."""

    day: date
    is_today: bool
    cards: list[Card]
    therapist: User | None = None
    room: Room | None = None
    closed: list[Stretch] = field(default_factory=list)
    away: list[Stretch] = field(default_factory=list)
    slots: list[Stretch] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Whose column it is."""
        return self.room.name if self.room else self.therapist.full_name if self.therapist else ""

    @property
    def visit_count(self) -> int:
        """Visits the reader sees that take place or are meant to."""
        shown = [card.appointment for card in self.cards if card.appointment]
        return sum(1 for visit in shown if visit.status not in HOLDS_NOTHING)


@dataclass(frozen=True)
class Board:
    """Everything the diary prints."""

    location: Location
    arrangement: Arrangement
    # The day asked for, and the days that are drawn.
    day: date
    days: list[date]
    # All who could be looked at, and the one who is, if it is one.
    therapists: list[User]
    whose: User | None
    first_hour: int
    last_hour: int
    columns: list[Column]
    cancelled: list[Card]

    @property
    def hours(self) -> range:
        return range(self.first_hour, self.last_hour)

    @property
    def is_week(self) -> bool:
        return self.arrangement is Arrangement.WEEK

    @property
    def is_today(self) -> bool:
        """Whether the present day is drawn."""
        return today_in(self.location.timezone) in self.days

    @cached_property
    def visits(self) -> list[Card]:
        """All visits the reader may see, cancelled ones too, in order of time: the list view."""
        cards = [card for column in self.columns for card in column.cards if card.appointment]
        return sorted([*cards, *self.cancelled], key=lambda card: card.starts_at)

    @property
    def unconfirmed(self) -> list[Card]:
        """Visits to come that nobody has confirmed yet."""
        now = timezone.now()
        return [
            card
            for card in self.visits
            if card.appointment and card.appointment.status == AppointmentStatus.BOOKED and card.starts_at > now
        ]
