"""Calling a patient in: a therapist asks, the desk calls."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from screening.errors import AlreadyCalled
from screening.models import CallIn

LONGEST_OUTCOME = 300


@transaction.atomic
def call_in(*, patient: Patient, by: Any) -> CallIn:
    """Put a patient on the desk's list of whom to call. Who is on it already is on it once."""
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    locked = _lock(patient, by)
    waiting: CallIn | None = CallIn.objects.filter(patient=locked, done_at=None).first()
    if waiting is not None:
        return waiting
    asked = CallIn.objects.create(patient=locked, asked_by=by)
    record(actor=by, action="call_in.asked", subject=asked, patient=locked)
    return asked


@transaction.atomic
def note_call(*, call: CallIn, outcome: str, by: Any) -> CallIn:
    """Somebody has called: what came of it. Raises AlreadyCalled for the second who did, Invalid."""
    if not getattr(by, "registers_patients", False):
        raise NotAllowed()
    locked = _lock(call.patient, by)
    outcome = outcome.strip()
    if not 0 < len(outcome) <= LONGEST_OUTCOME or "\x00" in outcome:
        raise Invalid(fields={"outcome": f"Say what came of it, in at most {LONGEST_OUTCOME} characters."})
    waiting = CallIn.objects.filter(pk=call.pk, done_at=None)
    if not waiting.update(done_at=Now(), done_by=by, outcome=outcome, updated_at=Now()):
        raise AlreadyCalled()
    call.refresh_from_db()
    record(actor=by, action="call_in.done", subject=call, patient=locked)
    return call


def _lock(patient: Patient, by: Any) -> Patient:
    locked = Patient.objects.visible_to(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        raise NotFound()
    return locked
