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
from clinic.core.clock import today_in
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from patients.services import take_into_care
from scheduling import notices
from scheduling.claims import (
    Claim,
    check_audience,
    check_history,
    check_time,
    is_overlapping,
    lock,
    pass_screening,
    preferring_its_room,
    translated_clashes,
    warnings_of,
    with_alternatives,
)
from scheduling.errors import Clash, IllegalTransition
from scheduling.lifecycle import MOVABLE, NEXT
from scheduling.models import Appointment, AppointmentStatus, SlotHold
from scheduling.permission import may_book, may_handle, may_overlap
from scheduling.retry import retried
from scheduling.services.passing import let_pass
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
    hold: SlotHold | None = None,
    overlap_reason: str = "",
    screening_reason: str = "",
    by: Actor,
    notify: bool = True,
    is_history: bool = False,
    at: datetime | None = None,
) -> Appointment:
    """Claim a therapist's and a room's time for a patient, or say what is in the way and what is free instead.

    `minutes` is a length of its own instead of the service's. `hold` is a slot kept for this booking: it becomes the
    visit; one that has lapsed protects no longer, but the time may still be free. With `overlap_reason` the visit may
    lie over others of the therapist or room, by those who may; it is marked only if it does. With `screening_reason`
    the clinical lead lets it pass a screening that blocks it. `is_history` enters a visit that took place: only the
    clashes count then, and nobody is told. `at` is when it was booked, for a demo's past.
    """
    may_book(by=by, patient=patient, location=location, is_history=is_history)
    if overlap_reason:
        may_overlap(by=by, therapist=therapist)
    _check_zone(starts_at)
    claim = Claim(
        patient=patient,
        therapist=therapist,
        service=service,
        location=location,
        starts_at=starts_at,
        room=room,
        replaces=_usable(hold, location),
        minutes=minutes,
    )
    verdict = None
    if is_history:
        # Nothing but the clashes counts for what took place: a visit to come must not pass the screening that way.
        check_history(claim, now=timezone.now())
    else:
        check_time(claim, now=at or timezone.now())
        check_audience(claim)
        verdict = pass_screening(claim, by=by, despite=screening_reason)
    try:
        appointment = _book(claim, overlap_reason=overlap_reason, by=by, notify=notify, is_history=is_history, at=at)
    except Clash as clash:
        raise with_alternatives(clash, claim) from None
    if verdict is not None:
        if verdict.is_blocked:
            let_pass(appointment=appointment, verdict=verdict, reason=screening_reason, by=by)
        appointment.screening_reasons = warnings_of(verdict)
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
        raise with_alternatives(clash, claim_of(appointment)) from None


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
        raise with_alternatives(clash, _claim_of(appointment)) from None


@retried
def _book(
    claim: Claim, *, overlap_reason: str, by: Actor, notify: bool, is_history: bool, at: datetime | None
) -> Appointment:
    wanted = preferring_its_room(claim, claim.replaces) if claim.replaces else claim
    room = lock(wanted, is_history=is_history, is_overlap=bool(overlap_reason))
    overlaps = bool(overlap_reason) and is_overlapping(claim, room)
    row, is_booked = _row_for(claim)
    if is_booked:
        return row
    changes = {
        "patient": claim.patient,
        "therapist": claim.therapist,
        "service": claim.service,
        "location": claim.location,
        "room": room,
        "status": AppointmentStatus.BOOKED,
        "held_until": None,
        "held_by": None,
        "overlaps_on_purpose": overlaps,
        "overlap_reason": overlap_reason if overlaps else "",
        "agreed_at": at or timezone.now(),
        **claim.times,
    }
    _save(row, changes, claim)
    if at is not None:
        Appointment.objects.filter(pk=row.pk).update(created_at=at)
    take_into_care(
        patient=claim.patient, therapist=claim.therapist, by=by, started_on=today_in(claim.location.timezone)
    )
    if not is_history:
        notices.tell_booked(appointment=row, notify=notify, by=by)
    _record(
        row, "appointment.booked", by=by, is_history=is_history, **({"overlaps_on_purpose": True} if overlaps else {})
    )
    return row


def _row_for(claim: Claim) -> tuple[Appointment, bool]:
    """The held row that becomes the visit, or a new one; and whether this very booking was made before."""
    held = claim.replaces
    if held is None:
        return Appointment(), False
    row = (
        Appointment.objects.with_all_it_names().select_for_update(no_key=True, of=("self",)).filter(pk=held.pk).first()
    )
    if row is None:
        return Appointment(), False
    if row.status == AppointmentStatus.HELD:
        return row, False
    is_same = (row.patient.pk, row.starts_at, row.therapist_id) == (
        claim.patient.pk,
        claim.starts_at,
        claim.therapist.pk,
    )
    return (row, True) if is_same else (Appointment(), False)


def _usable(hold: SlotHold | None, location: Location) -> SlotHold | None:
    """A hold of another location is none of ours."""
    return hold if hold is not None and hold.location_id == location.pk else None


@retried
def _restore(
    appointment: Appointment, *, expected_version: int | None, by: Actor, notify: bool, at: datetime | None
) -> Appointment:
    locked = _lock_visit(appointment, expected_version)
    if locked.status == AppointmentStatus.BOOKED:
        return locked
    if locked.status != AppointmentStatus.CANCELLED:
        raise IllegalTransition(status=locked.status, allowed=list(NEXT[locked.status]))
    claim = _claim_of(locked)
    check_time(claim, now=at or timezone.now())
    locked.screening_reasons = warnings_of(pass_screening(claim, by=by))
    room = lock(preferring_its_room(claim, locked))
    changes = {
        "status": AppointmentStatus.BOOKED,
        "room": room,
        "version": locked.version + 1,
        "agreed_at": at or timezone.now(),
        "confirmed_at": None,
        "cancelled_at": None,
        "cancel_reason": "",
        "is_late_cancellation": False,
        "overlaps_on_purpose": False,
        "overlap_reason": "",
        **claim.times,
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
    locked.screening_reasons = warnings_of(pass_screening(claim, by=by))
    room = lock(preferring_its_room(claim, locked))
    before = {
        "starts_at": locked.starts_at.isoformat(),
        "ends_at": locked.ends_at.isoformat(),
        "room_id": str(locked.room.public_id),
    }
    has_new_time = locked.starts_at != claim.starts_at
    _apply(locked, claim, room, has_new_time=has_new_time, at=at)
    take_into_care(
        patient=claim.patient, therapist=claim.therapist, by=by, started_on=today_in(claim.location.timezone)
    )
    if has_new_time:
        notices.tell_moved(appointment=locked, notify=notify, by=by)
    _record(locked, "appointment.moved", by=by, before=before)
    return locked


def _apply(locked: Appointment, claim: Claim, room: Room, *, has_new_time: bool, at: datetime | None) -> None:
    # An overlap that was allowed was allowed at its old time.
    changes: dict[str, Any] = {
        "therapist": claim.therapist,
        "room": room,
        "version": locked.version + 1,
        "overlaps_on_purpose": False,
        "overlap_reason": "",
        **claim.times,
    }
    if has_new_time:
        # The patient agreed to the old time, not to this one.
        changes |= {"status": AppointmentStatus.BOOKED, "confirmed_at": None, "agreed_at": at or timezone.now()}
    _save(locked, changes, claim)


def _save(row: Appointment, changes: dict[str, Any], claim: Claim) -> None:
    is_new = row.pk is None
    for name, value in changes.items():
        setattr(row, name, value)
    with translated_clashes(claim):
        row.save(force_insert=is_new, update_fields=None if is_new else [*changes, "updated_at"])


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
