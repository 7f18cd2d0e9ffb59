"""Finding the patients whose record changed since they were screened. The floor below only changes rows."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from audit.actors import SYSTEM
from patients.models import Allergy, Condition, Medicine, Patient
from screening import evaluations
from screening.models import Cause, Evaluation
from screening.rulebook import rulebook

# A change committed late carries an older time: look back a little. Unchanged facts are not kept twice.
_LOOK_BACK = timedelta(minutes=10)
_AT_A_TIME = 200
_LOOKED_AT = (Medicine, Condition, Allergy)


def changed_patients() -> QuerySet[Patient]:
    """Living patients with a medicine, condition or allergy newer than their last run, or a run by older rules."""
    last = Evaluation.objects.whole().filter(patient=OuterRef("pk")).newest_first()
    is_due = Q(last_at__isnull=False) & ~Q(last_version=rulebook().version)
    for model in _LOOKED_AT:
        rows = model._default_manager.filter(patient=OuterRef("pk"))
        is_due |= Q(last_at=None) & Q(Exists(rows))
        is_due |= Q(Exists(rows.filter(updated_at__gt=OuterRef("looked_until"))))
    return (
        Patient.objects.filter(died_on=None)
        .annotate(
            last_at=Subquery(last.values("evaluated_at")[:1]),
            last_version=Subquery(last.values("rule_set_version")[:1]),
            looked_until=F("last_at") - _LOOK_BACK,
        )
        .filter(is_due)
        .order_by(F("last_at").asc(nulls_first=True), "pk")
    )


def screen_changed(*, at_most: int = _AT_A_TIME) -> int:
    """Screen who changed, some at a time; safe to run as often as you like. How many got a new evaluation."""
    made = 0
    for patient in changed_patients().iterator(chunk_size=_AT_A_TIME):
        made += evaluations.run(patient, cause=Cause.RECORD_CHANGED, by=SYSTEM) is not None
        if made >= at_most:
            break
    return made
