"""Promises to tell a patient something, and the signed links in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic.core.records import Record
from clinic.models import Location
from patients.models import Channel, OfPatientQuerySet, Patient


def database_now() -> datetime:
    """The instant by the only clock that decides when something is due or over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant


class SubjectQuerySet(models.QuerySet["Subject"]):
    def held_while_sending(self, pk: int) -> Subject:
        """The row locked FOR SHARE: it cannot be bumped before the transaction ends, and others may send too."""
        return self.raw("SELECT id, key, version, is_live FROM messaging_subject WHERE id = %s FOR SHARE", [pk])[0]


class Subject(models.Model):
    """What messages are about, as far as messaging knows: a key, a version, and whether it still stands.

    The floor above bumps it in its own transaction; delivery holds it FOR SHARE while sending.
    """

    key = models.CharField(max_length=60, unique=True)
    version = models.PositiveIntegerField(default=1)
    is_live = models.BooleanField(default=True)

    objects = SubjectQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key


class MessageState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    SUPERSEDED = "superseded", "Withdrawn: the visit changed"
    SUPPRESSED = "suppressed", "Not sent: the patient does not want it or cannot be reached"
    FAILED = "failed", "Refused by the mail service"
    UNKNOWN = "unknown", "Outcome unknown"
    DEAD = "dead", "Given up"


# Given up without an answer: somebody at the desk decides whether to try again.
RESENDABLE_STATES = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.DEAD)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> MessageQuerySet:
        if not getattr(user, "books_appointments", False) and not getattr(user, "reads_audit", False):
            return self.none()
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def due(self) -> MessageQuerySet:
        """Waiting, and their time has come; the oldest first."""
        return self.filter(state=MessageState.QUEUED, not_before__lte=Now()).order_by("not_before", "id")

    def left_behind(self) -> MessageQuerySet:
        """Taken by a sender that was silent for longer than its lease."""
        return self.filter(state=MessageState.SENDING, lease_until__lt=Now()).order_by("lease_until", "id")

    def matching(
        self, *, state: str = "", states: Iterable[str] = (), patient: uuid.UUID | None = None
    ) -> MessageQuerySet:
        """Narrowed by what a reader asked for; nothing asked is everything."""
        wanted = [state] if state else list(states)
        rows = self.filter(state__in=wanted) if wanted else self
        return rows.filter(patient__public_id=patient) if patient else rows

    def for_ledger(self) -> MessageQuerySet:
        """Everything a line of the ledger prints, in one query."""
        return self.select_related("patient", "link", "resent_as", "resend_of").order_by("-id")


class Message(Record):
    """One promise: this template, about this version of a subject, to this patient, by this channel.

    `context` holds ids, times and zone names; names and addresses are read from the patient when it is sent.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="messages")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="messages")
    subject_version = models.PositiveIntegerField()
    template = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    context = models.JSONField(default=dict)
    link = models.ForeignKey("SignedLink", models.PROTECT, null=True, blank=True, related_name="messages")
    # Whose quiet hours count; without one it is sent at any hour.
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    delivery_key = models.CharField(max_length=160, unique=True)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    state_reason = models.CharField(max_length=40, default="", blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    claim_token = models.UUIDField(null=True)
    provider_message_id = models.CharField(max_length=120, default="", blank=True)
    sent_at = models.DateTimeField(null=True)
    # The promise that failed and that somebody made again with this one.
    resend_of = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="resent_as")
    resend_reason = models.CharField(max_length=200, default="", blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="message_state_known", condition=Q(state__in=MessageState.values)),
            models.CheckConstraint(
                name="message_sent_has_a_time", condition=~Q(state=MessageState.SENT) | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            # Two, each in the order of its claim: one index for both states made every claim read the whole backlog.
            models.Index(fields=["not_before", "id"], condition=Q(state="queued"), name="message_due_by_time"),
            models.Index(fields=["lease_until", "id"], condition=Q(state="sending"), name="message_sending_by_lease"),
            models.Index(fields=["patient", "-id"], name="message_by_patient"),
            models.Index(fields=["subject", "state"], name="message_by_subject"),
            models.Index(fields=["-updated_at", "-id"], name="message_by_change"),
            models.Index(fields=["state", "-id"], name="message_by_state"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class AttemptOutcome(models.TextChoices):
    STARTED = "started", "Under way"
    LOST = "lost", "Interrupted"
    SENT = "sent", "Accepted"
    NOT_SENT = "not_sent", "Not handed over"
    REFUSED = "refused", "Refused"
    TEMPORARY = "temporary", "Put off"
    AMBIGUOUS = "ambiguous", "No answer"


# After these nobody knows whether the provider took the message.
DOUBTFUL_OUTCOMES = (AttemptOutcome.LOST, AttemptOutcome.AMBIGUOUS)


class Attempt(models.Model):
    """One try to hand a message to the provider; committed before the network call."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="attempts")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=AttemptOutcome, default=AttemptOutcome.STARTED)

    class Meta:
        constraints = [
            models.CheckConstraint(name="attempt_outcome_known", condition=Q(outcome__in=AttemptOutcome.values)),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class LinkPurpose(models.TextChoices):
    INTAKE = "intake", "Intake questionnaire"
    VISIT = "visit", "Confirm or cancel a visit"
    SURVEY = "survey", "Follow-up question"
    OFFER = "offer", "Answer an offered time"


# Opened once for an answer; a visit's link serves until the visit changes.
SINGLE_USE_PURPOSES = (LinkPurpose.INTAKE, LinkPurpose.SURVEY)


class SignedLinkQuerySet(OfPatientQuerySet):
    def unbroken(self) -> SignedLinkQuerySet:
        """Neither revoked, nor expired, nor about an older version of its subject. Used ones included."""
        is_current = Q(subject=None) | Q(subject__version=F("subject_version"), subject__is_live=True)
        return self.filter(is_current, revoked_at=None, expires_at__gt=Now())

    def working(self) -> SignedLinkQuerySet:
        """Unbroken, and not used up."""
        return self.unbroken().exclude(purpose__in=SINGLE_USE_PURPOSES, used_at__isnull=False)


class SignedLink(Record):
    """A patient's key to one thing for some time.

    The token is HMAC-SHA256 of this row's id under the secret key (256 bits, never stored); only its
    SHA-256 digest is kept, so a copy of the database opens nothing. It can be revoked and counts tries.
    """

    actor_kind = "link"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=8, choices=LinkPurpose)
    # The public id of what it opens: a questionnaire response, an appointment, a survey.
    target_id = models.UUIDField()
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, blank=True, related_name="links")
    subject_version = models.PositiveIntegerField(null=True)
    nonce = models.UUIDField(default=uuid.uuid4)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    failed_tries = models.PositiveSmallIntegerField(default=0)

    objects = SignedLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="signed_link_purpose_known", condition=Q(purpose__in=LinkPurpose.values)),
            models.CheckConstraint(name="signed_link_tries_up_to_five", condition=Q(failed_tries__lte=5)),
        ]
        indexes = [models.Index(fields=["target_id", "purpose"], name="signed_link_by_target")]

    def __str__(self) -> str:
        return f"link {self.pk}"


class LocalDelivery(models.Model):
    """What the local provider "sent": the outbox page of the demo. One row per idempotency key."""

    idempotency_key = models.CharField(max_length=160, unique=True)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    to = models.CharField(max_length=254)
    subject_line = models.CharField(max_length=200)
    body = models.TextField()
    delivered_at = models.DateTimeField(db_default=Now())

    objects = OfPatientQuerySet.as_manager()

    def __str__(self) -> str:
        return f"local delivery {self.pk}"
