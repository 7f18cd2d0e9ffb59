"""Who may write how it went."""

from __future__ import annotations

from audit.actors import Actor, SystemActor
from clinic.core.errors import NotAllowed, NotFound
from messaging.models import SignedLink
from patients.models import Patient
from staff.models import User


def require_writer(*, patient: Patient, by: Actor) -> None:
    """The clinic's clockwork, the patient by a link of their own, or a therapist who cares for them."""
    if isinstance(by, SystemActor):
        return
    if isinstance(by, SignedLink):
        if by.patient_id != patient.pk:
            raise NotFound()
        return
    if not isinstance(by, User) or not by.writes_clinical:
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()
