"""The acts of a session: start, write, find, sign, add. Each is one transaction with its audit row."""

from sessions.services.carrying import confirm_carried, copy_forward, drop_carried
from sessions.services.changes import record_changes
from sessions.services.findings import (
    record_motion,
    record_trigger_point,
    remove_motion,
    remove_trigger_point,
)
from sessions.services.notes import add_addendum, save_note, sign_session, start_session
from sessions.services.techniques import record_technique, remove_technique

__all__ = [
    "add_addendum",
    "confirm_carried",
    "copy_forward",
    "drop_carried",
    "record_changes",
    "record_motion",
    "record_technique",
    "record_trigger_point",
    "remove_motion",
    "remove_technique",
    "remove_trigger_point",
    "save_note",
    "sign_session",
    "start_session",
]
