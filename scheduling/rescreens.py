"""Which patients have to answer the intake anew before a visit to come, and the asking.

Asked once for the answers that run out, within the lead; never somebody who holds an open link or refused messages. A
missed tick is caught up until the visit begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actors import SYSTEM
from messaging.errors import BeingSent
from patients.models import Patient
from questionnaires.errors import NoSuchForm
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment
from screening.outdated import outdated_at
from screening.services import request_screening_anew

# One run's share; the next run, a minute later, goes on.
BATCH = 500


def ask_due(now: datetime | None = None) -> int:
    """Ask every patient who is due. Safe to run twice, or at the same time. How many were asked."""
    at = now or timezone.now()
    return sum(_ask(*keys, now=at) for keys in due(now=at).values_list("pk", "patient_id")[:BATCH])


def due(*, now: datetime) -> QuerySet[Appointment]:
    """Visits that begin within the lead at which the patient's whole screening will be too old, unasked so far."""
    lead = timedelta(days=settings.RESCREEN_LEAD_DAYS)
    coming = Appointment.objects.filter(status__in=MOVABLE, starts_at__gt=now, starts_at__lte=now + lead)
    return outdated_at(coming, column="starts_at").order_by("starts_at", "pk")


def _ask(key: int, patient_id: int, *, now: datetime) -> bool:
    """Once for all of a patient's visits. What cannot be asked now, the next tick tries again."""
    try:
        return _ask_once(key, patient_id, now=now)
    except (BeingSent, NoSuchForm):
        return False


@transaction.atomic
def _ask_once(key: int, patient_id: int, *, now: datetime) -> bool:
    """Under the patient's lock, whoever comes second sees that the first has asked."""
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    visit: Any = due(now=now).filter(pk=key).select_related("location").first()
    if visit is None:
        return False
    # Not the visit's time: it may be moved before the message is read.
    context = {"location_name": visit.location.name, "location_phone": visit.location.phone}
    known = {"patient": patient, "outdated_id": visit.outdated_id, "visit_at": visit.starts_at}
    request_screening_anew(**known, context=context, location=visit.location, by=SYSTEM)
    return True
