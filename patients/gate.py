"""Who may act on whom, and the lock every act on a patient takes first."""

from __future__ import annotations

from datetime import date
from typing import Any

from audit.actors import Actor
from clinic.core.clock import today_in
from clinic.core.errors import NotAllowed
from clinic.models import Location
from patients.errors import NoSuchPatient
from patients.models import Patient, PatientQuerySet


def require(by: Actor, ability: str) -> None:
    """Refuse unless the member's roles give the ability. The clinic's own clockwork may do everything."""
    if by.actor_kind != "system" and not getattr(by, ability, False):
        raise NotAllowed()


def lock_patient(patient: Patient, *, by: Actor) -> Patient:
    """The patient's row as it is now, held until the transaction ends. Raises NoSuchPatient when hidden."""
    locked = within_reach(by).select_for_update(no_key=True, of=("self",)).filter(pk=patient.pk).first()
    if locked is None:
        raise NoSuchPatient()
    return locked


def within_reach(by: Actor) -> PatientQuerySet:
    """The patients an actor may act on: staff what they see, a signed link its own, the clockwork all."""
    if by.actor_kind == "system":
        return Patient.objects.all()
    if by.actor_kind == "link":
        return Patient.objects.filter(pk=by.patient_id)  # type: ignore[attr-defined]
    return Patient.objects.visible_to(by)


def home_of(patient: Patient) -> Location | None:
    """The location that knew the patient first: its clock and country apply."""
    known_at: Any = Patient.locations.through.objects.filter(patient=patient).select_related("location")
    first = known_at.order_by("pk").first()
    return first.location if first else None


def today_of(patient: Patient) -> date:
    """The date it is now where the patient is treated."""
    home = home_of(patient)
    return today_in(home.timezone if home else "UTC")
