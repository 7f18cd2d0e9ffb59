"""What was done in a session, and that screening allows it there. Only while the note is a draft."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from screening.treatment import EXCUSED_BY_THERAPIST, NEVER_EXCUSED
from sessions import catalogue
from sessions.access import lock_draft, note_act
from sessions.consents import require_consent
from sessions.errors import LeadDecides, TreatmentBarred
from sessions.models import BodySide, TechniqueUse, TreatmentSession
from sessions.treatments import pass_screening, treatment_of
from staff.models import User

DESPITE_LENGTH = 300


@transaction.atomic
def record_technique(
    *,
    session: TreatmentSession,
    technique: str,
    region: str,
    side: str,
    minutes: int,
    by: User,
    pressure: int | None = None,
    despite_reason: str = "",
) -> TechniqueUse:
    """Record minutes of a technique on a region, if screening allows it there. The same technique twice is two entries.

    Where a flag keeps hands away, or deep pressure meets an endangerment area, `despite_reason` says why it is done
    nevertheless; what a clearance excludes only the clinical lead excuses so. Raises Invalid, ScreeningBlocks,
    TreatmentBarred, LeadDecides.
    """
    locked = lock_draft(session, by=by)
    reason = despite_reason.strip()
    _check(technique=technique, region=region, side=side, minutes=minutes, pressure=pressure, reason=reason)
    require_consent(locked, region)
    row = TechniqueUse(
        session=locked, technique=technique, region=region, side=side, minutes=minutes, pressure=pressure
    )
    excused = _answered(row, reason, by=by)
    if excused:
        row.despite_reason, row.despite_rules = reason, excused
    row.save(force_insert=True)
    facts = {"despite_rules": excused} if excused else {}
    note_act(action="technique.recorded", subject=row, session=locked, by=by, **facts)
    return row


@transaction.atomic
def remove_technique(*, technique_use: TechniqueUse, by: User) -> None:
    """Take back an entry."""
    locked = lock_draft(technique_use.session, by=by)
    locked.carried.filter(technique_use=technique_use.pk).delete()
    if not TechniqueUse.objects.filter(pk=technique_use.pk).delete()[0]:
        raise NotFound()
    note_act(action="technique.removed", subject=technique_use, session=locked, by=by)


def _answered(row: TechniqueUse, reason: str, *, by: User) -> list[str]:
    """The rules that speak against the technique and are answered by the reason."""
    treatment = treatment_of(row)
    try:
        pass_screening(row.session, [treatment] if treatment else [], by=by)
    except TreatmentBarred as barred:
        if not reason or NEVER_EXCUSED & set(barred.facts["reasons"]):
            raise
        if not by.is_clinical_lead and not set(barred.facts["reasons"]) <= EXCUSED_BY_THERAPIST:
            raise LeadDecides(**barred.facts) from None
        return list(barred.facts["rule_ids"])
    return []


def _check(*, technique: str, region: str, side: str, minutes: int, pressure: int | None, reason: str) -> None:
    wrong = {}
    if technique not in catalogue.techniques():
        wrong["technique"] = "Choose a technique of the list."
    if region not in catalogue.regions():
        wrong["region"] = "Choose a region of the list."
    if side not in BodySide.values:
        wrong["side"] = "Choose left, right or midline."
    if not _is_between(minutes, 1, 180):
        wrong["minutes"] = "1 to 180 minutes."
    if pressure is not None and not _is_between(pressure, 1, 5):
        wrong["pressure"] = "1 to 5."
    if len(reason) > DESPITE_LENGTH or "\x00" in reason:
        wrong["despite_reason"] = f"At most {DESPITE_LENGTH} characters."
    if wrong:
        raise Invalid(fields=wrong)


def _is_between(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
