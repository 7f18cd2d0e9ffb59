"""The acts of screening: ask, screen, clear; and the gate others ask before they book or sign."""

from screening.desk_lights import lights
from screening.services.alarms import handle_alarm
from screening.services.at_visit import record_at_visit
from screening.services.calls import call_in, note_call
from screening.services.changes import (
    look_at_change_check,
    record_change_check,
    request_change_check,
    submit_change_check,
)
from screening.services.flags import acknowledge_flag, clear_flag, reopen_flag
from screening.services.gates import Verdict, gate, gates_at, gates_of
from screening.services.overriding import may_override, override_gate
from screening.services.own_forms import import_form, put_in_use, retire_form
from screening.services.requests import record_refusal, request_clearance, withdraw_clearance_request
from screening.services.screenings import (
    ScreenedMany,
    request_intake,
    request_screening_anew,
    save_intake_page,
    screen,
    screen_many,
    submit_answers,
    submit_intake,
)
from screening.services.suggesting import accept_suggestion

__all__ = [
    "ScreenedMany",
    "Verdict",
    "accept_suggestion",
    "acknowledge_flag",
    "call_in",
    "clear_flag",
    "gate",
    "gates_at",
    "gates_of",
    "handle_alarm",
    "import_form",
    "lights",
    "look_at_change_check",
    "may_override",
    "note_call",
    "override_gate",
    "put_in_use",
    "record_at_visit",
    "record_change_check",
    "record_refusal",
    "reopen_flag",
    "request_change_check",
    "request_clearance",
    "request_intake",
    "request_screening_anew",
    "retire_form",
    "save_intake_page",
    "screen",
    "screen_many",
    "submit_answers",
    "submit_change_check",
    "submit_intake",
    "withdraw_clearance_request",
]
