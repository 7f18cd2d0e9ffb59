"""Writing the trail. Called by name inside the transaction of the change it records."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.db import connection
from psycopg.types.json import Jsonb

from audit.actors import Actor
from audit.context import current
from audit.models import AuditEvent


class Named(Protocol):
    """Anything with an outside id."""

    public_id: uuid.UUID


def record(
    *,
    actor: Actor,
    action: str,
    subject: Any,
    patient: Named | None = None,
    locations: Iterable[Named] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append one event, in the caller's transaction. `facts`: ids, codes, field names, times only."""
    context = current()
    values = [
        actor.actor_kind,
        actor.public_id,
        action,
        subject._meta.label_lower,
        str(subject.public_id),
        patient.public_id if patient else None,
        [location.public_id for location in locations],
        context.via,
        context.request_id,
        Jsonb(dict(facts or {})),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)


# Every act of the clinic comes through here, and the trail is never read back while writing: building the
# statement through the ORM each time cost three times as much as sending it.
_INSERT = """
INSERT INTO audit_auditevent
    (actor_kind, actor_id, action, subject_kind, subject_id, patient_id, location_ids, via, request_id, facts)
VALUES (%s, %s, %s, %s, %s, %s, %s::uuid[], %s, %s, %s)
"""


def record_many(
    *,
    actor: Actor,
    action: str,
    subjects: Iterable[tuple[Any, Named | None]],
    locations: Iterable[Named] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append one event per (subject, patient) in one statement, in the caller's transaction."""
    context = current()
    location_ids = [location.public_id for location in locations]
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor_kind=actor.actor_kind,
            actor_id=actor.public_id,
            action=action,
            subject_kind=subject._meta.label_lower,
            subject_id=str(subject.public_id),
            patient_id=patient.public_id if patient else None,
            location_ids=location_ids,
            via=context.via,
            request_id=context.request_id,
            facts=dict(facts or {}),
        )
        for subject, patient in subjects
    )
