"""The acts of a session: start, write, find, sign, add. Each is one transaction with its audit row."""

from sessions.services.carrying import confirm_carried, copy_forward, drop_carried
from sessions.services.changes import record_changes
from sessions.services.cosigning import co_sign
from sessions.services.motions import record_motion, remove_motion
from sessions.services.notes import add_addendum, save_note, sign_session, start_session
from sessions.services.pains import record_regional_pain, remove_regional_pain
from sessions.services.plans import discharge_episode, rate_goal, save_plan
from sessions.services.points import record_trigger_point, remove_trigger_point
from sessions.services.presence import record_chaperone, record_region_consent, remove_region_consent
from sessions.services.products import explain_product
from sessions.services.safety import (
    acknowledge_adverse_event,
    correct_adverse_event,
    record_adverse_event,
    record_no_effect,
)
from sessions.services.snippets import keep_snippet, remove_snippet
from sessions.services.techniques import record_technique, remove_technique

__all__ = [
    "acknowledge_adverse_event",
    "add_addendum",
    "co_sign",
    "confirm_carried",
    "copy_forward",
    "correct_adverse_event",
    "discharge_episode",
    "drop_carried",
    "explain_product",
    "keep_snippet",
    "rate_goal",
    "record_adverse_event",
    "record_changes",
    "record_chaperone",
    "record_motion",
    "record_no_effect",
    "record_region_consent",
    "record_regional_pain",
    "record_technique",
    "record_trigger_point",
    "remove_motion",
    "remove_region_consent",
    "remove_regional_pain",
    "remove_snippet",
    "remove_technique",
    "remove_trigger_point",
    "save_note",
    "save_plan",
    "sign_session",
    "start_session",
]
