"""The supervisor's signature: asked for when a supervised therapist signs, given once, never a change of the note."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from clinic.core.errors import Invalid, NotAllowed, NotFound
from sessions.access import note_act, require_therapist
from sessions.content import verify
from sessions.errors import AlreadyCoSigned, NotWhatWasSigned
from sessions.models import CoSignature, TreatmentSession
from staff.models import User

REMARK_LENGTH = 500


@transaction.atomic
def ask_for_co_signature(*, session: TreatmentSession, by: User) -> CoSignature | None:
    """Put a note that is being signed to its author's supervisor, where they have one."""
    supervisor = session.therapist.supervisor
    if supervisor is None:
        return None
    row = CoSignature.objects.create(session=session, supervisor=supervisor)
    supervisor_id = str(supervisor.public_id)
    note_act(action="co_signature.asked", subject=row, session=session, by=by, supervisor_id=supervisor_id)
    return row


@transaction.atomic
def co_sign(*, co_signature: CoSignature, by: User, remark: str = "") -> CoSignature:
    """Sign beside the author: the supervisor, or a clinical lead who sees the patient when the supervisor cannot.
    Raises AlreadyCoSigned, NotWhatWasSigned."""
    require_therapist(by)
    seen = CoSignature.objects.visible_to(by).select_for_update(no_key=True, of=("self",))
    locked = seen.for_list().filter(pk=co_signature.pk).first()
    if locked is None:
        raise NotFound()
    session = locked.session
    is_author = session.therapist_id == by.pk
    if is_author or (locked.supervisor_id != by.pk and not by.is_clinical_lead):
        raise NotAllowed()
    if locked.signed_at is not None:
        raise AlreadyCoSigned(signed_at=locked.signed_at.isoformat())
    text = remark.strip()
    if len(text) > REMARK_LENGTH or "\x00" in text:
        raise Invalid(fields={"remark": f"At most {REMARK_LENGTH} characters of text."})
    if not verify(session):
        raise NotWhatWasSigned()
    locked.signed_at, locked.signed_by = timezone.now(), by
    locked.content_digest, locked.remark = session.content_digest, text
    locked.save(update_fields=["signed_at", "signed_by", "content_digest", "remark", "updated_at"])
    note_act(action="session.co_signed", subject=locked, session=session, by=by, content_digest=locked.content_digest)
    return locked
