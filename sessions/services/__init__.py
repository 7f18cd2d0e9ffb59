"""The acts of a session: start, write, find, sign, add. Each is one transaction with its audit row."""

from sessions.services.changes import record_changes
from sessions.services.motions import record_motion, remove_motion
from sessions.services.notes import add_addendum, save_note, sign_session, start_session
from sessions.services.points import record_trigger_point, remove_trigger_point
from sessions.services.techniques import record_technique, remove_technique

__all__ = [
    "add_addendum",
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
