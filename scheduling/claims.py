"""A claim on a therapist, a room and a patient for a stretch of time: its rules, its locks, its clashes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.actors import Actor
from clinic.core.database import translate_constraints
from clinic.models import Audience, Location, Room, Service
from patients.models import Patient
from scheduling import errors
from scheduling.audience import is_meant_for
from scheduling.availability import Slot, next_free
from scheduling.hours import WorkingTime, local_day
from scheduling.intervals import covers, interval
from scheduling.load import Load, day_of, limits_of
from scheduling.models import LAPSED, Appointment, AppointmentQuerySet, SlotHold
from screening import services as screening
from staff.models import User

HORIZON = timedelta(days=730)
# A service's own bounds (`service_duration_between_5_minutes_and_8_hours`) hold for a visit with a length of its own.
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 480


@dataclass(frozen=True, kw_only=True)
class SlotClaim:
    """A stretch of a therapist's and a room's time. Without a room any free one will do."""

    therapist: User
    service: Service
    location: Location
    starts_at: datetime
    room: Room | None = None
    # The visit that is being moved or the hold that is being booked, if any: it is not in its own way.
    replaces: Appointment | None = None
    # A length of its own; without it the service's.
    minutes: int | None = None

    @property
    def length_minutes(self) -> int:
        return self.service.duration_minutes if self.minutes is None else self.minutes

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.length_minutes)

    @property
    def busy_from(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.service.buffer_before_minutes)

    @property
    def busy_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.service.buffer_after_minutes)

    @property
    def whose(self) -> Patient | None:
        """The patient, once there is one."""
        return None

    @property
    def keeps_its_start(self) -> bool:
        """Whether it was given this start before, so that notice and horizon were asked then."""
        return self.replaces is not None and self.replaces.starts_at == self.starts_at

    @property
    def times(self) -> dict[str, datetime]:
        """Its four times, as a row keeps them."""
        return {name: getattr(self, name) for name in ("starts_at", "ends_at", "busy_from", "busy_until")}

    def for_patient(self, patient: Patient) -> Claim:
        """The same slot, claimed for somebody."""
        return Claim(
            patient=patient,
            therapist=self.therapist,
            service=self.service,
            location=self.location,
            starts_at=self.starts_at,
            room=self.room,
            replaces=self.replaces,
            minutes=self.minutes,
        )

    def clash(self, kind: type[errors.Clash]) -> errors.Clash:
        return kind(starts_at=self.starts_at, ends_at=self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Claim(SlotClaim):
    """A slot claimed for a patient."""

    patient: Patient

    @property
    def whose(self) -> Patient:
        return self.patient


C = TypeVar("C", bound=SlotClaim)


def check_time(claim: SlotClaim, *, now: datetime) -> None:
    """The rules that need no lock: a time to come, within the horizon, for somebody alive, of a service on offer."""
    if not SHORTEST_MINUTES <= claim.length_minutes <= LONGEST_MINUTES:
        raise errors.LengthOutOfBounds()
    if claim.starts_at <= now:
        raise errors.SlotInThePast()
    if claim.starts_at > now + HORIZON:
        raise errors.TooFarAhead()
    if not claim.keeps_its_start:
        _check_notice(claim, now)
    if claim.whose is not None and claim.whose.died_on is not None:
        raise errors.PatientDied()
    if not claim.service.is_active:
        raise errors.ServiceWithdrawn()


def check_history(claim: SlotClaim, *, now: datetime) -> None:
    """History has begun."""
    if claim.starts_at > now:
        raise errors.NotYetHistory()


def check_audience(claim: Claim) -> None:
    """Whether the service is for this patient. Asked at booking only: a visit that stands may be moved."""
    if not is_meant_for(claim.service, claim.patient):
        is_for_new = claim.service.audience == Audience.NEW_PATIENTS
        raise errors.OnlyForNewPatients() if is_for_new else errors.OnlyForReturningPatients()


def pass_screening(claim: Claim, *, by: Actor, despite: str = "") -> screening.Verdict:
    """Ask the gate. A block is refused, unless the clinical lead says why this visit may pass it; that it may is for
    the caller to have recorded, with the visit there."""
    verdict = screening.gate(
        patient=claim.patient,
        service=claim.service,
        visit_id=claim.replaces.public_id if claim.replaces else None,
        by=by if isinstance(by, User) else None,
        at=claim.starts_at,
    )
    if verdict.is_blocked and not (despite and screening.may_override(by=by)):
        raise errors.ScreeningBlocks(reasons=list(verdict.reasons))
    return verdict


def warnings_of(verdict: screening.Verdict) -> tuple[str, ...]:
    """What the desk is told of a visit that may take place: codes."""
    return () if verdict.level == "allow" else verdict.reasons


def lock(claim: SlotClaim, *, is_history: bool = False, is_overlap: bool = False) -> Room:
    """Lock therapist, room and patient, always in that order, and check what only holds under the locks.
    An overlap on purpose may lie over others of its kind.

    One queue per therapist: racing bookers wait here instead of deadlocking in the constraint.
    """
    therapist = _lock_therapist(claim)
    if not is_history:
        check_therapist(claim, therapist)
        day = local_day(claim.starts_at, claim.location)
        therapists = [claim.therapist.pk]
        check_hours(claim, WorkingTime.of(location=claim.location, therapists=therapists, first=day, last=day))
        _check_load(claim, therapist)
    room = _lock_given_room(claim.room, claim) if claim.room else _lock_free_room(claim)
    if claim.whose is not None:
        Patient.objects.select_for_update(no_key=True).only("pk").get(pk=claim.whose.pk)
    _make_way(claim, room, is_overlap=is_overlap)
    return room


def translated_clashes(claim: SlotClaim) -> AbstractContextManager[None]:
    """The three constraints, by name, as refusals."""
    return translate_constraints(
        appointment_therapist_never_double_booked=claim.clash(errors.SlotTaken),
        appointment_room_never_double_booked=claim.clash(errors.RoomTaken),
        appointment_patient_never_double_booked=claim.clash(errors.PatientTaken),
    )


def with_alternatives(clash: errors.Clash, claim: SlotClaim) -> errors.Clash:
    """The clash with what is free instead. Asked after the locks are given back, so that those who wait for them need
    not wait for this."""
    slots = next_free(
        service=claim.service,
        location=claim.location,
        therapist=claim.therapist,
        patient=claim.whose,
        after=claim.starts_at,
        ignoring=claim.replaces,
        minutes=claim.minutes,
        room=claim.room,
    )
    return clash.offering(as_facts(slots))


def preferring_its_room(claim: C, row: Appointment) -> C:
    """The same claim on the room the row has, if none was asked for and that one is free at the claimed time."""
    if claim.room is not None or not row.room.is_active or not row.room.fits(claim.service):
        return claim
    others = Appointment.objects.busy_between(claim.busy_from, claim.busy_until).exclude(pk=row.pk)
    return claim if others.filter(room=row.room_id).exists() else replace(claim, room=row.room)


def is_overlapping(claim: SlotClaim, room: Room) -> bool:
    """Whether somebody else has the therapist or the room then. Asked under the locks."""
    return _others(claim).filter(Q(therapist=claim.therapist.pk) | Q(room=room.pk)).exists()


def as_facts(slots: list[Slot]) -> list[dict[str, str]]:
    """Slots as a refusal's facts."""
    return [
        {
            "starts_at": slot.starts_at.isoformat(),
            "ends_at": slot.ends_at.isoformat(),
            "therapist_id": str(slot.therapist.public_id),
        }
        for slot in slots
    ]


def therapists_for(service: Service, location: Location) -> QuerySet[User]:
    """Staff with their limits and what `check_therapist` asks: whether they offer the service and work there."""
    offered = User.services.through.objects.filter(user=OuterRef("pk"), service=service.pk)
    works = User.locations.through.objects.filter(user=OuterRef("pk"), location=location.pk)
    staff: QuerySet[User] = User.objects.annotate(offers_service=Exists(offered), works_here=Exists(works))
    return staff.select_related("limits")


def check_therapist(claim: SlotClaim, therapist: User) -> None:
    """Whether this one of `therapists_for` may give the visit on its day."""
    if not therapist.is_therapist or not therapist.works_here:  # type: ignore[attr-defined]
        raise errors.TherapistElsewhere()
    if not therapist.offers_service:  # type: ignore[attr-defined]
        raise errors.ServiceNotOffered()
    if not therapist.is_licensed_on(local_day(claim.starts_at, claim.location)):
        raise errors.LicenceExpired()


def check_hours(claim: SlotClaim, working: WorkingTime) -> None:
    """Whether the therapist works at that time, the location is open then, and the therapist is not away."""
    day = local_day(claim.starts_at, claim.location)
    therapist = claim.therapist.pk
    wanted = interval(claim.starts_at, claim.ends_at)
    if not covers(working.hours_on(therapist, day), wanted):
        raise errors.OutsideWorkingHours()
    if not covers(working.bookable_on(therapist, day), wanted):
        raise errors.LocationClosed()
    if not covers(working.open_on(therapist, day), wanted):
        raise errors.TherapistAway()


def _check_notice(claim: SlotClaim, now: datetime) -> None:
    if claim.starts_at < now + timedelta(minutes=claim.service.notice_minutes):
        raise errors.TooShortNotice(minutes=claim.service.notice_minutes)
    if claim.starts_at > now + timedelta(days=claim.service.horizon_days):
        raise errors.BeyondServiceHorizon(days=claim.service.horizon_days)


def _lock_therapist(claim: SlotClaim) -> User:
    rows = therapists_for(claim.service, claim.location).select_for_update(no_key=True, of=("self",))
    return rows.get(pk=claim.therapist.pk)


def _check_load(claim: SlotClaim, therapist: User) -> None:
    """Asked under the therapist's lock, so that two bookers cannot exceed the limits together."""
    limits = limits_of(therapist)
    if limits is None:
        return
    from_, until = day_of(claim.starts_at, claim.location)
    near = Appointment.objects.busy_between(min(from_, claim.busy_from), max(until, claim.busy_until))
    theirs = near.exclude_one(claim.replaces).filter(therapist=therapist)
    load = Load.of(limits, theirs.values_list("starts_at", "ends_at"))
    load.check(interval(claim.starts_at, claim.ends_at), interval(from_, until))


def _lock_given_room(room: Room, claim: SlotClaim) -> Room:
    locked = Room.objects.select_for_update(no_key=True).get(pk=room.pk)
    if locked.location_id != claim.location.pk or not locked.is_active:
        raise errors.RoomElsewhere()
    if not locked.fits(claim.service):
        raise errors.RoomLacksFeature()
    return locked


def _lock_free_room(claim: SlotClaim) -> Room:
    """The first room that is free once it is ours. Rooms are tried by key, so two bookers never wait crosswise."""
    taken = _others(claim).filter(room=OuterRef("pk"))
    fitting = Room.objects.fit_for(claim.service).filter(location=claim.location)
    free = fitting.filter(~Exists(taken))
    for candidate in free.order_by("pk").values_list("pk", flat=True):
        room = Room.objects.select_for_update(no_key=True).get(pk=candidate)
        if free.filter(pk=candidate).exists():
            return room
    if claim.service.needed_features and not fitting.exists():
        raise errors.NoRoomFits()
    # Somebody with neither a therapist nor a room should hear of the therapist first.
    is_therapist_taken = _others(claim).filter(therapist=claim.therapist.pk).exists()
    raise claim.clash(errors.SlotTaken if is_therapist_taken else errors.NoRoomFree)


def _make_way(claim: SlotClaim, room: Room, *, is_overlap: bool) -> None:
    """Under the locks: remove holds that have lapsed, which the constraints still count, and look for visits that
    overlap on purpose, which they do not count. Asked after waiting, so that it sees what the others did."""
    near = Appointment.objects.out_of_the_ordinary().near(claim.busy_from, claim.busy_until).exclude_one(claim.replaces)
    lapsed = []
    for row in near.only("overlaps_on_purpose", "therapist", "room").annotate(has_lapsed=Q(held_until__lte=Now())):
        if row.has_lapsed:
            lapsed.append(row.pk)
        elif row.overlaps_on_purpose and not is_overlap and row.therapist_id == claim.therapist.pk:
            raise claim.clash(errors.SlotTaken)
        elif row.overlaps_on_purpose and not is_overlap and row.room_id == room.pk:
            raise claim.clash(errors.RoomTaken)
    if lapsed:
        _remove(lapsed)


def _remove(lapsed: list[int]) -> None:
    """Locked by key first: two claimants who remove the same ones do not meet crosswise. One that was extended in the
    meantime stays."""
    rows = Appointment.objects.filter(LAPSED, pk__in=lapsed).order_by("pk")
    SlotHold.objects.filter(pk__in=list(rows.select_for_update().values_list("pk", flat=True))).delete()


def _others(claim: SlotClaim) -> AppointmentQuerySet:
    """The visits in the claim's way, whoever's they are."""
    return Appointment.objects.busy_between(claim.busy_from, claim.busy_until).exclude_one(claim.replaces)
