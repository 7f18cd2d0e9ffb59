"""Which visits are due a reminder, and the promise of it.

A visit gets one reminder per lead time and version. Nobody is reminded right after being told: a visit booked
or moved within the lead has its confirmation instead. A missed tick is caught up until the visit begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, PositiveIntegerField, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from audit.actors import SYSTEM
from clinic.models import Location, Service
from messaging.models import Message
from scheduling import notices
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, AppointmentQuerySet

# One run's share; the next run, a minute later, goes on.
BATCH = 500


def queue_due(now: datetime | None = None) -> int:
    """Promise every reminder that is due and was not promised before. Safe to run twice, or at the same time."""
    promised = 0
    for minutes in _leads():
        for key in due(now=now or timezone.now(), minutes=minutes).values_list("pk", flat=True)[:BATCH]:
            promised += _promise(key, minutes)
    return promised


def due(*, now: datetime, minutes: int) -> AppointmentQuerySet:
    """Visits that begin within the lead, were agreed before it, and have no such reminder in their present version.

    The service says which leads its visits have; if it does not, the location; else the installation.
    """
    lead = timedelta(minutes=minutes)
    subject = Concat(Value(notices.SUBJECT_PREFIX), Cast(OuterRef("public_id"), CharField()))
    reminded = Message.objects.filter(
        subject__key=subject,
        subject__version=F("subject_version"),
        template=notices.REMINDER,
        delivery_key__contains=f":{minutes}m:",
    )
    wanted = Coalesce("service__reminder_minutes", "location__reminder_minutes", _usual())
    rows: AppointmentQuerySet = Appointment.objects.alias(wanted_minutes=wanted).filter(
        ~Exists(reminded),
        wanted_minutes__contains=[minutes],  # type: ignore[misc]  # an alias, which the types do not know
        status__in=MOVABLE,
        starts_at__gt=now,
        starts_at__lte=now + lead,
        agreed_at__lte=F("starts_at") - lead,
    )
    return rows.order_by("starts_at", "pk")


def _leads() -> list[int]:
    """Every lead that any visit may have, the longest first."""
    of_locations = Location.objects.values_list("reminder_minutes", flat=True)
    own = of_locations.union(Service.objects.values_list("reminder_minutes", flat=True))
    return sorted({*settings.APPOINTMENT_REMINDER_MINUTES, *chain(*(leads or () for leads in own))}, reverse=True)


def _usual() -> Value:
    minutes: ArrayField[list[int], list[int]] = ArrayField(PositiveIntegerField())
    return Value(settings.APPOINTMENT_REMINDER_MINUTES, output_field=minutes)


@transaction.atomic
def _promise(key: int, minutes: int) -> bool:
    """Under the visit's lock, so that a move at the same moment comes wholly before or wholly after."""
    rows = Appointment.objects.for_diary().select_for_update(no_key=True, of=("self",))
    appointment = rows.filter(pk=key, status__in=MOVABLE).first()
    if appointment is None:
        return False
    return notices.promise_reminder(appointment=appointment, minutes=minutes, by=SYSTEM)
