"""The least SQL that gives the same answers: what a person would write who knew the question and nothing else.

Each act takes a cursor, so that it can run on Django's connection, beside ours, or in a bare view.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

HALF_HOUR = timedelta(minutes=30)
OCCUPIES = "NOT (a.status = ANY('{cancelled,no_show}'))"

SLOTS = f"""
WITH hours AS (
    SELECT w.therapist_id,
           (day + w.starts_at_local) AT TIME ZONE %(zone)s AS opens,
           (day + w.ends_at_local) AT TIME ZONE %(zone)s AS shuts
    FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
    JOIN scheduling_workinghours w ON w.location_id = %(location)s AND w.therapist_id = ANY(%(therapists)s)
        AND w.weekday = extract(isodow FROM day) - 1 AND w.valid_from <= day
        AND (w.valid_until IS NULL OR w.valid_until >= day)
), start AS (
    SELECT therapist_id, generate_series(opens, shuts - interval '30 minutes', interval '15 minutes') AS at FROM hours
)
SELECT start.therapist_id, start.at FROM start
WHERE start.at >= %(from)s AND start.at < %(to)s
  AND NOT EXISTS (SELECT FROM scheduling_appointment a WHERE a.therapist_id = start.therapist_id AND {OCCUPIES}
      AND tstzrange(a.busy_from, a.busy_until) && tstzrange(start.at, start.at + interval '30 minutes'))
  AND NOT EXISTS (SELECT FROM scheduling_timeoff t WHERE t.therapist_id = start.therapist_id
      AND t.starts_at < start.at + interval '30 minutes' AND t.ends_at > start.at)
  AND EXISTS (SELECT FROM clinic_room r WHERE r.location_id = %(location)s AND r.is_active
      AND NOT EXISTS (SELECT FROM scheduling_appointment a WHERE a.room_id = r.id AND {OCCUPIES}
          AND tstzrange(a.busy_from, a.busy_until) && tstzrange(start.at, start.at + interval '30 minutes')))
ORDER BY start.at, start.therapist_id
"""  # noqa: S608 - no outside text

FREE_ROOM = f"""
SELECT r.id FROM clinic_room r WHERE r.location_id = %(location)s AND r.is_active
  AND NOT EXISTS (SELECT FROM scheduling_appointment a WHERE a.room_id = r.id AND {OCCUPIES}
      AND tstzrange(a.busy_from, a.busy_until) && tstzrange(%(starts_at)s, %(ends_at)s))
ORDER BY r.id LIMIT 1 FOR NO KEY UPDATE
"""  # noqa: S608 - no outside text

INSERT = """
INSERT INTO scheduling_appointment (public_id, created_at, updated_at, version, patient_id, therapist_id, room_id,
    service_id, location_id, starts_at, ends_at, busy_from, busy_until, status, agreed_at, cancel_reason)
VALUES (gen_random_uuid(), now(), now(), 1, %(patient)s, %(therapist)s, %(room)s, %(service)s, %(location)s,
    %(starts_at)s, %(ends_at)s, %(starts_at)s, %(ends_at)s, 'booked', now(), '')
RETURNING public_id
"""
AUDIT = """
INSERT INTO audit_auditevent (actor_kind, actor_id, action, subject_kind, subject_id, patient_id, location_ids, via,
    request_id, facts)
VALUES ('user', %(actor)s, %(action)s, 'scheduling.appointment', %(subject)s, NULL, '{}', '', '', '{}')
"""
SUBJECT = "INSERT INTO messaging_subject (key, version, is_live) VALUES (%(key)s, 1, true) RETURNING id"
LINK = """
INSERT INTO messaging_signedlink (public_id, created_at, updated_at, purpose, target_id, subject_version, nonce, digest,
    expires_at, failed_tries, patient_id, subject_id)
VALUES (gen_random_uuid(), now(), now(), 'visit', %(target)s, 1, gen_random_uuid(), %(digest)s, %(starts_at)s, 0,
    %(patient)s, %(subject)s) RETURNING id
"""
MESSAGE = """
INSERT INTO messaging_message (public_id, created_at, updated_at, subject_version, template, channel, context,
    delivery_key, not_before, expires_at, state, state_reason, attempt_count, provider_message_id, resend_reason,
    link_id, patient_id, subject_id)
VALUES (gen_random_uuid(), now(), now(), %(version)s, %(template)s, 'email', %(context)s, %(key)s, now(), %(starts_at)s,
    'queued', '', 0, '', '', %(link)s, %(patient)s, %(subject)s)
ON CONFLICT (delivery_key) DO NOTHING
"""
CARE = """
INSERT INTO patients_careteammember (public_id, created_at, updated_at, started_on, patient_id, therapist_id)
VALUES (gen_random_uuid(), now(), now(), current_date, %(patient)s, %(therapist)s) ON CONFLICT DO NOTHING
"""
LOCK_THERAPIST = "SELECT FROM staff_user WHERE id = %(therapist)s FOR NO KEY UPDATE"
LOCK_PATIENT = "SELECT FROM patients_patient WHERE id = %(patient)s FOR NO KEY UPDATE"


def slots(
    cursor: Any, *, location: int, zone: str, therapists: list[int], from_: datetime, to: datetime
) -> list[tuple[Any, ...]]:
    """Free half hours of some therapists, begun on a quarter, in one statement."""
    asked = {
        "location": location, "zone": zone, "therapists": therapists, "from": from_, "to": to,
        "first": from_.date() - timedelta(days=1), "last": to.date(),
    }  # fmt: skip
    cursor.execute(SLOTS, asked)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def book(
    cursor: Any, *, location: int, service: int, therapist: int, patient: int, starts_at: datetime, actor: uuid.UUID
) -> uuid.UUID:
    """Lock, take a free room, insert the visit, its trail, its confirmation with a link, and the care team."""
    known: dict[str, Any] = {
        "location": location, "service": service, "therapist": therapist, "patient": patient,
        "starts_at": starts_at, "ends_at": starts_at + HALF_HOUR, "actor": actor, "version": 1,
    }  # fmt: skip
    cursor.execute(LOCK_THERAPIST, known)
    known["room"] = _one(cursor, FREE_ROOM, known)[0]
    cursor.execute(LOCK_PATIENT, known)
    public_id = _one(cursor, INSERT, known)[0]
    cursor.execute(CARE, known)
    known |= {"target": public_id, "key": f"appointment:{public_id}", "digest": uuid.uuid4().hex * 2}
    known["subject"] = _one(cursor, SUBJECT, known)[0]
    known["link"] = _one(cursor, LINK, known)[0]
    told = {"template": "appointment_booked", "context": json.dumps({"starts_at": starts_at.isoformat()})}
    cursor.execute(MESSAGE, {**known, **told, "key": f"booked:{public_id}"})
    for action in ("appointment.booked", "link.issued", "message.queued"):
        cursor.execute(AUDIT, {"actor": actor, "action": action, "subject": str(public_id)})
    return uuid.UUID(str(public_id))


def move(cursor: Any, *, public_id: uuid.UUID, starts_at: datetime, actor: uuid.UUID) -> None:
    """Lock the visit, its therapist and its patient, give it another time, and do what is told about it anew."""
    cursor.execute(
        "SELECT id, therapist_id, patient_id, location_id FROM scheduling_appointment WHERE public_id = %s"
        " FOR NO KEY UPDATE",
        [public_id],
    )
    key, therapist, patient, location = cursor.fetchone()
    known: dict[str, Any] = {
        "therapist": therapist, "patient": patient, "location": location, "target": public_id, "actor": actor,
        "starts_at": starts_at, "ends_at": starts_at + HALF_HOUR, "digest": uuid.uuid4().hex * 2, "id": key,
    }  # fmt: skip
    cursor.execute(LOCK_THERAPIST, known)
    known["room"] = _one(cursor, FREE_ROOM, known)[0]
    cursor.execute(LOCK_PATIENT, known)
    cursor.execute(
        "UPDATE scheduling_appointment SET starts_at = %(starts_at)s, ends_at = %(ends_at)s, busy_from = %(starts_at)s,"
        " busy_until = %(ends_at)s, room_id = %(room)s, version = version + 1, updated_at = now(), agreed_at = now()"
        " WHERE id = %(id)s",
        known,
    )
    known["subject"], known["version"] = _one(
        cursor,
        "UPDATE messaging_subject SET version = version + 1 WHERE key = 'appointment:' || %(target)s::text"
        " RETURNING id, version",
        known,
    )
    cursor.execute(
        "UPDATE messaging_message SET state = 'superseded', updated_at = now() WHERE subject_id = %(subject)s"
        " AND state = 'queued'",
        known,
    )
    known["link"] = _one(cursor, LINK, known)[0]
    told = {"template": "appointment_moved", "context": json.dumps({"starts_at": starts_at.isoformat()})}
    cursor.execute(MESSAGE, {**known, **told, "key": f"moved:{public_id}:{known['version']}"})
    for action in ("appointment.moved", "link.issued", "message.queued"):
        cursor.execute(AUDIT, {"actor": actor, "action": action, "subject": str(public_id)})


DAY = """
SELECT a.public_id, a.starts_at, a.ends_at, a.busy_from, a.busy_until, a.status, a.therapist_id, a.patient_id,
       p.given_name, p.family_name, s.name, r.name
FROM scheduling_appointment a JOIN patients_patient p ON p.id = a.patient_id
JOIN clinic_service s ON s.id = a.service_id JOIN clinic_room r ON r.id = a.room_id
WHERE a.location_id = %(location)s AND a.starts_at >= %(from)s AND a.starts_at < %(to)s ORDER BY a.starts_at, a.id
"""
PEOPLE = """
SELECT u.id, u.public_id, u.given_name, u.family_name, w.starts_at_local, w.ends_at_local
FROM staff_user u JOIN staff_user_locations l ON l.user_id = u.id AND l.location_id = %(location)s
LEFT JOIN scheduling_workinghours w ON w.therapist_id = u.id AND w.location_id = l.location_id
    AND w.weekday = %(weekday)s
WHERE 'therapist' = ANY(u.roles) AND u.is_active ORDER BY u.family_name, u.given_name, u.id
"""
FLAGS = """
SELECT patient_id, severity, urgency, status FROM screening_flag
WHERE patient_id = ANY(%(patients)s) AND status IN ('open', 'cleared')
"""


def day(
    cursor: Any, *, location: int, from_: datetime, to: datetime, weekday: int
) -> tuple[list[Any], list[Any], list[Any]]:
    """One day of a location: visits with names, therapists with hours, and the flags behind the lights."""
    asked: dict[str, Any] = {"location": location, "from": from_, "to": to, "weekday": weekday}
    cursor.execute(DAY, asked)
    visits = cursor.fetchall()
    cursor.execute(PEOPLE, asked)
    people = cursor.fetchall()
    cursor.execute(FLAGS, {"patients": [row[7] for row in visits]})
    return visits, people, cursor.fetchall()


SEARCH = """
SELECT p.public_id, p.given_name, p.family_name, p.birth_on FROM patients_patient p
WHERE (p.name_key LIKE %(begins)s OR p.name_key_reversed LIKE %(begins)s)
  AND EXISTS (SELECT FROM patients_patient_locations l WHERE l.patient_id = p.id AND l.location_id = %(location)s)
ORDER BY p.name_key, p.id LIMIT 20
"""


def search(cursor: Any, *, location: int, begins: str) -> list[tuple[Any, ...]]:
    """The first twenty patients of a location whose name begins so, in either order."""
    cursor.execute(SEARCH, {"location": location, "begins": f"{begins}%"})
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _one(cursor: Any, statement: str, values: dict[str, Any]) -> tuple[Any, ...]:
    cursor.execute(statement, values)
    row: tuple[Any, ...] = cursor.fetchone()
    return row
