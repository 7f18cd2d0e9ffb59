"""Promises and links, made through the services."""

import uuid
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from audit.actors import SYSTEM
from messaging import links, services
from messaging.models import Message
from tests.factories import PatientFactory

VISIT = {"starts_at": "2026-12-07T15:30:00+00:00", "zone": "America/New_York", "location_name": "Downtown"}


def promise(patient=None, **changes):
    """A due message about a visit."""
    facts = {
        "patient": patient or PatientFactory(),
        "template": "appointment_booked",
        "context": VISIT,
        "expires_at": timezone.now() + timedelta(days=2),
        "by": SYSTEM,
    }
    if "subject" not in changes:
        changes["subject"] = services.subject(key=f"test:{uuid.uuid4()}")
    return services.queue_message(**facts | changes)


def a_link(patient=None, purpose="visit", **changes):
    """A link that works."""
    facts = {"target_id": uuid.uuid4(), "expires_at": timezone.now() + timedelta(days=2), "by": SYSTEM}
    return services.issue_link(patient=patient or PatientFactory(), purpose=purpose, **facts | changes)


def token_of(link):
    return links.derive_token(public_id=link.public_id, nonce=link.nonce)


def lease_is_over(message):
    """As if the sender had been silent for too long."""
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def due_now(message):
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now() - timedelta(seconds=1))


def digest_of_rows():
    """One value that changes when any row of any table does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = sorted(name for (name,) in cursor.fetchall())
        digests = []
        for table in tables:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            digests.append((table, cursor.fetchone()[0]))
    return digests
