"""Chains the trail: each seal hashes one event together with the seal before it.

Sealing is done in the background: chaining inside the writing transaction would make every write of the
clinic wait for every other.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from audit.models import AuditEvent, AuditSeal

GENESIS = bytes(32)
BATCH = 1000
# Any constant: one sealer at a time in the whole database.
_LOCK = 7_270_021

# Events of transactions still running stay out, so none can appear behind a seal's back. The hour is for a
# restored database, whose transaction numbers start again.
_UNSEALED = """
SELECT event.id FROM audit_auditevent event
WHERE event.id > %s
  AND NOT EXISTS (SELECT 1 FROM audit_auditseal seal WHERE seal.event_id = event.id)
  AND (event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       OR event.occurred_at < clock_timestamp() - interval '1 hour')
ORDER BY event.id LIMIT %s
"""
# An event numbered before the newest sealed one may commit after it; none waits for longer than this many.
_LOOK_BACK = 100_000


@dataclass(frozen=True)
class Flaw:
    """A place where the chain does not hold."""

    position: int
    event_id: int
    what: str


def digest_of(event: AuditEvent, previous: bytes) -> bytes:
    """SHA-256 over the previous digest and the event's canonical JSON."""
    content = json.dumps(
        [
            event.id,
            event.occurred_at.isoformat(),
            event.actor_kind,
            str(event.actor_id),
            event.action,
            event.subject_kind,
            event.subject_id,
            str(event.patient_id),
            [str(location) for location in event.location_ids],
            event.via,
            event.request_id,
            event.facts,
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + content.encode()).digest()


@transaction.atomic
def seal(*, limit: int = BATCH) -> int:
    """Seal up to `limit` settled events; returns how many. Two sealers at once: the second does nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        last = AuditSeal.objects.order_by("-position").first()
        position, previous, after = (last.position, bytes(last.digest), last.event_id) if last else (0, GENESIS, 0)
        cursor.execute(_UNSEALED, [max(0, after - _LOOK_BACK), limit])
        ids = [row[0] for row in cursor.fetchall()]
    seals = []
    for event in AuditEvent.objects.filter(id__in=ids).order_by("id"):
        position, previous = position + 1, digest_of(event, previous)
        seals.append(AuditSeal(position=position, event_id=event.id, digest=previous))
    AuditSeal.objects.bulk_create(seals)
    return len(seals)


def seal_everything() -> int:
    """Seal until nothing settled is left."""
    total = 0
    while sealed := seal():
        total += sealed
    return total


def flaws() -> Iterator[Flaw]:
    """Recompute the whole chain; yields each changed, missing or reordered event."""
    previous, expected = GENESIS, 0
    events = _EventStream()
    for link in AuditSeal.objects.order_by("position").iterator(chunk_size=5000):
        expected += 1
        if link.position != expected:
            yield Flaw(expected, link.event_id, "seal missing")
            expected = link.position
        event = events.get(link.event_id)
        if event is None:
            yield Flaw(link.position, link.event_id, "event missing")
        elif digest_of(event, previous) != bytes(link.digest):
            yield Flaw(link.position, link.event_id, "event or seal changed")
        previous = bytes(link.digest)


class _EventStream:
    """Events by id, read in chunks in roughly the order of the seals, so that memory stays flat."""

    def __init__(self) -> None:
        self._rows = AuditEvent.objects.order_by("id").iterator(chunk_size=5000)
        self._waiting: dict[int, AuditEvent] = {}
        self._read_to = 0

    def get(self, event_id: int) -> AuditEvent | None:
        while self._read_to < event_id:
            event = next(self._rows, None)
            if event is None:
                break
            self._waiting[event.id] = event
            self._read_to = event.id
        return self._waiting.pop(event_id, None)
