"""Noting that somebody has spoken with a patient whose answer meant an emergency."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from screening.errors import NoAlarm
from screening.models import Flag

LONGEST_NOTE = 300


@transaction.atomic
def handle_alarm(*, patient: Patient, note: str, by: Any) -> int:
    """Note who called the patient and what came of it; the flags stand as before. How many alarms that settles.

    Any member who sees the patient may: the first who can reaches for the phone. Raises NoAlarm for the second one.
    """
    if not getattr(by, "registers_patients", False):
        raise NotAllowed()
    locked = Patient.objects.visible_to(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        raise NotFound()
    note = note.strip()
    if not 0 < len(note) <= LONGEST_NOTE or "\x00" in note:
        raise Invalid(fields={"note": f"Say what came of it, in at most {LONGEST_NOTE} characters."})
    flags = list(Flag.objects.alarming().filter(patient=locked).select_for_update(no_key=True, of=("self",)))
    if not flags:
        raise NoAlarm()
    handled = Flag.objects.filter(pk__in=[flag.pk for flag in flags])
    handled.update(handled_at=Now(), handled_by=by, handled_note=note, updated_at=Now())
    for flag in flags:
        record(actor=by, action="alarm.handled", subject=flag, patient=locked, facts={"rule_id": flag.rule_id})
    return len(flags)
