"""Who may act on a session, and the lock every act on a note takes first."""

from __future__ import annotations

from typing import Any

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import NotAllowed, NotFound
from sessions.errors import AlreadySigned, NotTheAuthor
from sessions.models import TreatmentSession


def require_therapist(by: Actor) -> None:
    """Only therapists author notes."""
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()


def lock_session(session: TreatmentSession, *, by: Actor) -> TreatmentSession:
    """The row as it is now, held until the transaction ends. Raises NotFound when it is not the actor's to see."""
    require_therapist(by)
    # Only what every act needs: with all that a page prints, planning the joins took 20 ms of each call.
    seen = TreatmentSession.objects.visible_to(by).select_related("patient", "location")
    locked: TreatmentSession | None = seen.select_for_update(no_key=True, of=("self",)).filter(pk=session.pk).first()
    if locked is None:
        raise NotFound()
    return locked


def lock_draft(session: TreatmentSession, *, by: Actor) -> TreatmentSession:
    """The same, for its author and while it is a draft."""
    locked = lock_session(session, by=by)
    if locked.therapist_id != getattr(by, "pk", None):
        raise NotTheAuthor()
    if locked.is_signed:
        raise AlreadySigned(signed_at=locked.signed_at.isoformat() if locked.signed_at else "")
    return locked


def note_act(*, action: str, subject: Any, session: TreatmentSession, by: Actor, **facts: Any) -> None:
    """One audit row of an act on a session or on something that hangs on it."""
    record(
        actor=by,
        action=action,
        subject=subject,
        patient=session.patient,
        locations=[session.location],
        facts={"session_id": str(session.public_id), **facts},
    )
