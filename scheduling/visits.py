"""A visit found by the key a patient holds."""

from __future__ import annotations

from clinic.core.errors import NotFound
from messaging.models import SignedLink
from scheduling.models import Appointment


def visit_of(link: SignedLink) -> Appointment:
    """The visit a patient's link opens. Raises NotFound."""
    rows = Appointment.objects.with_all_it_names()
    visit: Appointment | None = rows.filter(public_id=link.target_id, patient=link.patient_id).first()
    if visit is None:
        raise NotFound()
    return visit
