"""Pain by region, before and after. Only while the note is a draft."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from sessions import catalogue
from sessions.access import lock_draft, note_act
from sessions.models import BodySide, PainKind, RegionalPain, TreatmentSession
from staff.models import User


@transaction.atomic
def record_regional_pain(
    *, session: TreatmentSession, region: str, side: str, kind: str, before: int, by: User, after: int | None = None
) -> RegionalPain:
    """Record how much a part of the body hurts; the same part, side and kind again corrects it."""
    locked = lock_draft(session, by=by)
    _check(region=region, side=side, kind=kind, before=before, after=after)
    row, is_new = RegionalPain.objects.update_or_create(
        session=locked, region=region, side=side, kind=kind, defaults={"before": before, "after": after}
    )
    action = "regional_pain.recorded" if is_new else "regional_pain.corrected"
    note_act(action=action, subject=row, session=locked, by=by)
    return row


@transaction.atomic
def remove_regional_pain(*, pain: RegionalPain, by: User) -> None:
    """Take back an entry."""
    locked = lock_draft(pain.session, by=by)
    if not RegionalPain.objects.filter(pk=pain.pk).delete()[0]:
        raise NotFound()
    note_act(action="regional_pain.removed", subject=pain, session=locked, by=by)


def _check(*, region: str, side: str, kind: str, before: int, after: int | None) -> None:
    wrong = {}
    if region not in catalogue.regions():
        wrong["region"] = "Choose a region of the list."
    if side not in BodySide.values:
        wrong["side"] = "Choose left, right or midline."
    if kind not in PainKind.values:
        wrong["kind"] = "Choose at rest, on movement or the worst since the last visit."
    if not _is_score(before):
        wrong["before"] = "A whole number from 0 to 10."
    if after is not None and not _is_score(after):
        wrong["after"] = "A whole number from 0 to 10."
    elif after is not None and kind == PainKind.WORST:
        wrong["after"] = "The worst pain since the last visit has no value after the treatment."
    if wrong:
        raise Invalid(fields=wrong)


def _is_score(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10
