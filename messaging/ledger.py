"""How a message reads in the ledger: what, when, its state as an icon and words, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime

from clinic.core.clock import zone_label
from messaging.links import TRIES
from messaging.models import RESENDABLE_STATES, Message, MessageState, SignedLink

ATTENTION = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.DEAD, MessageState.SUPPRESSED)

# The filter's key, its words and the states it stands for.
STATE_FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("All messages", ()),
    "attention": ("Needs attention", tuple(ATTENTION)),
    "queued": ("Waiting", (MessageState.QUEUED,)),
    "sending": ("Being sent", (MessageState.SENDING,)),
    "sent": ("Sent", (MessageState.SENT,)),
    "suppressed": ("Not sent", (MessageState.SUPPRESSED,)),
    "superseded": ("Withdrawn", (MessageState.SUPERSEDED,)),
    "failed": ("Refused", (MessageState.FAILED,)),
    "unknown": ("Outcome unknown", (MessageState.UNKNOWN,)),
    "dead": ("Given up", (MessageState.DEAD,)),
}

_LOOKS: dict[str, tuple[str, str, str]] = {
    MessageState.QUEUED: ("Waiting", "", "clock"),
    MessageState.SENDING: ("Being sent", "info", "upload"),
    MessageState.SENT: ("Sent", "success", "check"),
    MessageState.SUPERSEDED: ("Withdrawn", "", "minus"),
    MessageState.SUPPRESSED: ("Not sent", "warning", "hand"),
    MessageState.FAILED: ("Refused", "danger", "close-circle"),
    MessageState.UNKNOWN: ("Outcome unknown", "warning", "question"),
    MessageState.DEAD: ("Given up", "danger", "stop"),
}

_REASONS = {
    "changed": "It changed before this was sent; a newer message took its place.",
    "ended": "What it was about was cancelled.",
    "link_dead": "Its link was used or closed before it was sent.",
    "expired": "Its time passed before it could be sent.",
    "tries_used_up": "The mail service did not take it in eight tries.",
    "refused": "The mail service refuses this address or this message.",
    "no_answer": "The mail service broke off. The patient may have got it; ask before sending it again.",
    "later": "The mail service could not take it; the next try is planned.",
    "quiet_hours": "It waits for the end of the location's quiet hours.",
    "patient_died": "The patient has died.",
    "channel_none": "The patient wants no messages.",
    "surveys_refused": "The patient refused follow-up questions.",
    "email_refused": "The patient refused e-mail.",
    "no_address": "No e-mail address is recorded.",
    "no_sms_provider": "Text messages cannot be sent yet, and the patient did not agree to e-mail.",
    "email_instead_of_sms": "By e-mail: text messages cannot be sent yet.",
}

_TEMPLATE_NAMES = {
    "appointment_booked": "Visit booked",
    "appointment_moved": "Visit moved",
    "slot_offered": "Time offered",
    "slot_gone": "Offered time given away",
    "appointment_cancelled": "Visit cancelled",
    "appointment_reminder": "Visit reminder",
    "series_booked": "Series booked",
    "series_changed": "Series changed",
    "series_cancelled": "Series cancelled",
    "intake_request": "Intake questions",
    "rescreen_request": "Intake questions, anew",
    "change_check": "What has changed",
    "survey_request": "Follow-up question",
}


@dataclass(frozen=True)
class Clock:
    """The zone a visit's time is told in; fits the filter `local_time`."""

    timezone: str


@dataclass(frozen=True)
class Line:
    """One message as the desk reads it."""

    message: Message
    name: str
    starts_at: datetime | None
    visit_clock: Clock
    label: str
    tone: str
    icon: str
    reason: str
    link_note: str
    is_resendable: bool

    @property
    def sent_at(self) -> datetime | None:
        return self.message.sent_at

    @property
    def zone_words(self) -> str:
        return zone_label(self.visit_clock.timezone)


def line_of(message: Message) -> Line:
    """A message in words. Needs `.for_ledger()` rows."""
    label, tone, icon = _LOOKS[message.state]
    return Line(
        message=message,
        name=name_of(message),
        starts_at=parse_datetime(message.context.get("starts_at", "")),
        visit_clock=Clock(message.context.get("zone", "UTC")),
        label=label,
        tone=tone,
        icon=icon,
        reason=_REASONS.get(message.state_reason, ""),
        link_note=_link_note(message.link),
        is_resendable=message.state in RESENDABLE_STATES and not hasattr(message, "resent_as"),
    )


def name_of(message: Message) -> str:
    """What kind of message it is, in words."""
    return _TEMPLATE_NAMES.get(message.template, message.template)


def _link_note(link: SignedLink | None) -> str:
    if link is None:
        return ""
    if link.failed_tries >= TRIES:
        return "Link closed after five wrong birth dates. Call the patient."
    if link.used_at:
        return "Answered by link."
    return "Link opened." if link.opened_at else ""
