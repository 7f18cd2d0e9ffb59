"""The outside world: whoever takes a message from us and brings it to the patient."""

from __future__ import annotations

import hashlib
import smtplib
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.mime.text import MIMEText
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from messaging.invitation import Invitation
from messaging.models import LocalDelivery
from patients.models import Patient


class Refused(Exception):
    """The provider will never take this message."""


class Temporary(Exception):
    """The provider did not take it; later it may."""


class Ambiguous(Exception):
    """The provider may or may not have taken it."""


@dataclass(frozen=True)
class Envelope:
    """What is handed over. The same `key` is the same message, however often it is handed over."""

    key: str
    patient: Patient
    to: str
    subject_line: str
    body: str
    # Where one POST, without a cookie, ends messages of this kind.
    optout_url: str = ""
    invitation: Invitation | None = None


class Provider(ABC):
    """Takes one message at a time. `open` before the subject is locked, so that only the send is under the lock."""

    name: str
    # For how long the provider recognises a key and swallows the repetition. None: for ever; 0: never.
    idempotency_seconds: int | None
    # How long a sender may be silent before another takes its message over.
    lease_seconds: int
    # Whether a try that never ended may have reached the provider.
    leaves_doubt: bool = True

    def open(self) -> None:
        """Get ready. Raises Temporary."""
        return

    @abstractmethod
    def send(self, envelope: Envelope) -> str:
        """Hand the message over; returns the provider's id. Raises Refused, Temporary or Ambiguous."""

    def close(self) -> None:
        """Let go. Never raises."""
        return

    def swallows_repetition(self, *, first_tried_at: datetime, now: datetime) -> bool:
        """Whether a message first tried then may be handed over again without the patient getting it twice."""
        if self.idempotency_seconds is None:
            return True
        return now < first_tried_at + timedelta(seconds=self.idempotency_seconds)


class LocalProvider(Provider):
    """Keeps messages in our own database, in the sender's transaction: for a demo, tests and development."""

    name = "local"
    idempotency_seconds = None
    lease_seconds = 15
    leaves_doubt = False

    def send(self, envelope: Envelope) -> str:
        row, _ = LocalDelivery.objects.get_or_create(
            idempotency_key=envelope.key,
            defaults={
                "patient": envelope.patient,
                "to": envelope.to,
                "subject_line": envelope.subject_line[:200],
                "body": envelope.body,
            },
        )
        return f"local-{row.pk}"


class SmtpProvider(Provider):
    """A mail server. SMTP knows no idempotency keys, so a send without an answer stays unknown."""

    name = "smtp"
    idempotency_seconds = 0
    # Opening takes up to five answers of EMAIL_TIMEOUT each, sending four.
    lease_seconds = 12 * settings.EMAIL_TIMEOUT

    def __init__(self) -> None:
        self._connection: BaseEmailBackend = get_connection()

    def open(self) -> None:
        try:
            self._connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise Temporary(type(error).__name__) from None

    def send(self, envelope: Envelope) -> str:
        message_id = self._message_id(envelope.key)
        message = EmailMessage(
            subject=envelope.subject_line,
            body=envelope.body,
            to=[envelope.to],
            headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated", **_optout_headers(envelope)},
            connection=self._connection,
        )
        if envelope.invitation:
            message.attach(_calendar_file(envelope.invitation))
        try:
            message.send()
        except ValueError as error:
            raise Refused(type(error).__name__) from None  # an address or subject that cannot be a header
        except (OSError, smtplib.SMTPException) as error:
            raise _outcome(error) from None
        return message_id

    def close(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            self._connection.close()

    @staticmethod
    def _message_id(key: str) -> str:
        # Derived from the key: mail programs that do get a message twice can show it once.
        domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _calendar_file(invitation: Invitation) -> MIMEText:
    file = MIMEText(invitation.text, "calendar", "utf-8")
    file.set_param("method", invitation.method)
    file.add_header("Content-Disposition", "attachment", filename="visit.ics")
    return file


def _optout_headers(envelope: Envelope) -> dict[str, str]:
    if not envelope.optout_url:
        return {}
    return {
        "List-Unsubscribe": f"<{envelope.optout_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _outcome(error: Exception) -> Refused | Temporary | Ambiguous:
    """What a failed send means. The server's words quote the address, so only the class name is kept."""
    name = type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Refused(name) if codes and min(codes) >= 500 else Temporary(name)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Refused(name)
    if isinstance(error, smtplib.SMTPResponseException):
        return Refused(name) if error.smtp_code >= 500 else Temporary(name)
    # A lost connection or a timeout: the last words may have been the whole message.
    return Ambiguous(name)


_EMAIL_PROVIDERS: dict[str, type[Provider]] = {"local": LocalProvider, "smtp": SmtpProvider}


def email_provider() -> Provider:
    """The provider this installation sends its e-mail through."""
    if settings.EMAIL_PROVIDER not in _EMAIL_PROVIDERS:
        raise ImproperlyConfigured("EMAIL_PROVIDER must be local or smtp.")
    return _EMAIL_PROVIDERS[settings.EMAIL_PROVIDER]()
