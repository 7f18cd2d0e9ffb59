"""Booking, moving and restoring: one act each, which holds therapist, room and patient or says who is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from patients.services import join_care_team
from scheduling import notices
from scheduling.availability import next_free
from scheduling.claims import Claim, as_facts, check_time, lock, pass_screening, translated_clashes
from scheduling.errors import Clash, IllegalTransition
from scheduling.lifecycle import MOVABLE, NEXT
from scheduling.models import Appointment, AppointmentStatus
from scheduling.permission import may_book, may_handle
from scheduling.retry import retried
from staff.models import User


@transaction.atomic
def book_appointment(
    *,
    patient: Patient,
    therapist: User,
    service: Service,
    location: Location,
    starts_at: datetime,
    room: Room | None = None,
    minutes: int | None = None,
    by: Actor,
    notify: bool = True,
    is_history: bool = False,
    at: datetime | None = None,
) -> Appointment:
    """Hold a therapist's and a room's time for a patient, or say what is in the way and what is free instead.

    `minutes` is a length of its own instead of the service's. `is_history` enters a visit that took place: only the
    clashes count then, and nobody is told.
    `at` is when it was booked, for a demo's past.
    """
    may_book(by=by, patient=patient, location=location, is_history=is_history)
    _check_zone(starts_at)
    claim = Claim(patient, therapist, service, location, starts_at, room, minutes=minutes)
    reasons: tuple[str, ...] = ()
    if not is_history:
        check_time(claim, now=at or timezone.now())
        reasons = pass_screening(claim, by=by)
    try:
        appointment = _hold(claim, by=by, notify=notify, is_history=is_history, at=at)
    except Clash as clash:
        raise _with_alternatives(clash, claim) from None
    appointment.screening_reasons = reasons
    return appointment


@transaction.atomic
def move_appointment(
    *,
    appointment: Appointment,
    starts_at: datetime | None = None,
    therapist: User | None = None,
    room: Room | None = None,
    minutes: int | None = None,
    expected_version: int | None = None,
    by: Actor,
    notify: bool = True,
    at: datetime | None = None,
) -> Appointment:
    """Give a visit another time, length, therapist or room, all or nothing; it stays the same visit, a version later.

    What is not said stays as it is; without `room` it keeps its room if that is free, else takes the first free one.
    Asking for what is already so changes nothing.
    """
    may_handle(by=by, appointment=appointment)
    if starts_at is not None:
        _check_zone(starts_at)

    def claim_of(visit: Appointment) -> Claim:
        return replace(
            _claim_of(visit),
            therapist=therapist or visit.therapist,
            starts_at=starts_at or visit.starts_at,
            room=room,
            minutes=visit.minutes if minutes is None else minutes,
        )

    try:
        return _shift(claim_of, appointment, expected_version=expected_version, by=by, notify=notify, at=at)
    except Clash as clash:
        raise _with_alternatives(clash, claim_of(appointment)) from None


@transaction.atomic
def restore_appointment(
    *,
    appointment: Appointment,
    expected_version: int | None = None,
    by: Actor,
    notify: bool = True,
    at: datetime | None = None,
) -> Appointment:
    """Take back a cancellation: the same visit at the same time, if it could be booked anew. Twice is one restoring.

    It keeps its room if that is free, else takes the first free one.
    """
    may_handle(by=by, appointment=appointment)
    try:
        return _restore(appointment, expected_version=expected_version, by=by, notify=notify, at=at)
    except Clash as clash:
        raise _with_alternatives(clash, _claim_of(appointment)) from None


@retried
def _hold(claim: Claim, *, by: Actor, notify: bool, is_history: bool, at: datetime | None) -> Appointment:
    room = lock(claim, is_history=is_history)
    appointment = Appointment(
        patient=claim.patient,
        therapist=claim.therapist,
        service=claim.service,
        location=claim.location,
        room=room,
        agreed_at=at or timezone.now(),
        **_times(claim),
    )
    with translated_clashes(claim):
        appointment.save(force_insert=True)
    if at is not None:
        Appointment.objects.filter(pk=appointment.pk).update(created_at=at)
    join_care_team(patient=claim.patient, therapist=claim.therapist, by=by)
    if not is_history:
        notices.tell_booked(appointment=appointment, notify=notify, by=by)
    _record(appointment, "appointment.booked", by=by, is_history=is_history)
    return appointment


@retried
def _restore(
    appointment: Appointment, *, expected_version: int | None, by: Actor, notify: bool, at: datetime | None
) -> Appointment:
    locked = _lock_visit(appointment, expected_version)
    if locked.status == AppointmentStatus.BOOKED:
        return locked
    if AppointmentStatus.BOOKED not in NEXT[locked.status]:
        raise IllegalTransition(status=locked.status, allowed=list(NEXT[locked.status]))
    claim = _claim_of(locked)
    check_time(claim, now=at or timezone.now())
    locked.screening_reasons = pass_screening(claim, by=by)
    room = lock(_preferring_its_room(claim, locked))
    changes = {
        "status": AppointmentStatus.BOOKED,
        "room": room,
        "version": locked.version + 1,
        "agreed_at": at or timezone.now(),
        "confirmed_at": None,
        "cancelled_at": None,
        "cancel_reason": "",
        "is_late_cancellation": False,
        **_times(claim),
    }
    _save(locked, changes, claim)
    notices.tell_restored(appointment=locked, notify=notify, by=by)
    _record(locked, "appointment.restored", by=by)
    return locked


@retried
def _shift(
    claim_of: Callable[[Appointment], Claim],
    appointment: Appointment,
    *,
    expected_version: int | None,
    by: Actor,
    notify: bool,
    at: datetime | None,
) -> Appointment:
    locked = _lock_visit(appointment, expected_version)
    if locked.status not in MOVABLE:
        raise IllegalTransition(status=locked.status, allowed=list(NEXT[locked.status]))
    claim = claim_of(locked)
    if _is_already_so(locked, claim):
        return locked
    check_time(claim, now=at or timezone.now())
    locked.screening_reasons = pass_screening(claim, by=by)
    room = lock(_preferring_its_room(claim, locked))
    before = {
        "starts_at": locked.starts_at.isoformat(),
        "ends_at": locked.ends_at.isoformat(),
        "room_id": str(locked.room.public_id),
    }
    has_new_time = locked.starts_at != claim.starts_at
    _apply(locked, claim, room, has_new_time=has_new_time, at=at)
    join_care_team(patient=claim.patient, therapist=claim.therapist, by=by)
    if has_new_time:
        notices.tell_moved(appointment=locked, notify=notify, by=by)
    _record(locked, "appointment.moved", by=by, before=before)
    return locked


def _apply(locked: Appointment, claim: Claim, room: Room, *, has_new_time: bool, at: datetime | None) -> None:
    changes = {"therapist": claim.therapist, "room": room, "version": locked.version + 1, **_times(claim)}
    if has_new_time:
        # The patient agreed to the old time, not to this one.
        changes |= {"status": AppointmentStatus.BOOKED, "confirmed_at": None, "agreed_at": at or timezone.now()}
    _save(locked, changes, claim)


def _save(locked: Appointment, changes: dict[str, Any], claim: Claim) -> None:
    for name, value in changes.items():
        setattr(locked, name, value)
    with translated_clashes(claim):
        locked.save(update_fields=[*changes, "updated_at"])


def _lock_visit(appointment: Appointment, expected_version: int | None) -> Appointment:
    """Its own row first: a status act holds nothing else, so this cannot close a circle of waiting."""
    rows = Appointment.objects.for_diary().select_for_update(no_key=True, of=("self",))
    locked: Appointment = rows.get(pk=appointment.pk)
    return locked.expect_version(expected_version)


def _claim_of(visit: Appointment) -> Claim:
    """What the visit claims as it is; any free room will do."""
    return Claim(
        patient=visit.patient,
        therapist=visit.therapist,
        service=visit.service,
        location=visit.location,
        starts_at=visit.starts_at,
        replaces=visit,
        minutes=visit.minutes,
    )


def _check_zone(starts_at: datetime) -> None:
    if timezone.is_naive(starts_at):
        raise Invalid(fields={"starts_at": "Say the time with its offset from UTC."})


def _is_already_so(locked: Appointment, claim: Claim) -> bool:
    is_same_room = claim.room is None or claim.room.pk == locked.room_id
    wanted = (claim.starts_at, claim.ends_at, claim.therapist.pk)
    return is_same_room and (locked.starts_at, locked.ends_at, locked.therapist_id) == wanted


def _preferring_its_room(claim: Claim, locked: Appointment) -> Claim:
    """The same claim on the room it has, if none was asked for and that one is free at the new time."""
    if claim.room is not None or not locked.room.is_active:
        return claim
    others = Appointment.objects.busy_between(claim.busy_from, claim.busy_until).exclude(pk=locked.pk)
    return claim if others.filter(room=locked.room_id).exists() else replace(claim, room=locked.room)


def _times(claim: Claim) -> dict[str, datetime]:
    return {
        "starts_at": claim.starts_at,
        "ends_at": claim.ends_at,
        "busy_from": claim.busy_from,
        "busy_until": claim.busy_until,
    }


def _with_alternatives(clash: Clash, claim: Claim) -> Clash:
    """Asked after the locks are given back, so that those who wait for them need not wait for this."""
    slots = next_free(
        service=claim.service,
        location=claim.location,
        therapist=claim.therapist,
        patient=claim.patient,
        after=claim.starts_at,
        ignoring=claim.replaces,
        minutes=claim.minutes,
    )
    return clash.offering(as_facts(slots))


def _record(appointment: Appointment, action: str, *, by: Actor, **facts: object) -> None:
    record(
        actor=by,
        action=action,
        subject=appointment,
        patient=appointment.patient,
        locations=[appointment.location],
        facts={
            "starts_at": appointment.starts_at.isoformat(),
            "ends_at": appointment.ends_at.isoformat(),
            "therapist_id": str(appointment.therapist.public_id),
            "room_id": str(appointment.room.public_id),
            "service_id": str(appointment.service.public_id),
            **facts,
        },
    )
