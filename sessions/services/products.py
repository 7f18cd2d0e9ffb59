"""A product used although something on record speaks against it: only with a written reason."""

from __future__ import annotations

from django.db import transaction

from clinic.core.errors import Invalid
from patients.identity import clean_text
from sessions.access import lock_draft, note_act
from sessions.errors import LeadDecides
from sessions.models import ProductReason, TreatmentSession
from sessions.products import product_warning
from staff.models import User

REASON_LENGTH = 300


@transaction.atomic
def explain_product(*, session: TreatmentSession, reason: str, by: User) -> ProductReason:
    """Keep why the note's product is used despite an allergy or a flag; another product needs another reason. What a
    clearance excludes only the clinical lead excuses. Raises Invalid, LeadDecides."""
    locked = lock_draft(session, by=by)
    try:
        text = clean_text(reason, longest=REASON_LENGTH, is_required=True)
    except ValueError as problem:
        raise Invalid(fields={"reason": str(problem)}) from None
    warning = product_warning(locked)
    if warning is None:
        raise Invalid(fields={"reason": "Nothing on record speaks against this product."})
    if warning.lead_decides and not by.is_clinical_lead:
        raise LeadDecides(reasons=warning.objections, rule_ids=warning.rule_ids)
    allergy_ids = [one.public_id for one in warning.allergies]
    known = {"product": locked.lubricant, "reason": text, "rule_ids": warning.rule_ids, "allergy_ids": allergy_ids}
    row, _ = ProductReason.objects.update_or_create(session=locked, defaults=known)
    answered = {"rule_ids": warning.rule_ids, "allergy_ids": [str(one) for one in allergy_ids]}
    note_act(action="product.explained", subject=row, session=locked, by=by, **answered)
    return row
