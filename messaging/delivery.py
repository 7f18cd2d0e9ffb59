"""Sending what was promised: once, to whoever wants it, and never an old story.

1. Claim: one short transaction takes a due message (or one a dead sender left), gives it a lease and a token,
   and writes the attempt. It is committed before anything leaves the house.
2. Send: a second transaction holds the subject FOR SHARE and the message row, asks everything again (version,
   token, link, expiry, consent, address) and hands it over. A floor above that moves the visit waits for that
   transaction, so a stale message cannot leave after the move was committed. This is the one place where a
   network call runs inside a transaction; the provider's connection is opened before it, its timeout is short,
   and whoever waits for the subject gives up after four seconds (services.supersede).
Locks are taken subject first, message second, everywhere. Only the database's clock decides.
"""

from __future__ import annotations

import logging
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min
from django.db.models.functions import Now

from audit.actors import SYSTEM
from audit.services import record
from messaging.catalogue import Template, template_named
from messaging.invitation import invitation_of
from messaging.models import (
    DOUBTFUL_OUTCOMES,
    Attempt,
    AttemptOutcome,
    Message,
    MessageQuerySet,
    MessageState,
    SignedLink,
    Subject,
    database_now,
)
from messaging.optout import optout_url
from messaging.providers import Ambiguous, Envelope, Provider, Refused, Temporary, email_provider
from messaging.quiet import may_leave_at
from messaging.reach import Reach, reach
from messaging.rendering import write
from patients.models import Channel

logger = logging.getLogger("clinic.messaging")

MOST_TRIES = 8
_FIRST_PAUSE_SECONDS = 30
_LONGEST_PAUSE_SECONDS = 60 * 60
_dice = secrets.SystemRandom()


@dataclass(frozen=True)
class _Claim:
    """What this sender holds: the message until its lease ends, by a token nobody else has."""

    message_id: int
    subject_id: int
    attempt_id: int
    token: uuid.UUID
    provider: Provider


@dataclass(frozen=True)
class _Verdict:
    """How a try ended: the message's new state and why, and what the attempt's row says."""

    state: MessageState
    reason: str
    attempt: AttemptOutcome = AttemptOutcome.NOT_SENT
    provider_message_id: str = ""
    pause: timedelta | None = None


def deliver(public_id: str) -> None:
    """Send one message if it is due. Safe to call any number of times, from any number of workers."""
    claim = _claim_next(Message.objects.filter(public_id=public_id))
    if claim is not None:
        _send(claim)


def dispatch_due(*, limit: int = 500, seconds: float = 60) -> int:
    """Send what is due, oldest first, and pick up what a dead sender left. Returns how many were tried.

    It stops after so many messages or seconds: the next tick goes on, and a task never meets its time limit.
    """
    ends_at = time.monotonic() + seconds
    for tried in range(limit):
        claim = _claim_next(Message.objects.all()) if time.monotonic() < ends_at else None
        if claim is None:
            return tried
        try:
            _send(claim)
        except Exception as error:  # one bad row must not stop the others; its lease lets it be tried again
            logger.error("message %s was left in sending: %s", claim.message_id, type(error).__name__)
    return limit


def health() -> dict[str, Any]:
    """Figures to watch: how late the oldest due message is, and how many there are in each state."""
    by_state = dict(Message.objects.values_list("state").annotate(Count("id")).order_by("state"))
    oldest = Message.objects.due().aggregate(oldest=Min("not_before"))["oldest"]
    stuck = Message.objects.left_behind().count()
    return {
        "oldest_due_seconds": int((database_now() - oldest).total_seconds()) if oldest else 0,
        "stuck_leases": stuck,
        "by_state": {state: by_state.get(state, 0) for state in MessageState.values},
    }


def _claim_next(candidates: MessageQuerySet) -> _Claim | None:
    return _claim(candidates.due()) or _claim(candidates.left_behind())


@transaction.atomic
def _claim(candidates: MessageQuerySet) -> _Claim | None:
    """Take the first message; senders working side by side step over each other's."""
    message = candidates.select_for_update(skip_locked=True, no_key=True).first()
    if message is None:
        return None
    token = uuid.uuid4()
    provider = email_provider()
    Attempt.objects.filter(message=message, finished_at=None).update(finished_at=Now(), outcome=AttemptOutcome.LOST)
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.SENDING,
        claim_token=token,
        lease_until=Now() + timedelta(seconds=provider.lease_seconds),
        attempt_count=F("attempt_count") + 1,
        updated_at=Now(),
    )
    attempt = Attempt.objects.create(message=message)
    return _Claim(message.pk, message.subject_id, attempt.pk, token, provider)


def _send(claim: _Claim) -> None:
    try:
        claim.provider.open()
    except Temporary:
        _settle(claim, is_unreachable=True)
        return
    try:
        _settle(claim)
    finally:
        claim.provider.close()


@transaction.atomic
def _settle(claim: _Claim, is_unreachable: bool = False) -> None:
    """Decide and do, in one transaction, what becomes of a claimed message."""
    subject = Subject.objects.held_while_sending(claim.subject_id)
    ours = Message.objects.filter(pk=claim.message_id, state=MessageState.SENDING, claim_token=claim.token)
    message = ours.select_for_update(no_key=True, of=("self",)).select_related("patient", "link", "location").first()
    if message is None:
        return  # the lease ended and somebody else took it over
    message.subject = subject
    now = database_now()
    verdict = _doubt(message, claim.provider, now)
    _write_down(message, claim, verdict or _decide(message, claim.provider, now, is_unreachable))


def _doubt(message: Message, provider: Provider, now: datetime) -> _Verdict | None:
    """Never send blindly what may have been taken already and would not be recognised."""
    if not provider.leaves_doubt:
        return None
    doubtful = message.attempts.filter(outcome__in=DOUBTFUL_OUTCOMES)
    since = doubtful.aggregate(since=Min("started_at"))["since"]
    if since is None:
        return None
    if provider.swallows_repetition(first_tried_at=since, now=now) and not _is_over(message, now):
        return None
    return _Verdict(MessageState.UNKNOWN, "no_answer")


def _is_over(message: Message, now: datetime) -> bool:
    """Whether no further try will be made, whatever the provider says."""
    if message.attempt_count > MOST_TRIES or message.expires_at <= now:
        return True
    return bool(_overtaken(message, template_named(message.template)))


def _decide(message: Message, provider: Provider, now: datetime, is_unreachable: bool) -> _Verdict:
    if message.attempt_count > MOST_TRIES:  # first: it also ends a row that fails before it can be judged
        return _Verdict(MessageState.DEAD, "tries_used_up")
    template = template_named(message.template)
    overtaken = _overtaken(message, template)
    if overtaken:
        return _Verdict(MessageState.SUPERSEDED, overtaken)
    if message.expires_at <= now:
        return _Verdict(MessageState.DEAD, "expired")
    where = reach(message.patient, template)
    if where.refusal:
        return _Verdict(MessageState.SUPPRESSED, where.refusal)
    return _while_quiet(message, now) or _hand_over(message, where, None if is_unreachable else provider, now)


def _while_quiet(message: Message, now: datetime) -> _Verdict | None:
    """Put it off if a late tick or a pause brought it into the quiet hours."""
    leaves_at = may_leave_at(now, location=message.location, expires_at=message.expires_at)
    if leaves_at > now:
        return _Verdict(MessageState.QUEUED, "quiet_hours", pause=leaves_at - now)
    return None


def _overtaken(message: Message, template: Template) -> str:
    """Why this message tells an old story, or nothing."""
    if message.subject.version != message.subject_version:
        return "changed"
    if not message.subject.is_live and not template.tells_an_end:
        return "ended"
    if message.link_id and not SignedLink.objects.working().filter(pk=message.link_id).exists():
        return "link_dead"
    return ""


def _hand_over(message: Message, where: Reach, provider: Provider | None, now: datetime) -> _Verdict:
    if provider is None:
        return _later(message, now, AttemptOutcome.TEMPORARY)
    written = write(message)
    envelope = Envelope(
        key=message.delivery_key,
        patient=message.patient,
        to=where.address,
        subject_line=written.subject_line,
        body=written.body,
        optout_url=optout_url(message),
        invitation=invitation_of(message, now=now),
    )
    try:
        provider_message_id = provider.send(envelope)
    except Refused:
        return _Verdict(MessageState.FAILED, "refused", AttemptOutcome.REFUSED)
    except Temporary:
        return _later(message, now, AttemptOutcome.TEMPORARY)
    except Ambiguous:
        if provider.swallows_repetition(first_tried_at=now, now=now):
            return _later(message, now, AttemptOutcome.AMBIGUOUS)
        return _Verdict(MessageState.UNKNOWN, "no_answer", AttemptOutcome.AMBIGUOUS)
    return _Verdict(MessageState.SENT, where.note, AttemptOutcome.SENT, provider_message_id)


def _later(message: Message, now: datetime, outcome: AttemptOutcome) -> _Verdict:
    """Try again after a random pause that doubles its limit each time, while it still makes sense."""
    ceiling = min(_FIRST_PAUSE_SECONDS * 2 ** (message.attempt_count - 1), _LONGEST_PAUSE_SECONDS)
    pause = timedelta(seconds=_dice.uniform(0, ceiling))
    if message.attempt_count < MOST_TRIES and now + pause < message.expires_at:
        return _Verdict(MessageState.QUEUED, "later", outcome, pause=pause)
    if outcome == AttemptOutcome.AMBIGUOUS:
        return _Verdict(MessageState.UNKNOWN, "no_answer", outcome)
    reason = "tries_used_up" if message.attempt_count >= MOST_TRIES else "expired"
    return _Verdict(MessageState.DEAD, reason, outcome)


def _write_down(message: Message, claim: _Claim, verdict: _Verdict) -> None:
    Attempt.objects.filter(pk=claim.attempt_id).update(finished_at=Now(), outcome=verdict.attempt)
    changes: dict[str, Any] = {
        "state": verdict.state,
        "state_reason": verdict.reason,
        "lease_until": None,
        "claim_token": None,
        "updated_at": Now(),
    }
    if verdict.pause is not None:
        changes["not_before"] = Now() + verdict.pause
    if verdict.reason == "quiet_hours":
        changes["attempt_count"] = message.attempt_count - 1  # it was looked at, not tried
    if verdict.state == MessageState.SENT:
        changes |= {
            "sent_at": Now(),
            "channel": Channel.EMAIL,
            "provider_message_id": verdict.provider_message_id[:120],
        }
    Message.objects.filter(pk=message.pk).update(**changes)
    if verdict.state != MessageState.QUEUED:
        facts = {
            "template": message.template,
            "reason": verdict.reason,
            "attempts": message.attempt_count,
            "provider": claim.provider.name,
        }
        record(actor=SYSTEM, action=f"message.{verdict.state}", subject=message, patient=message.patient, facts=facts)
