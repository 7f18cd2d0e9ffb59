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
from screening.errors import (
    AbsoluteNotClearable,
    FlagAlreadyClosed,
    FlagNoLongerStands,
    FlagNotCleared,
    NotToAcknowledge,
)
from screening.evaluations import stand_again
from screening.models import Clearance, Flag, FlagStatus, Severity
from screening.settling import asked_about, settle_requests
from screening.terms import NO_TERMS, Terms

# clinical.md §2.7: a clearance holds 6 months or as written. Defaults that need clinical review.
CLEARANCE_HOLDS_FOR = timedelta(days=183)
LONGEST_CLEARANCE = timedelta(days=366)
LONGEST_REASON = 1000
LONGEST_ISSUER = 120
LONGEST_ACKNOWLEDGEMENT = 300


@transaction.atomic
def clear_flag(
    *,
    flag: Flag,
    reason: str,
    by: Any,
    clearance_from: str = "",
    cleared_until: datetime | None = None,
    terms: Terms = NO_TERMS,
) -> Flag:
    """Lift a standing flag for a reason; what needs a clearance says whose, until when and within which limits. One of
    two wins. The clearance is kept as a record of its own; it answers the letter that asked for it."""
    _check_deciding(flag, by)
    reason, clearance_from = reason.strip(), clearance_from.strip()
    until = _valid_until(flag, cleared_until)
    _check_words(flag, reason, clearance_from, until, terms)
    locked = _lock_standing(flag)
    if locked.status != FlagStatus.OPEN:
        raise FlagAlreadyClosed(flag_id=str(flag.public_id))
    clearance = None
    if clearance_from:
        clearance = Clearance.objects.create(
            patient=locked.patient,
            rule_ids=[locked.rule_id],
            issuer_name=clearance_from,
            decision=terms.decision,
            answered_at=Now(),
            entered_by=by,
            reason=reason,
            valid_until=until,
            **terms.columns,
            **asked_about(locked),
        )
    lift(flag=locked, reason=reason, clearance=clearance, clearance_from=clearance_from, until=until, by=by)
    settle_requests(locked.patient, by=by, is_answer=True)
    return locked


def lift(
    *, flag: Flag, reason: str, clearance: Clearance | None, clearance_from: str, until: datetime | None, by: Any
) -> Flag:
    """Mark a locked, open flag as cleared, with its audit row. Whether it may be was asked before."""
    Flag.objects.filter(pk=flag.pk).update(
        status=FlagStatus.CLEARED,
        closed_at=Now(),
        closed_by=by,
        reason=reason,
        clearance=clearance,
        clearance_from=clearance_from,
        cleared_until=until,
        updated_at=Now(),
    )
    flag.refresh_from_db()
    facts = {
        "rule_id": flag.rule_id,
        "severity": flag.severity,
        "has_clearance": clearance is not None,
        "has_limits": clearance is not None and clearance.has_limits,
        "cleared_until": until.isoformat() if until else None,
    }
    record(actor=by, action="flag.cleared", subject=flag, patient=flag.patient, facts=facts)
    return flag


@transaction.atomic
def reopen_flag(*, flag: Flag, by: Any) -> Flag:
    """Take a clearance back: the same flag stands again as a new row, and the old one stays as history."""
    _require_deciding(flag, by)
    locked = Flag.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=flag.pk)
    if locked.status != FlagStatus.CLEARED:
        raise FlagNotCleared(flag_id=str(flag.public_id))
    again = stand_again(locked)
    record(actor=by, action="flag.reopened", subject=again, patient=locked.patient, facts={"rule_id": locked.rule_id})
    return again


@transaction.atomic
def acknowledge_flag(*, flag: Flag, by: Any, note: str = "") -> Flag:
    """A therapist has read a flag that warns and will keep to it; `note` says what is done differently. It stands, and
    counts, as before. The first who acknowledges is kept. Raises NotToAcknowledge, FlagNoLongerStands, Invalid."""
    _require_deciding(flag, by)
    note = note.strip()
    if len(note) > LONGEST_ACKNOWLEDGEMENT or "\x00" in note:
        raise Invalid(fields={"note": f"At most {LONGEST_ACKNOWLEDGEMENT} characters."})
    if flag.is_blocking:
        raise NotToAcknowledge(flag_id=str(flag.public_id))
    standing = Flag.objects.standing().filter(pk=flag.pk)
    read = standing.filter(acknowledged_at=None).update(
        acknowledged_at=Now(), acknowledged_by=by, acknowledged_note=note, updated_at=Now()
    )
    if not read and not standing.exists():
        raise FlagNoLongerStands(flag_id=str(flag.public_id))
    flag.refresh_from_db()
    if read:
        record(
            actor=by, action="flag.acknowledged", subject=flag, patient=flag.patient, facts={"rule_id": flag.rule_id}
        )
    return flag


def _check_deciding(flag: Flag, by: Any) -> None:
    """Whether this member may lift this flag at all."""
    _require_deciding(flag, by)
    if flag.severity == Severity.ABSOLUTE and not by.is_clinical_lead:
        raise AbsoluteNotClearable(flag_id=str(flag.public_id), rule_id=flag.rule_id)


def _require_deciding(flag: Flag, by: Any) -> None:
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=flag.patient_id).exists():
        raise NotFound()


def _valid_until(flag: Flag, asked: datetime | None) -> datetime | None:
    if asked is None and flag.severity == Severity.ABSOLUTE:
        return timezone.now() + CLEARANCE_HOLDS_FOR
    return asked


def _check_words(flag: Flag, reason: str, clearance_from: str, until: datetime | None, terms: Terms) -> None:
    """Refuse a clearing that does not say enough."""
    problems = terms.problems()
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
    return stand_again(locked) if locked.status == FlagStatus.CLEARED and ran_out else locked
