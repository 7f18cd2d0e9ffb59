"""A small calendar against which booking is checked: plain lists and comparisons, nothing of the clinic's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

OCCUPYING = {"held", "booked", "confirmed"}


@dataclass(frozen=True)
class Entry:
    """What one row of the diary should be."""

    key: str
    therapist: int
    room: int
    patient: int | None
    starts_at: datetime
    minutes: int
    state: str
    is_lapsed: bool = False

    @property
    def ends_at(self) -> datetime:
        # In real time: a visit over a change of clocks is not longer or shorter for it.
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def is_in_the_way(self) -> bool:
        return self.state in OCCUPYING and not self.is_lapsed


@dataclass(frozen=True)
class Wish:
    """A visit somebody asks for."""

    therapist: int
    patient: int | None
    starts_at: datetime
    minutes: int
    room: int | None = None
    preferred_room: int | None = None
    ignoring: str = ""

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass
class Calendar:
    """Who works when, who is away, and what is in the diary."""

    rooms: list[int]
    before: timedelta
    after: timedelta
    shifts: list[tuple[datetime, datetime]]
    away: dict[str, tuple[int, datetime, datetime]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def judge(self, wish: Wish) -> tuple[set[str], int | None]:
        """The errors of which one must come; or none, and the room that is given."""
        if not any(starts <= wish.starts_at and wish.ends_at <= ends for starts, ends in self.shifts):
            return {"outside_working_hours"}, None
        if any(
            who == wish.therapist and from_ < wish.ends_at and until > wish.starts_at
            for who, from_, until in self.away.values()
        ):
            return {"therapist_away"}, None
        near = [one for one in self.entries.values() if one.is_in_the_way and one.key != wish.ignoring]
        busy = [
            one
            for one in near
            if one.starts_at - self.before < wish.ends_at + self.after
            and one.ends_at + self.after > wish.starts_at - self.before
        ]
        is_therapist_taken = any(one.therapist == wish.therapist for one in busy)
        free = [room for room in self.rooms if all(one.room != room for one in busy)]
        room = self._room(wish, free)
        if room is None:
            return {"slot_taken" if is_therapist_taken else "no_room_free"}, None
        clashes = set()
        if is_therapist_taken:
            clashes.add("slot_taken")
        if room not in free:
            clashes.add("room_taken")
        if wish.patient is not None and any(
            one.patient == wish.patient and one.starts_at < wish.ends_at and one.ends_at > wish.starts_at
            for one in near
        ):
            clashes.add("patient_taken")
        return clashes, None if clashes else room

    def _room(self, wish: Wish, free: list[int]) -> int | None:
        if wish.room is not None:
            return wish.room
        if wish.preferred_room in free:
            return wish.preferred_room
        return free[0] if free else None

    def put(self, entry: Entry) -> None:
        self.entries[entry.key] = entry

    def change(self, key: str, **changes: object) -> None:
        self.entries[key] = replace(self.entries[key], **changes)  # type: ignore[arg-type]

    def occupying(self) -> dict[str, tuple[int, int, int | None, datetime, datetime, str]]:
        """What holds its time now, by key."""
        return {
            one.key: (one.therapist, one.room, one.patient, one.starts_at, one.ends_at, one.state)
            for one in self.entries.values()
            if one.is_in_the_way
        }
