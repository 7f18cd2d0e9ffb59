"""Whose notes somebody else co-signs: set by an admin."""

from __future__ import annotations

from django.db import transaction

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from staff.models import User


@transaction.atomic
def set_supervisor(*, therapist: User, supervisor: User | None, by: User) -> User:
    """From now on the therapist's signed notes wait for this supervisor; None: for nobody. Raises Invalid, NotFound."""
    if not by.is_administrator:
        raise NotAllowed()
    colleagues = User.objects.visible_to(by)
    ids = sorted({therapist.pk} | ({supervisor.pk} if supervisor else set()))
    held = {one.pk: one for one in colleagues.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
    if len(held) != len(ids):
        raise NotFound()
    locked: User = held[therapist.pk]
    chosen = held[supervisor.pk] if supervisor else None
    _check(locked, chosen)
    if locked.supervisor_id != (chosen.pk if chosen else None):
        locked.supervisor = chosen
        locked.save(update_fields=["supervisor", "updated_at"])
        facts = {"supervisor_id": str(chosen.public_id) if chosen else None}
        record(actor=by, action="user.supervisor_set", subject=locked, facts=facts)
    return locked


def _check(therapist: User, supervisor: User | None) -> None:
    if not therapist.is_therapist:
        raise Invalid(fields={"therapist": "Only a therapist's notes are co-signed."})
    if supervisor is None:
        return
    if not supervisor.is_therapist or supervisor.pk == therapist.pk:
        raise Invalid(fields={"supervisor": "Choose another therapist."})
    if supervisor.supervisor_id is not None or therapist.supervised.exists():
        raise Invalid(fields={"supervisor": "Who supervises is not supervised."})
