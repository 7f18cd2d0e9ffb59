"""Patients whose answers mean an emergency and whom nobody has called yet. No clinical word: the desk calls, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min

from patients.models import Patient
from screening.models import Flag

# More than these at once, and the first ones matter most.
MOST = 20


@dataclass(frozen=True)
class Alarm:
    """Whom to call, and since when."""

    patient: Patient
    since: datetime


def alarms_for(user: Any) -> list[Alarm]:
    """Of the patients this member sees, longest waiting first. One query."""
    waiting = Flag.objects.alarming()
    seen = Patient.objects.visible_to(user).filter(died_on=None, pk__in=waiting.values("patient"))
    since = seen.filter(flags__in=waiting).annotate(alarm_since=Min("flags__created_at"))
    rows = since.only("public_id", "given_name", "family_name", "phone").order_by("alarm_since", "pk")
    return [Alarm(patient, patient.alarm_since) for patient in rows[:MOST]]  # type: ignore[attr-defined]
