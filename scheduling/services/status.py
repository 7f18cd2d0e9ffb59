"""A visit's way from booked to completed, cancelled or missed. Each step is a compare-and-swap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from scheduling import notices
from scheduling.claims import Claim, lock, translated_clashes, warnings_of
from scheduling.errors import IllegalTransition, TooEarlyForNoShow
from scheduling.lifecycle import NEXT, sources_of
from scheduling.models import Appointment, AppointmentStatus, CancelReason
from scheduling.permission import may_answer, may_handle, may_treat
from scheduling.retry import retried
from scheduling.services.passing import verdict_on


@transaction.atomic
def confirm_appointment(*, appointment: Appointment, by: Actor, at: datetime | None = None) -> Appointment:
    """Note that the patient means to come. Confirming twice is one confirmation."""
    may_answer(by=by, appointment=appointment)
    _step(appointment, AppointmentStatus.CONFIRMED, "appointment.confirmed", by=by, confirmed_at=at or timezone.now())
    return appointment


@transaction.atomic
@retried
def cancel_appointment(
    *, appointment: Appointment, reason: str, by: Actor, notify: bool = True, at: datetime | None = None
) -> Appointment:
    """Give the slot back, for a coded reason, and tell the patient if asked to. Twice is one cancellation.

    Called off by the patient within the location's notice, it is marked as late.
    """
    may_answer(by=by, appointment=appointment)
    if reason not in CancelReason.values:
        raise Invalid(fields={"reason": "Choose one of the listed reasons."})
    cancelled_at = at or timezone.now()
    is_late = _is_late(appointment, reason, cancelled_at)
    is_done = _step(
        appointment,
        AppointmentStatus.CANCELLED,
        "appointment.cancelled",
        by=by,
        facts={"reason": str(reason), "is_late": is_late},
        cancelled_at=cancelled_at,
        cancel_reason=reason,
        is_late_cancellation=is_late,
    )
    if is_done:
        notices.tell_cancelled(appointment=appointment, notify=notify, by=by)
    return appointment


@transaction.atomic
@retried
def mark_arrived(*, appointment: Appointment, by: Actor, at: datetime | None = None) -> Appointment:
    """Note that the patient is here. After a no-show the slot has to be claimed again, and may be gone.

    The screening is asked anew: what it says stands in `screening_reasons` and `is_screening_blocked`. The patient is
    here all the same; it is the session that does not start.
    """
    may_handle(by=by, appointment=appointment)
    claim = _claim_again(appointment)
    missed = Appointment.objects.filter(pk=appointment.pk, status=AppointmentStatus.NO_SHOW).first()
    if missed is not None:
        lock(claim, is_history=True, is_overlap=missed.overlaps_on_purpose)
    with translated_clashes(claim):
        verdict = verdict_on(appointment=appointment, is_held=True)
        facts = {"screening": verdict.level}
        _step(
            appointment,
            AppointmentStatus.ARRIVED,
            "appointment.arrived",
            by=by,
            facts=facts,
            arrived_at=at or timezone.now(),
        )
    appointment.screening_reasons = warnings_of(verdict)
    appointment.is_screening_blocked = verdict.is_blocked
    return appointment


@transaction.atomic
@retried
def mark_no_show(*, appointment: Appointment, by: Actor, at: datetime | None = None) -> Appointment:
    """Note that the patient did not come, once the time has come; the slot is free again and links are dead."""
    may_handle(by=by, appointment=appointment)
    current = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if current.status != AppointmentStatus.NO_SHOW and current.starts_at > (at or timezone.now()):
        raise TooEarlyForNoShow()
    if _step(appointment, AppointmentStatus.NO_SHOW, "appointment.no_show", by=by):
        notices.withdraw(appointment=appointment)
    return appointment


@transaction.atomic
def begin_appointment(*, appointment: Appointment, by: Actor) -> Appointment:
    """Note that the session is going on. Called by sessions when a note is started."""
    may_treat(by=by, appointment=appointment)
    _step(appointment, AppointmentStatus.IN_SESSION, "appointment.began", by=by)
    return appointment


@transaction.atomic
def complete_appointment(*, appointment: Appointment, by: Actor) -> Appointment:
    """Note that the session is over. Called by sessions when the note is signed."""
    may_treat(by=by, appointment=appointment)
    _step(appointment, AppointmentStatus.COMPLETED, "appointment.completed", by=by)
    return appointment


def _step(
    appointment: Appointment,
    to: AppointmentStatus,
    action: str,
    *,
    by: Actor,
    facts: dict[str, Any] | None = None,
    **stamps: Any,
) -> bool:
    """Take one step if it is allowed from where the row is now. False: it had been taken before."""
    steppable = Appointment.objects.filter(pk=appointment.pk, status__in=sources_of(to))
    is_taken = steppable.update(status=to, version=F("version") + 1, updated_at=Now(), **stamps) == 1
    fields = ["status", "version", "updated_at", "confirmed_at", "arrived_at", "cancelled_at", "cancel_reason"]
    times = ["starts_at", "ends_at", "busy_from", "busy_until"]
    appointment.refresh_from_db(fields=[*fields, "is_late_cancellation", *times])
    if not is_taken and appointment.status != to:
        raise IllegalTransition(status=appointment.status, allowed=list(NEXT[appointment.status]))
    if is_taken:
        record(
            actor=by,
            action=action,
            subject=appointment,
            patient=appointment.patient,
            locations=[appointment.location],
            facts=facts,
        )
    return is_taken


def _is_late(appointment: Appointment, reason: str, cancelled_at: datetime) -> bool:
    """Whether the patient called off within the location's notice; what the clinic calls off is never late."""
    is_the_patients = reason in (CancelReason.PATIENT_ASKED, CancelReason.PATIENT_BY_LINK)
    current = Appointment.objects.select_for_update(no_key=True).only("starts_at").get(pk=appointment.pk)
    notice = timedelta(hours=appointment.location.late_cancel_hours)
    return is_the_patients and cancelled_at > current.starts_at - notice


def _claim_again(appointment: Appointment) -> Claim:
    """A no-show is not moved any more, so what it claimed is still what the row in hand says."""
    return Claim(
        patient=appointment.patient,
        therapist=appointment.therapist,
        service=appointment.service,
        location=appointment.location,
        starts_at=appointment.starts_at,
        room=appointment.room,
        minutes=appointment.minutes,
    )
