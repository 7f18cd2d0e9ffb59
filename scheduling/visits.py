"""A visit or an offer found by the key a patient holds."""

from __future__ import annotations

from clinic.core.errors import NotFound
from messaging.models import SignedLink
from scheduling.models import Appointment, MoveRequest, Offer


def visit_of(link: SignedLink) -> Appointment:
    """The visit a patient's link opens. Raises NotFound."""
    rows = Appointment.objects.with_all_it_names()
    visit: Appointment | None = rows.filter(public_id=link.target_id, patient=link.patient_id).first()
    if visit is None:
        raise NotFound()
    return visit


def offer_of(link: SignedLink) -> Offer:
    """The offer a patient's link opens. Raises NotFound."""
    rows = Offer.objects.select_related("vacancy__location", "entry__patient", "entry__location", "entry__instead_of")
    offer: Offer | None = rows.filter(public_id=link.target_id, entry__patient=link.patient_id).first()
    if offer is None:
        raise NotFound()
    return offer


def wants_another_time(visit: Appointment) -> bool:
    """Whether the patient has asked for one and nobody has answered yet."""
    return MoveRequest.objects.open().filter(appointment=visit).exists()
