"""The address in every e-mail by which its reader gets no more of the kind, without signing in (RFC 8058).

The token is the message's id, signed: it opens nothing, and it works for as long as the message is kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from messaging.catalogue import template_named
from messaging.errors import LinkDead
from messaging.models import Message
from patients.models import ConsentKind

_SIGNER = signing.Signer(salt="messaging.optout")


@dataclass(frozen=True)
class Reader:
    """Whoever holds a message that went to the patient."""

    public_id: uuid.UUID
    patient_id: int
    actor_kind: str = "link"


def optout_url(message: Message) -> str:
    """The address that goes into the message. Never log it."""
    return f"{settings.SITE_URL}/l/stop/{_SIGNER.sign(str(message.public_id))}/"


def message_of(token: str) -> Message:
    """The message a token came with. Raises LinkDead."""
    try:
        public_id = _SIGNER.unsign(token)
    except signing.BadSignature:
        raise LinkDead() from None
    found: Message | None = Message.objects.select_related("patient").filter(public_id=public_id).first()
    if found is None:
        raise LinkDead()
    return found


def kind_of(message: Message) -> ConsentKind:
    """What its reader refuses: follow-up questions alone, where it is one, else e-mail."""
    return template_named(message.template).consent or ConsentKind.EMAIL
