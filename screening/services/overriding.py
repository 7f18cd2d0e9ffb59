"""The clinical lead lets one visit pass the gate."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from screening.errors import ChangesFirst, EmergencyStands, NothingToOverride
from screening.models import GateOverride
from screening.services.gates import Verdict

LONGEST_REASON = 500


def may_override(*, by: Any) -> bool:
    """The clinical lead, who is a therapist."""
    return bool(getattr(by, "writes_clinical", False) and by.is_clinical_lead)


@transaction.atomic
def override_gate(*, patient: Patient, visit_id: UUID, verdict: Verdict, reason: str, by: Any) -> GateOverride:
    """Let this visit pass what blocks it now, for a reason. A rule that fires later, or more gravely, blocks it again;
    an emergency is never let pass. Raises NotAllowed, NotFound, Invalid, EmergencyStands, ChangesFirst and
    NothingToOverride."""
    if not may_override(by=by):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON or "\x00" in reason:
        raise Invalid(fields={"screening_reason": f"Say why, in at most {LONGEST_REASON} characters."})
    if "emergency_flag" in verdict.reasons:
        raise EmergencyStands()
    if "changes_not_looked_at" in verdict.reasons:
        raise ChangesFirst()
    if verdict.level != "block":
        raise NothingToOverride()
    row = GateOverride.objects.create(
        patient=patient,
        visit_id=visit_id,
        rule_ids=list(verdict.blocking),
        reasons=list(verdict.reasons),
        reason=reason,
        by=by,
    )
    facts = {"visit_id": str(visit_id), "rule_ids": row.rule_ids, "reasons": row.reasons}
    record(actor=by, action="gate.overridden", subject=row, patient=patient, facts=facts)
    return row
