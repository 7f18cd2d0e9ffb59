"""A visit as a calendar entry (RFC 5545), for the patient's own calendar.

Our own forty lines: one entry in UTC needs neither zones nor recurrence, which are what a library would be for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr

from django.conf import settings
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from messaging.models import Message

_METHODS = {"appointment_booked": "PUBLISH", "appointment_moved": "PUBLISH", "appointment_cancelled": "CANCEL"}
_OCTETS = 75


@dataclass(frozen=True)
class Invitation:
    """A calendar file and what a calendar is to do with it."""

    method: str
    text: str


def invitation_of(message: Message, *, now: datetime) -> Invitation | None:
    """The entry that a message about a visit brings, moves or takes away; None if it says nothing of its end.

    The visit keeps its UID; SEQUENCE rises with every version, so an older mail read later changes nothing. The
    summary says nothing about the kind of clinic, the treatment or the patient: calendars are shared.
    """
    method = _METHODS.get(message.template)
    starts_at = _instant(message.context.get("starts_at"))
    ends_at = _instant(message.context.get("ends_at"))
    if method is None or starts_at is None or ends_at is None:
        return None
    with translation.override(message.patient.language):
        summary = gettext("Appointment")
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    place = ", ".join(filter(None, (message.context.get("location_name"), message.context.get("location_address"))))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//clinic//visits//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{message.subject.key.rpartition(':')[2]}@{sender.rpartition('@')[2] or 'localhost'}",
        f"SEQUENCE:{message.subject_version - 1}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{_escaped(summary)}",
        f"LOCATION:{_escaped(place)}",
        f"ORGANIZER:mailto:{sender}",
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return Invitation(method=method, text="".join(f"{_folded(line)}\r\n" for line in lines))


def _instant(text: object) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) else None


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    plain = " ".join(text.split())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """Lines of at most 75 octets, never cut within a character."""
    parts, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > _OCTETS:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += width
    return "\r\n".join(parts)
