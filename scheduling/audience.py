"""Whom a service is for: anybody, patients who have not been treated here yet, or those who have."""

from __future__ import annotations

from collections.abc import Iterable

from clinic.models import Audience, Service
from patients.models import Patient
from scheduling.models import Appointment, AppointmentStatus


def is_meant_for(service: Service, patient: Patient) -> bool:
    """Whether the patient may have the service. Who has a completed visit, at any location, is a returning patient."""
    return service.audience == Audience.ANYONE or is_for(service, is_returning=bool(returning([patient.pk])))


def is_for(service: Service, *, is_returning: bool) -> bool:
    """Whether the service is for patients who have been treated here, or for those who have not."""
    return service.audience == Audience.ANYONE or is_returning == (service.audience == Audience.RETURNING_PATIENTS)


def returning(patients: Iterable[int]) -> set[int]:
    """Those of the patients, by primary key, who have a completed visit. One query."""
    done = Appointment.objects.filter(patient__in=list(patients), status=AppointmentStatus.COMPLETED)
    return set(done.values_list("patient_id", flat=True).distinct())
