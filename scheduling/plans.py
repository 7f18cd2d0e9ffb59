"""What would become of several visits of one patient: which are free, why the others are not, and what is instead.

Nothing is written or locked. All dates are judged from one reading, so the number of queries does not grow with them;
only the free times instead are looked for in windows of eight weeks, as many as the clashing dates stretch over (14 at
most, two years being the furthest), and twice where the therapist has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from audit.actors import Actor
from clinic.core.clock import day_bounds, local
from clinic.core.errors import ClinicError, Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling import errors
from scheduling.availability import WIDEST_WINDOW, Slot, free_slots
from scheduling.claims import (
    Claim,
    as_facts,
    check_audience,
    check_hours,
    check_therapist,
    check_time,
    therapists_for,
)
from scheduling.hours import WorkingTime, local_day
from scheduling.intervals import interval
from scheduling.load import Load, day_of, limits_of
from scheduling.models import LONGEST_BUSY, Appointment
from scheduling.permission import may_book
from scheduling.series import dates_of, read_rule
from screening import services as screening
from screening.services import Verdict
from staff.models import User

MOST_ALTERNATIVES = 3
NEARBY = timedelta(days=7)
# Fields whose rule is about one date; a broken rule about anything else is broken on every date alike.
_OF_A_DATE = {"starts_at", "therapist_id", "room_id"}


@dataclass(frozen=True)
class PlannedVisit:
    """One date: the claim it would be, why it cannot be had if so, and what is free instead."""

    number: int
    claim: Claim
    refusal: ClinicError | None = None
    alternatives: Sequence[Slot] = field(default=())
    # Codes for which screening would let it pass with a warning.
    warnings: tuple[str, ...] = ()

    @property
    def is_free(self) -> bool:
        return self.refusal is None

    @property
    def reason(self) -> str:
        """The refusal in a sentence."""
        if self.refusal is None:
            return ""
        return " ".join(self.refusal.fields.values()) or self.refusal.text

    @property
    def _offered(self) -> list[dict[str, str]]:
        """The free times a clash brought along."""
        offered: list[dict[str, str]] = self.refusal.facts.get("alternatives", []) if self.refusal else []
        return offered

    def as_facts(self) -> dict[str, object]:
        """The same for a refusal's facts: ids, codes and times."""
        return {
            "number": self.number,
            "starts_at": self.claim.starts_at.isoformat(),
            "therapist_id": str(self.claim.therapist.public_id),
            "code": self.refusal.code if self.refusal else "free",
            "alternatives": as_facts(list(self.alternatives)) or self._offered,
        }


def plan_series(
    *,
    patient: Patient,
    therapist: User,
    service: Service,
    location: Location,
    rule: str,
    first_at: datetime,
    room: Room | None = None,
    by: Actor,
    now: datetime | None = None,
) -> list[PlannedVisit]:
    """Every date of a series with what would become of it. Reads only; a rule that is none is refused."""
    may_book(by=by, patient=patient, location=location)
    at = now or timezone.now()
    dates = dates_of(read_rule(rule), first_at=first_at, zone_name=location.timezone, now=at)
    claims = [
        Claim(patient=patient, therapist=therapist, service=service, location=location, starts_at=starts_at, room=room)
        for starts_at in dates
    ]
    if claims:
        check_audience(claims[0])
    return judge(dict(enumerate(claims, 1)), by=by, now=at)


def judge(claims: dict[int, Claim], *, by: Actor, now: datetime) -> list[PlannedVisit]:
    """Claims of one patient, service and location by number, judged as booking would, with up to three free times
    instead of each that clashes. What forbids them all alike is raised."""
    if not claims:
        return []
    facts = _Facts.of(list(claims.values()), by=by)
    refusals = {number: facts.refusal(claim, now=now) for number, claim in claims.items()}
    instead = _instead(claims, [number for number, refusal in refusals.items() if _can_be_elsewhen(refusal)], now=now)
    return [
        PlannedVisit(number, claim, refusals[number], instead.get(number, ()), facts.warnings(claim))
        for number, claim in claims.items()
    ]


def is_about_a_date(refusal: ClinicError) -> bool:
    """Whether another date could do, so that the refusal belongs beside this one."""
    is_rule = isinstance(refusal, Invalid) and bool(refusal.fields) and set(refusal.fields) <= _OF_A_DATE
    return is_rule or isinstance(refusal, errors.Clash | errors.ScreeningBlocks)


def _can_be_elsewhen(refusal: ClinicError | None) -> bool:
    return refusal is not None and not isinstance(refusal, errors.ScreeningBlocks)


@dataclass(frozen=True)
class _Visit:
    """Somebody's visit near one of the dates."""

    therapist: int
    room: int
    patient: int
    busy_from: datetime
    busy_until: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class _Facts:
    """All that decides about some claims, read in a fixed number of queries."""

    therapists: dict[int, User]
    verdicts: dict[datetime, Verdict]
    working: WorkingTime
    # The rooms in use here, and whether each has what the service needs.
    rooms: dict[int, bool]
    visits: list[_Visit]
    # All the visits of those therapists who have limits, on the days of the claims.
    loads: dict[int, list[tuple[datetime, datetime]]]
    # The claims that were judged before: two of one series can be in each other's way.
    own: list[Claim]

    @classmethod
    def of(cls, claims: list[Claim], *, by: Actor) -> _Facts:
        one = claims[0]
        people = therapists_for(one.service, one.location).filter(pk__in={claim.therapist.pk for claim in claims})
        days = [local_day(claim.starts_at, one.location) for claim in claims]
        therapists = {person.pk: person for person in people}
        return cls(
            therapists=therapists,
            verdicts=screening.gates_at(
                patient=one.patient,
                service=one.service,
                instants=[claim.starts_at for claim in claims],
                by=by if isinstance(by, User) else None,
            ),
            working=WorkingTime.of(location=one.location, therapists=list(therapists), first=min(days), last=max(days)),
            rooms={
                room.pk: room.fits(one.service) for room in Room.objects.filter(location=one.location, is_active=True)
            },
            visits=list(_visits_near(claims)),
            loads=_loads(claims, [key for key, person in therapists.items() if limits_of(person)]),
            own=[],
        )

    def refusal(self, claim: Claim, *, now: datetime) -> ClinicError | None:
        """Why the claim would be refused, if it would. Raises what is not about its date."""
        try:
            check_time(claim, now=now)
            verdict = self.verdicts[claim.starts_at]
            if verdict.is_blocked:
                raise errors.ScreeningBlocks(reasons=list(verdict.reasons))
            check_therapist(claim, self.therapists[claim.therapist.pk])
            check_hours(claim, self.working)
            self._check_load(claim)
            self._check_taken(claim)
        except ClinicError as refusal:
            if not is_about_a_date(refusal):
                raise
            return refusal
        self.own.append(claim)
        return None

    def warnings(self, claim: Claim) -> tuple[str, ...]:
        """What the gate would hand on."""
        verdict = self.verdicts[claim.starts_at]
        return tuple(verdict.reasons) if verdict.level == "warn" else ()

    def _check_load(self, claim: Claim) -> None:
        limits = limits_of(self.therapists[claim.therapist.pk])
        if limits is None:
            return
        own = [(one.starts_at, one.ends_at) for one in self.own if one.therapist.pk == claim.therapist.pk]
        load = Load.of(limits, [*self.loads[claim.therapist.pk], *own])
        load.check(interval(claim.starts_at, claim.ends_at), interval(*day_of(claim.starts_at, claim.location)))

    def _check_taken(self, claim: Claim) -> None:
        """The order in which booking meets them: therapist, room, patient."""
        near = [v for v in self.visits if v.busy_from < claim.busy_until and v.busy_until > claim.busy_from]
        if any(visit.therapist == claim.therapist.pk for visit in near):
            raise claim.clash(errors.SlotTaken)
        taken = {visit.room for visit in near}
        fitting = {room for room, fits in self.rooms.items() if fits}
        if claim.room is None and not fitting and self.rooms:
            raise errors.NoRoomFits()
        if claim.room is None and not fitting - taken:
            raise claim.clash(errors.NoRoomFree)
        if claim.room is not None and claim.room.pk not in self.rooms:
            raise errors.RoomElsewhere()
        if claim.room is not None and not self.rooms[claim.room.pk]:
            raise errors.RoomLacksFeature()
        if claim.room is not None and claim.room.pk in taken:
            raise claim.clash(errors.RoomTaken)
        if any(
            visit.patient == claim.patient.pk and visit.starts_at < claim.ends_at and visit.ends_at > claim.starts_at
            for visit in near
        ) or any(one.starts_at < claim.ends_at and one.ends_at > claim.starts_at for one in self.own):
            raise claim.clash(errors.PatientTaken)


def _visits_near(claims: list[Claim]) -> Iterator[_Visit]:
    """Whoever holds a slot at one of the times: the therapists' visits anywhere, the rooms', the patient's."""
    one = claims[0]
    times = [
        Q(busy_from__lt=claim.busy_until, busy_until__gt=claim.busy_from)
        # For the indexes, which know the start only.
        & Q(starts_at__gt=claim.busy_from - LONGEST_BUSY, starts_at__lt=claim.busy_until + LONGEST_BUSY)
        for claim in claims
    ]
    whose = (
        Q(therapist__in={claim.therapist.pk for claim in claims}) | Q(location=one.location) | Q(patient=one.patient)
    )
    leaving = [claim.replaces.pk for claim in claims if claim.replaces is not None]
    rows = Appointment.objects.holding_a_slot().filter(whose, reduce(or_, times)).exclude(pk__in=leaving)
    columns = ("therapist_id", "room_id", "patient_id", "busy_from", "busy_until", "starts_at", "ends_at")
    return (_Visit(*row) for row in rows.values_list(*columns))


def _loads(claims: list[Claim], limited: list[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """By therapist, the visits of the claims' days; nothing is asked when nobody has limits."""
    loads: dict[int, list[tuple[datetime, datetime]]] = {key: [] for key in limited}
    if not limited:
        return loads
    days = {day_of(claim.starts_at, claim.location) for claim in claims}
    times = [
        Q(starts_at__gt=from_ - LONGEST_BUSY, starts_at__lt=until + LONGEST_BUSY) & Q(ends_at__gt=from_)
        for from_, until in days
    ]
    leaving = [claim.replaces.pk for claim in claims if claim.replaces is not None]
    rows = (
        Appointment.objects.holding_a_slot().filter(reduce(or_, times), therapist__in=limited).exclude(pk__in=leaving)
    )
    for key, starts_at, ends_at in rows.values_list("therapist_id", "starts_at", "ends_at"):
        loads[key].append((starts_at, ends_at))
    return loads


# Free times instead


def _instead(claims: dict[int, Claim], clashing: list[int], *, now: datetime) -> dict[int, list[Slot]]:
    """For each clashing date: the therapist's times that day, then of the days before the next date, then anybody's."""
    windows = _windows(claims, clashing, now=now)
    found: dict[int, list[Slot]] = {}
    for person in {claims[number].therapist.pk: claims[number].therapist for number in windows}.values():
        theirs = {number: window for number, window in windows.items() if claims[number].therapist.pk == person.pk}
        found |= _look(claims, theirs, person, now=now)
    without = {number: window for number, window in windows.items() if not found.get(number)}
    return found | _look(claims, without, None, now=now)


def _windows(claims: dict[int, Claim], clashing: list[int], *, now: datetime) -> dict[int, tuple[datetime, datetime]]:
    """From the first moment of each date's day to the next date's day, a week at most."""
    zone_name = next(iter(claims.values())).location.timezone
    days = {number: day_bounds(local(claim.starts_at, zone_name).date(), zone_name) for number, claim in claims.items()}
    starts = sorted(from_ for from_, _ in days.values())
    windows = {}
    for number in clashing:
        from_, until = days[number]
        following = next((start for start in starts if start > from_), until + NEARBY)
        windows[number] = (max(from_, now), max(until, min(following, from_ + NEARBY)))
    return {number: window for number, window in windows.items() if window[0] < window[1]}


def _look(
    claims: dict[int, Claim],
    windows: dict[int, tuple[datetime, datetime]],
    therapist: User | None,
    *,
    now: datetime,
) -> dict[int, list[Slot]]:
    if not windows:
        return {}
    one = claims[next(iter(windows))]
    slots = [
        slot
        for from_, to in _stretches(windows.values())
        for slot in free_slots(
            service=one.service,
            location=one.location,
            therapist=therapist,
            from_=from_,
            to=to,
            patient=one.patient,
            # Visits of one series may differ in length: what fits the longest fits them all.
            minutes=max(claims[number].length_minutes for number in windows),
            now=now,
        )
    ]
    return {
        number: _nearest([slot for slot in slots if from_ <= slot.starts_at < to], claims[number])
        for number, (from_, to) in windows.items()
    }


def _stretches(windows: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """The same windows in as few stretches of at most eight weeks as hold them all."""
    stretch: tuple[datetime, datetime] | None = None
    for from_, to in sorted(windows):
        if stretch is None:
            stretch = (from_, to)
        elif to <= stretch[0] + WIDEST_WINDOW:
            stretch = (stretch[0], max(stretch[1], to))
        else:
            yield stretch
            stretch = (from_, to)
    if stretch is not None:
        yield stretch


def _nearest(slots: list[Slot], claim: Claim) -> list[Slot]:
    """Two of the same day, then of each day after it the time nearest to the wanted one; in order of time."""
    zone_name = claim.location.timezone
    wanted = local(claim.starts_at, zone_name)

    def apart(slot: Slot) -> timedelta:
        wall = local(slot.starts_at, zone_name)
        return abs(wall.replace(tzinfo=None) - datetime.combine(wall.date(), wanted.time()))

    by_day: dict[date, list[Slot]] = {}
    for slot in slots:
        by_day.setdefault(local(slot.starts_at, zone_name).date(), []).append(slot)
    same_day = sorted(by_day.pop(wanted.date(), []), key=apart)
    later = [min(by_day[day], key=apart) for day in sorted(by_day)]
    chosen = [*same_day[:2], *later, *same_day[2:]][:MOST_ALTERNATIVES]
    return sorted(chosen, key=lambda slot: slot.starts_at)
