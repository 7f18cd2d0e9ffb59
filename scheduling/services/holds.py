"""Keeping a slot for some minutes while a form is filled or an offer is out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.claims import (
    Claim,
    SlotClaim,
    check_audience,
    check_time,
    lock,
    pass_screening,
    translated_clashes,
    with_alternatives,
)
from scheduling.errors import Clash, HoldLapsed, TooManyHolds
from scheduling.models import Appointment, AppointmentStatus, SlotHold
from scheduling.permission import may_book, may_hold
from scheduling.retry import retried
from scheduling.services.booking import book_appointment
from staff.models import User

# What one member may keep from the others at a time.
MOST_HOLDS = 20


@transaction.atomic
def hold_slot(
    *,
    therapist: User,
    service: Service,
    location: Location,
    starts_at: datetime,
    room: Room | None = None,
    minutes: int | None = None,
    patient: Patient | None = None,
    until: datetime | None = None,
    instead_of: SlotHold | None = None,
    by: Actor,
) -> SlotHold:
    """Keep a slot from everybody else for the location's `hold_minutes`, or until a time; all rules of a booking count
    that do not need a patient, and with a patient those, too. It frees itself when its time is over. `instead_of` is
    let go for it."""
    may_hold(by=by, location=location)
    if instead_of is not None:
        release_hold(hold=instead_of, by=by)
    if patient is not None:
        may_book(by=by, patient=patient, location=location)
    if timezone.is_naive(starts_at):
        raise Invalid(fields={"starts_at": "Say the time with its offset from UTC."})
    slot = SlotClaim(
        therapist=therapist, service=service, location=location, starts_at=starts_at, room=room, minutes=minutes
    )
    claim = slot.for_patient(patient) if patient is not None else slot
    check_time(claim, now=timezone.now())
    if isinstance(claim, Claim):
        check_audience(claim)
        pass_screening(claim, by=by)
    try:
        return _hold(claim, until or timezone.now() + timedelta(minutes=location.hold_minutes), by=by)
    except Clash as clash:
        raise with_alternatives(clash, claim) from None


@transaction.atomic
def extend_hold(*, hold: SlotHold, by: Actor) -> SlotHold:
    """Keep the slot for another while. Raises HoldLapsed when its time is over."""
    may_hold(by=by, location=hold.location)
    until = timezone.now() + timedelta(minutes=hold.location.hold_minutes)
    standing = SlotHold.objects.standing().filter(pk=hold.pk)
    if standing.update(held_until=until, updated_at=Now()) != 1:
        raise HoldLapsed()
    hold.held_until = until
    _record(hold, "slot.hold_extended", by=by)
    return hold


@transaction.atomic
def release_hold(*, hold: SlotHold, by: Actor) -> None:
    """Let the slot go. One that is gone or booked already is left alone."""
    may_hold(by=by, location=hold.location)
    # Locked before it is deleted: deleting alone would ask for its state first and then remove it by its key, booked
    # or not in the meantime.
    held = SlotHold.objects.select_for_update().filter(pk=hold.pk, status=AppointmentStatus.HELD).first()
    if held is not None and SlotHold.objects.filter(pk=held.pk).delete()[0]:
        _record(hold, "slot.released", by=by)


@transaction.atomic
def book_held(
    *, hold: SlotHold, patient: Patient, by: Actor, notify: bool = True, at: datetime | None = None
) -> Appointment:
    """Make the held slot the patient's visit. Twice is one booking."""
    return book_appointment(
        patient=patient,
        therapist=hold.therapist,
        service=hold.service,
        location=hold.location,
        starts_at=hold.starts_at,
        minutes=hold.minutes,
        hold=hold,
        by=by,
        notify=notify,
        at=at,
    )


@retried
def _hold(claim: SlotClaim, until: datetime, *, by: Actor) -> SlotHold:
    holder = by if isinstance(by, User) else None
    room = lock(claim)
    if holder is not None and SlotHold.objects.standing().filter(held_by=holder).count() >= MOST_HOLDS:
        raise TooManyHolds(most=MOST_HOLDS)
    hold = SlotHold(
        patient=claim.whose,
        therapist=claim.therapist,
        service=claim.service,
        location=claim.location,
        room=room,
        status=AppointmentStatus.HELD,
        held_until=until,
        held_by=holder,
        **claim.times,
    )
    with translated_clashes(claim):
        hold.save(force_insert=True)
    _record(hold, "slot.held", by=by)
    return hold


def _record(hold: SlotHold, action: str, *, by: Actor) -> None:
    record(
        actor=by,
        action=action,
        subject=hold,
        patient=hold.patient,
        locations=[hold.location],
        facts={
            "starts_at": hold.starts_at.isoformat(),
            "ends_at": hold.ends_at.isoformat(),
            "therapist_id": str(hold.therapist.public_id),
            "room_id": str(hold.room.public_id),
            "held_until": hold.held_until.isoformat() if hold.held_until else None,
        },
    )
