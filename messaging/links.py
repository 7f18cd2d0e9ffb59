"""Patients' keys: deriving and checking tokens, the exchange for a short cookie, and who holds it.

The token is in an e-mail, so scanners and previews open it: opening shows nothing and changes nothing.
A person presses a button; only that POST trades the token for a cookie that lives half an hour.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from datetime import date

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from audit.context import note_credential
from audit.services import record
from messaging.errors import BirthDateWrong, LinkDead
from messaging.models import LinkPurpose, SignedLink

COOKIE_SECONDS = 30 * 60
TRIES = 5
# Health answers are behind the link, so the holder also tells the birth date.
STEP_UP_PURPOSES = (LinkPurpose.INTAKE,)


def derive_token(*, public_id: uuid.UUID, nonce: uuid.UUID) -> str:
    """The link's secret: 256 bits that exist in the patient's message and nowhere in the database."""
    secret = hmac.new(settings.SECRET_KEY.encode(), f"link:{public_id}:{nonce}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(secret.digest()).rstrip(b"=").decode()


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_url(link: SignedLink) -> str:
    """The address that goes into a message. Never log it, never store it."""
    return f"{settings.SITE_URL}/l/{derive_token(public_id=link.public_id, nonce=link.nonce)}/"


def open_link(token: str) -> SignedLink:
    """The link a token belongs to, if it still works. Changes nothing. Raises LinkDead."""
    return _working(digest=token_digest(token))


def needs_birth_date(link: SignedLink) -> bool:
    """Whether the holder must also tell the patient's birth date."""
    return link.purpose in STEP_UP_PURPOSES


def exchange(*, token: str, birth_on: date | None = None) -> SignedLink:
    """Let a person with the token in. The fifth wrong birth date kills the link; each one is audited."""
    with transaction.atomic():
        rows = SignedLink.objects.select_for_update(no_key=True).filter(digest=token_digest(token))
        link: SignedLink | None = rows.first()
        if link is None or not SignedLink.objects.working().filter(pk=link.pk).exists():
            raise LinkDead()
        is_right = not needs_birth_date(link) or birth_on == link.patient.birth_on
        if is_right:
            _note_opened(link)
        else:
            _count_wrong_try(link)
    if is_right:
        return link
    raise _refusal(link)


def set_cookie(response: HttpResponse, link: SignedLink) -> None:
    """Give the browser the half-hour key of this link and purpose."""
    response.set_cookie(
        _cookie_name(link.purpose),
        signing.dumps(str(link.public_id), salt=_salt(link.purpose)),
        max_age=COOKIE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def link_of(request: HttpRequest, purpose: str, *, after_use: bool = False) -> SignedLink:
    """The link behind this request's cookie, checked anew against its row. Raises LinkDead.

    `after_use` also admits a link that was used up, for the page that says thank you. From here on the page
    speaks the patient's language (unless the browser chose one) and audit rows name the link.
    """
    public_id = _read_cookie(request, purpose)
    link = _working(public_id=public_id, purpose=purpose, after_use=after_use)
    note_credential(f"link:{link.public_id}")
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(link.patient.language)
        request.LANGUAGE_CODE = link.patient.language
    return link


def close_link(response: HttpResponse) -> None:
    """Take every link key from the browser."""
    for purpose in LinkPurpose.values:
        response.delete_cookie(_cookie_name(purpose), path="/", samesite="Lax")


@transaction.atomic
def mark_used(*, link: SignedLink) -> None:
    """Use the link up. Of two who try, one succeeds; the other gets LinkDead."""
    unused = SignedLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None)
    if unused.update(used_at=Now(), updated_at=Now()) == 0:
        raise LinkDead()
    record(actor=link, action="link.used", subject=link, patient=link.patient, facts={"purpose": link.purpose})


def _working(*, after_use: bool = False, **which: object) -> SignedLink:
    rows = SignedLink.objects.unbroken() if after_use else SignedLink.objects.working()
    link: SignedLink | None = rows.select_related("patient").filter(**which).first()
    if link is None:
        raise LinkDead()
    return link


def _note_opened(link: SignedLink) -> None:
    rows = SignedLink.objects.filter(pk=link.pk)
    rows.update(opened_at=Coalesce("opened_at", Now()), updated_at=Now())
    record(actor=link, action="link.opened", subject=link, patient=link.patient, facts={"purpose": link.purpose})


def _count_wrong_try(link: SignedLink) -> None:
    link.failed_tries += 1
    link.save(update_fields=["failed_tries", "updated_at"])
    facts = {"purpose": link.purpose, "failed_tries": link.failed_tries}
    record(actor=link, action="link.birth_date_refused", subject=link, patient=link.patient, facts=facts)
    if link.failed_tries >= TRIES:
        SignedLink.objects.filter(pk=link.pk).update(revoked_at=Now(), updated_at=Now())
        record(actor=link, action="link.locked", subject=link, patient=link.patient, facts=facts)


def _refusal(link: SignedLink) -> LinkDead | BirthDateWrong:
    remaining = TRIES - link.failed_tries
    if remaining <= 0:
        return LinkDead()
    rule = gettext("This is not the birth date we have. Tries left: %(remaining)d.") % {"remaining": remaining}
    return BirthDateWrong(fields={"birth_on": rule}, remaining=remaining)


def _cookie_name(purpose: str) -> str:
    prefix = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
    return f"{prefix}link-{purpose}"


def _salt(purpose: str) -> str:
    return f"messaging.link.{purpose}"


def _read_cookie(request: HttpRequest, purpose: str) -> uuid.UUID:
    value = request.COOKIES.get(_cookie_name(purpose), "")
    try:
        return uuid.UUID(signing.loads(value, salt=_salt(purpose), max_age=COOKIE_SECONDS))
    except (signing.BadSignature, ValueError):
        raise LinkDead() from None
