"""Whom a service is for: anybody, patients who have not been treated here yet, or those who have."""

from __future__ import annotations

from clinic.models import Audience, Service
from patients.models import Patient
from scheduling.models import Appointment, AppointmentStatus


def is_meant_for(service: Service, patient: Patient) -> bool:
    """Whether the patient may have the service. Who has a completed visit, at any location, is a returning patient."""
    if service.audience == Audience.ANYONE:
        return True
    has_been_here = Appointment.objects.filter(patient=patient, status=AppointmentStatus.COMPLETED).exists()
    return has_been_here == (service.audience == Audience.RETURNING_PATIENTS)
