"""Which visits are due the five questions about what has changed, and the asking.

Asked once per visit and time, within the lead; somebody who has just sent a whole intake is not asked again. A missed
tick is caught up until the visit begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from audit.actors import SYSTEM
from scheduling import notices
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, AppointmentQuerySet
from screening.changes import HOLDS_FOR
from screening.models import ChangeCheck, Evaluation
from screening.services import request_change_check

# One run's share; the next run, a minute later, goes on.
BATCH = 500


def ask_due(now: datetime | None = None) -> int:
    """Ask every patient who is due. Safe to run twice, or at the same time. How many were asked."""
    at = now or timezone.now()
    return sum(_ask(key) for key in due(now=at).values_list("pk", flat=True)[:BATCH])


def due(*, now: datetime) -> AppointmentQuerySet:
    """Visits that begin within the lead, of screened patients, for whose present time nobody was asked."""
    asked = ChangeCheck.objects.filter(visit_id=OuterRef("public_id"), visit_at=OuterRef("starts_at"))
    whole = Evaluation.objects.whole().filter(patient=OuterRef("patient"), is_complete=True)
    fresh = whole.filter(answered_at__gte=OuterRef("starts_at") - HOLDS_FOR)
    lead = timedelta(minutes=settings.CHANGE_CHECK_MINUTES)
    rows: AppointmentQuerySet = Appointment.objects.filter(
        ~Exists(asked), Exists(whole), ~Exists(fresh), status__in=MOVABLE, starts_at__gt=now, starts_at__lte=now + lead
    )
    return rows.order_by(F("starts_at"), "pk")


@transaction.atomic
def _ask(key: int) -> bool:
    """Under the visit's lock, so that a move at the same moment comes wholly before or wholly after."""
    rows = Appointment.objects.for_diary().select_for_update(no_key=True, of=("self",))
    visit = rows.filter(pk=key, status__in=MOVABLE).first()
    if visit is None:
        return False
    request_change_check(
        patient=visit.patient,
        visit_id=visit.public_id,
        visit_at=visit.starts_at,
        subject=notices.subject_of(visit),
        context=notices.context_of(visit),
        location=visit.location,
        by=SYSTEM,
    )
    return True
