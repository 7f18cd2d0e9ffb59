"""A visit the screening blocks, let pass by the clinical lead."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from scheduling.models import Appointment
from scheduling.permission import may_handle
from screening import services as screening


@transaction.atomic
def let_visit_pass(*, appointment: Appointment, screening_reason: str, by: Actor) -> Appointment:
    """Let this visit take place although the screening blocks it now, for a reason. Any rule that fires later blocks it
    again. Raises NotAllowed, NotFound, Invalid, EmergencyStands, NothingToOverride."""
    may_handle(by=by, appointment=appointment)
    verdict = verdict_on(appointment=appointment)
    let_pass(appointment=appointment, verdict=verdict, reason=screening_reason, by=by)
    return appointment


def verdict_on(*, appointment: Appointment, is_held: bool = False) -> screening.Verdict:
    """What the gate says of a visit: at its time, or now if that is over. It `is_held` once the patient is here."""
    at = max(appointment.starts_at, timezone.now())
    return screening.gate(
        patient=appointment.patient, service=appointment.service, visit_id=appointment.public_id, is_held=is_held, at=at
    )


def let_pass(*, appointment: Appointment, verdict: screening.Verdict, reason: str, by: Actor) -> None:
    """Keep who let which rules pass for which visit, and why."""
    screening.override_gate(
        patient=appointment.patient, visit_id=appointment.public_id, verdict=verdict, reason=reason, by=by
    )
