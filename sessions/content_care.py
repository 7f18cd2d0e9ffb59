"""The part of what is signed that says how the patient was cared for beside the treatment itself."""

from __future__ import annotations

from typing import Any

from sessions.models import Chaperone, ProductReason, RegionConsent, TreatmentSession


def care_of(session: TreatmentSession) -> dict[str, Any]:
    """The product's reason, the chaperone and the consents of a session."""
    reason = ProductReason.objects.filter(session=session, product=session.lubricant).first()
    chaperone = Chaperone.objects.filter(session=session).first()
    consents = RegionConsent.objects.filter(session=session).order_by("region")
    return {
        "product_reason": _reason(reason) if reason else None,
        "chaperone": {"answer": chaperone.answer, "name": chaperone.name} if chaperone else None,
        "region_consents": [{"region": row.region, "answer": row.answer} for row in consents],
    }


def _reason(row: ProductReason) -> dict[str, Any]:
    allergy_ids = sorted(str(one) for one in row.allergy_ids)
    return {"product": row.product, "reason": row.reason, "rule_ids": row.rule_ids, "allergy_ids": allergy_ids}
