"""Quiet hours: when a message that is due may leave."""

from __future__ import annotations

from datetime import datetime

from clinic.core.clock import end_of_daily_span
from clinic.models import Location


def may_leave_at(due_at: datetime, *, location: Location | None, expires_at: datetime) -> datetime:
    """The end of the location's quiet hours if it is due within them, else when it is due.

    What would be pointless by then is not held back: a patient who reads late that an early visit is off is better
    served than one who stands before a closed door.
    """
    if location is None or location.quiet_from is None or location.quiet_until is None:
        return due_at
    ends_at = end_of_daily_span(due_at, location.quiet_from, location.quiet_until, location.timezone)
    return ends_at if ends_at is not None and ends_at < expires_at else due_at
