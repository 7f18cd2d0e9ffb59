"""The acts of a session: start, write, find, sign, add. Each is one transaction with its audit row."""

from sessions.services.carrying import confirm_carried, copy_forward, drop_carried
from sessions.services.changes import record_changes
from sessions.services.motions import record_motion, remove_motion
from sessions.services.notes import add_addendum, save_note, sign_session, start_session
from sessions.services.pains import record_regional_pain, remove_regional_pain
from sessions.services.points import record_trigger_point, remove_trigger_point
from sessions.services.snippets import keep_snippet, remove_snippet
from sessions.services.techniques import record_technique, remove_technique

__all__ = [
    "add_addendum",
    "confirm_carried",
    "copy_forward",
    "drop_carried",
    "keep_snippet",
    "record_changes",
    "record_motion",
    "record_regional_pain",
    "record_technique",
    "record_trigger_point",
    "remove_motion",
    "remove_regional_pain",
    "remove_snippet",
    "remove_technique",
    "remove_trigger_point",
    "save_note",
    "sign_session",
    "start_session",
]
