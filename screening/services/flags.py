"""Deciding about a flag: clear it with a reason, open it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from screening.errors import AbsoluteNotClearable, FlagAlreadyClosed, FlagNotCleared
from screening.models import Flag, FlagStatus, Severity

# clinical.md §2.7: a clearance holds 6 months or as written. Defaults that need clinical review.
CLEARANCE_HOLDS_FOR = timedelta(days=183)
LONGEST_CLEARANCE = timedelta(days=366)
LONGEST_REASON = 1000
LONGEST_ISSUER = 120
_COPIED = (
    "patient",
    "evaluation",
    "rule_id",
    "rule_version",
    "severity",
    "urgency",
    "title",
    "action",
    "regions",
    "techniques",
    "evidence",
    "expires_at",
)


@transaction.atomic
def clear_flag(
    *, flag: Flag, reason: str, by: Any, clearance_from: str = "", cleared_until: datetime | None = None
) -> Flag:
    """Lift a standing flag for a reason; what needs a clearance says whose and until when. One of two wins."""
    _require_deciding(flag, by)
    if flag.severity == Severity.ABSOLUTE and not by.is_clinical_lead:
        raise AbsoluteNotClearable(flag_id=str(flag.public_id), rule_id=flag.rule_id)
    reason, clearance_from = reason.strip(), clearance_from.strip()
    until = _valid_until(flag, cleared_until)
    _check_words(flag, reason, clearance_from, until)
    locked = _lock_standing(flag)
    changed = Flag.objects.filter(pk=locked.pk, status=FlagStatus.OPEN).update(
        status=FlagStatus.CLEARED,
        closed_at=Now(),
        closed_by=by,
        reason=reason,
        clearance_from=clearance_from,
        cleared_until=until,
        updated_at=Now(),
    )
    if changed == 0:
        raise FlagAlreadyClosed(flag_id=str(flag.public_id))
    locked.refresh_from_db()
    facts = {
        "rule_id": locked.rule_id,
        "severity": locked.severity,
        "has_clearance": bool(clearance_from),
        "cleared_until": until.isoformat() if until else None,
    }
    record(actor=by, action="flag.cleared", subject=locked, patient=locked.patient, facts=facts)
    return locked


@transaction.atomic
def reopen_flag(*, flag: Flag, by: Any) -> Flag:
    """Take a clearance back: the same flag stands again as a new row, and the old one stays as history."""
    _require_deciding(flag, by)
    locked = Flag.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=flag.pk)
    if locked.status != FlagStatus.CLEARED:
        raise FlagNotCleared(flag_id=str(flag.public_id))
    again = _again(locked)
    record(actor=by, action="flag.reopened", subject=again, patient=locked.patient, facts={"rule_id": locked.rule_id})
    return again


def _require_deciding(flag: Flag, by: Any) -> None:
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=flag.patient_id).exists():
        raise NotFound()


def _valid_until(flag: Flag, asked: datetime | None) -> datetime | None:
    if asked is None and flag.severity == Severity.ABSOLUTE:
        return timezone.now() + CLEARANCE_HOLDS_FOR
    return asked


def _check_words(flag: Flag, reason: str, clearance_from: str, until: datetime | None) -> None:
    """Refuse a clearing that does not say enough."""
    problems = {}
    if not 0 < len(reason) <= LONGEST_REASON or "\x00" in reason:
        problems["reason"] = f"Say why, in at most {LONGEST_REASON} characters."
    needs_clearance = flag.severity in {Severity.RELATIVE, Severity.ABSOLUTE}
    if len(clearance_from) > LONGEST_ISSUER or "\x00" in clearance_from or (needs_clearance and not clearance_from):
        problems["clearance_from"] = f"Say who gave the clearance, in at most {LONGEST_ISSUER} characters."
    if flag.severity == Severity.RELATIVE and until is None:
        problems["cleared_until"] = "Say until when the clearance holds."
    now = timezone.now()
    if until is not None and not now < until <= now + LONGEST_CLEARANCE:
        problems["cleared_until"] = "Choose a day after today and within a year."
    if problems:
        raise Invalid(fields=problems)


def _lock_standing(flag: Flag) -> Flag:
    """The open row to decide about. One whose clearance has run out stands again as a new row first."""
    locked: Flag = Flag.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=flag.pk)
    ran_out = locked.cleared_until is not None and locked.cleared_until <= timezone.now()
    return _again(locked) if locked.status == FlagStatus.CLEARED and ran_out else locked


def _again(flag: Flag) -> Flag:
    Flag.objects.filter(pk=flag.pk).update(status=FlagStatus.REPLACED, updated_at=Now())
    return Flag.objects.create(**{name: getattr(flag, name) for name in _COPIED})
