"""The acts of messaging: promising, withdrawing and repeating messages; giving and taking links."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.errors import Invalid, NotAllowed
from clinic.models import Location
from messaging import links, optout
from messaging.catalogue import check_context, template_named
from messaging.errors import BeingSent, NotResendable, Outdated
from messaging.models import (
    RESENDABLE_STATES,
    LinkPurpose,
    Message,
    MessageState,
    SignedLink,
    Subject,
    database_now,
)
from messaging.quiet import may_leave_at
from messaging.tasks import deliver_message
from patients.models import Consent, ConsentKind, Patient
from patients.services import record_consent

# How long a desk waits for a sender that holds the subject before it is asked to try again.
_PATIENCE = "4s"

_SAME_WHEN_RESENT = (
    "patient", "subject", "subject_version", "template", "channel", "context", "link", "location", "expires_at",
)  # fmt: skip

link_url = links.link_url


# Part of an act of a floor above, in whose transaction it stands or falls: its own savepoint would protect nothing.
within_an_act = transaction.atomic(savepoint=False)


@within_an_act
def subject(*, key: str) -> Subject:
    """The subject of that key, made live at version 1 when it is new."""
    found = _new_subject(key)
    return found if found is not None else Subject.objects.get(key=key)


@transaction.atomic
def supersede(*, key: str, is_live: bool = True) -> Subject:
    """Void what was promised about the subject so far: unsent messages are withdrawn and links die.

    It waits for a message that is being sent; that one tells the old story, so the caller queues a new notice.
    """
    rows = Subject.objects.select_for_update(no_key=True).filter(key=key)
    with _patience():
        row = rows.first() or _new_subject(key) or rows.get()
    row.version += 1
    row.is_live = is_live
    row.save(update_fields=["version", "is_live"])
    _withdraw(Message.objects.filter(subject=row, subject_version__lt=row.version, state=MessageState.QUEUED))
    _revoke(SignedLink.objects.filter(subject=row, subject_version__lt=row.version, revoked_at=None), by=SYSTEM)
    return row


def queue_message(
    *,
    patient: Patient,
    subject: Subject,
    template: str,
    context: Mapping[str, Any],
    expires_at: datetime,
    by: Actor,
    channel: str | None = None,
    not_before: datetime | None = None,
    offset: str = "",
    link: SignedLink | None = None,
    location: Location | None = None,
) -> Message | None:
    """Promise to tell a patient something; the same key is the same promise. None: its time has passed.

    Without a channel it goes the way the patient prefers when it is sent. Consent is asked then, too. With a location
    it waits for the end of the quiet hours there.
    """
    check_context(template_named(template), context, has_link=link is not None)
    with transaction.atomic(savepoint=False):
        now = database_now()
        if expires_at <= now:
            return None
        due_at = may_leave_at(not_before or now, location=location, expires_at=expires_at)
        promise = Message(
            delivery_key=delivery_key(subject=subject, template=template, offset=offset, channel=channel),
            patient=patient,
            subject=subject,
            subject_version=subject.version,
            template=template,
            channel=channel or patient.channel,
            context=dict(context),
            link=link,
            location=location,
            not_before=due_at,
            expires_at=expires_at,
        )
        # One statement decides who promises it, without a savepoint for the one who comes second.
        Message.objects.bulk_create([promise], ignore_conflicts=True)
        message: Message = Message.objects.select_related("patient").get(delivery_key=promise.delivery_key)
        if message.public_id == promise.public_id:
            _promised(message, by=by, is_due=due_at <= now)
        return message


def delivery_key(*, subject: Subject, template: str, offset: str = "", channel: str | None = None) -> str:
    """What makes two promises the same one. It is also the provider's idempotency key."""
    return f"{template}:{subject.key}:{offset}:{channel or 'preferred'}:v{subject.version}"


def is_promised(*, subject: Subject, template: str, offset: str = "", channel: str | None = None) -> bool:
    """Whether this was promised already, so that no link need be issued for it again."""
    key = delivery_key(subject=subject, template=template, offset=offset, channel=channel)
    return Message.objects.filter(delivery_key=key).exists()


@transaction.atomic
def resend_message(*, message: Message, reason: str, by: Any) -> Message:
    """Promise again what failed, was given up or has an unknown outcome. Asking twice is one promise."""
    if not by.books_appointments:
        raise NotAllowed()
    if not 0 < len(reason.strip()) <= 200:
        raise Invalid(fields={"reason": "Say why it is sent again, in at most 200 characters."})
    about = Subject.objects.held_while_sending(message.subject_id)
    failed = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    _refuse_resending(failed, about)
    again, is_new = Message.objects.get_or_create(
        resend_of=failed,
        defaults={
            "delivery_key": f"{failed.delivery_key}:again-{failed.pk}",
            "resend_reason": reason.strip(),
            "not_before": database_now(),
            **{name: getattr(failed, name) for name in _SAME_WHEN_RESENT},
        },
    )
    if is_new:
        facts = {"resend_of": str(failed.public_id)}
        record(actor=by, action="message.resent", subject=again, patient=failed.patient, facts=facts)
        _nudge(again)
    return again


@transaction.atomic
def opt_out(*, message: Message) -> ConsentKind:
    """Keep that the reader of this message wants no more of its kind. Said twice it is kept once."""
    kind = optout.kind_of(message)
    patient = Patient.objects.select_for_update(no_key=True).get(pk=message.patient_id)
    if Consent.objects.standing(patient, kind) is not False:
        reader = optout.Reader(public_id=message.public_id, patient_id=patient.pk)
        record_consent(patient=patient, kind=kind, is_given=False, by=reader, source="unsubscribe")
    return kind


@within_an_act
def issue_link(
    *,
    patient: Patient,
    purpose: str,
    target_id: uuid.UUID,
    expires_at: datetime,
    by: Actor,
    subject: Subject | None = None,
) -> SignedLink:
    """Give a patient the key to one thing until a time. With a subject it dies when the subject changes."""
    public_id, nonce = uuid.uuid4(), uuid.uuid4()
    link = SignedLink.objects.create(
        public_id=public_id,
        nonce=nonce,
        digest=links.token_digest(links.derive_token(public_id=public_id, nonce=nonce)),
        patient=patient,
        purpose=LinkPurpose(purpose),
        target_id=target_id,
        subject=subject,
        subject_version=subject.version if subject else None,
        expires_at=expires_at,
    )
    facts = {"purpose": link.purpose, "target_id": str(target_id)}
    record(actor=by, action="link.issued", subject=link, patient=patient, facts=facts)
    return link


@transaction.atomic
def revoke_links(*, target_id: uuid.UUID, purpose: str, by: Actor) -> int:
    """Make every key to this thing useless from now on. Returns how many worked until now."""
    return _revoke(SignedLink.objects.filter(target_id=target_id, purpose=purpose, revoked_at=None), by=by)


def _new_subject(key: str) -> Subject | None:
    """A subject of that key, unless there is one."""
    fresh = Subject(key=key)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_subject (key, version, is_live) VALUES (%s, %s, %s) "
            "ON CONFLICT (key) DO NOTHING RETURNING id",
            [fresh.key, fresh.version, fresh.is_live],
        )
        made = cursor.fetchone()
    if made is None:
        return None
    fresh.pk, fresh._state.adding = made[0], False
    return fresh


def _refuse_resending(failed: Message, about: Subject) -> None:
    if failed.state not in RESENDABLE_STATES:
        raise NotResendable(state=failed.state)
    is_about_now = about.version == failed.subject_version
    is_wanted = about.is_live or template_named(failed.template).tells_an_end
    opens = failed.link_id is None or SignedLink.objects.working().filter(pk=failed.link_id).exists()
    if not (is_about_now and is_wanted and opens) or failed.expires_at <= database_now():
        raise Outdated()


def _promised(message: Message, *, by: Actor, is_due: bool) -> None:
    facts = {"template": message.template, "delivery_key": message.delivery_key}
    record(actor=by, action="message.queued", subject=message, patient=message.patient, facts=facts)
    if is_due:
        _nudge(message)


def _nudge(message: Message) -> None:
    public_id = str(message.public_id)

    def wake_a_worker() -> None:
        deliver_message.delay(public_id)

    # The row is the promise. Without a broker the next tick, or `dispatch_messages`, finds it.
    transaction.on_commit(wake_a_worker, robust=True)


def _withdraw(messages: QuerySet[Message]) -> None:
    rows = list(messages.select_for_update(no_key=True, of=("self",)).select_related("patient").order_by("pk"))
    Message.objects.filter(pk__in=[row.pk for row in rows], state=MessageState.QUEUED).update(
        state=MessageState.SUPERSEDED, state_reason="changed", updated_at=Now()
    )
    for row in rows:
        record(actor=SYSTEM, action="message.withdrawn", subject=row, patient=row.patient)


def _revoke(keys: QuerySet[SignedLink], *, by: Actor) -> int:
    rows = list(keys.select_for_update(no_key=True, of=("self",)).select_related("patient").order_by("pk"))
    SignedLink.objects.filter(pk__in=[row.pk for row in rows]).update(revoked_at=Now(), updated_at=Now())
    for row in rows:
        facts = {"purpose": row.purpose, "target_id": str(row.target_id)}
        record(actor=by, action="link.revoked", subject=row, patient=row.patient, facts=facts)
    return len(rows)


@contextmanager
def _patience() -> Iterator[None]:
    """Wait only so long for a lock, then say that a message is being sent."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)", [_PATIENCE])
            usual = cursor.fetchone()[0]
            yield
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise BeingSent() from None
        raise
