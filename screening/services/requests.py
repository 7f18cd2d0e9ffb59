"""Asking a clinician for a clearance: the letter, its withdrawal, and an answer that grants nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Service
from patients.models import Patient
from screening.errors import RequestClosed
from screening.evaluations import latest_intake
from screening.letters import text_of
from screening.models import Clearance, ClearanceDecision, ClearanceRequest, Flag, FlagStatus, RequestState, Urgency
from screening.regions import KINDS, REGIONS
from screening.services.flags import LONGEST_ISSUER, LONGEST_REASON
from screening.settling import answer_to, close

LONGEST_ADDRESSEE = 300
MOST_ADDRESSEE_LINES = 6
LONGEST_REMARK = 500
REFUSING = (ClearanceDecision.DECLINED, ClearanceDecision.NEED_MORE)


@transaction.atomic
def request_clearance(
    *,
    patient: Patient,
    flags: Collection[Flag],
    addressee: str,
    service: Service,
    by: Any,
    kinds: Collection[str] = (),
    regions: Collection[str] = (),
    remark: str = "",
) -> ClearanceRequest:
    """Write a letter about standing flags and keep it as it is. The same letter asked for twice is one letter.
    Raises NotAllowed, NotFound, Invalid."""
    _require_therapist(patient, by)
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    wanted = _lock_standing(locked, flags)
    addressee, remark = _lines(addressee), remark.strip()
    _check(wanted, flags, {"addressee": addressee, "remark": remark, "kinds": kinds, "regions": regions})
    request = ClearanceRequest(
        patient=locked,
        addressee=addressee,
        service=service,
        kinds=list(dict.fromkeys(kinds)),
        regions=list(dict.fromkeys(regions)),
        remark=remark,
        asked_by=by,
        created_at=timezone.now(),
    )
    known = _same(request, wanted)
    if known is not None:
        return known
    request.letter = text_of(request, wanted, latest_intake(locked))
    request.save()
    request.flags.set(wanted)
    facts = {"rule_ids": [flag.rule_id for flag in wanted]}
    record(actor=by, action="clearance_request.made", subject=request, patient=locked, facts=facts)
    return request


@transaction.atomic
def withdraw_clearance_request(*, request: ClearanceRequest, by: Any) -> ClearanceRequest:
    """Wait for this answer no longer. Raises RequestClosed for one that is closed."""
    locked = _lock_open(request, by)
    close(locked, RequestState.WITHDRAWN, by=by)
    locked.refresh_from_db()
    return locked


@transaction.atomic
def record_refusal(
    *, request: ClearanceRequest, decision: str, issuer_name: str, reason: str, by: Any, issuer_role: str = ""
) -> Clearance:
    """The clinician declines or wants to know more: kept as a record, the letter is answered, the flags stand.
    What grants something is entered by clearing the flags. Raises RequestClosed, Invalid."""
    issuer_name, issuer_role, reason = issuer_name.strip(), issuer_role.strip(), reason.strip()
    locked = _lock_open(request, by)
    problems = {}
    if decision not in REFUSING:
        problems["decision"] = "Choose one of: " + ", ".join(REFUSING) + ". What grants something clears the flags."
    if not _fits(issuer_name, LONGEST_ISSUER):
        problems["issuer_name"] = f"Say who answered, in at most {LONGEST_ISSUER} characters."
    if issuer_role and not _fits(issuer_role, LONGEST_ISSUER):
        problems["issuer_role"] = f"At most {LONGEST_ISSUER} characters."
    if not _fits(reason, LONGEST_REASON):
        problems["reason"] = f"Say what was answered, in at most {LONGEST_REASON} characters."
    if problems:
        raise Invalid(fields=problems)
    answer = Clearance.objects.create(
        patient=locked.patient,
        rule_ids=sorted(locked.flags.values_list("rule_id", flat=True)),
        issuer_name=issuer_name,
        issuer_role=issuer_role,
        decision=decision,
        answered_at=Now(),
        entered_by=by,
        reason=reason,
        **answer_to(locked),
    )
    close(locked, RequestState.ANSWERED, by=by)
    answer.refresh_from_db()
    return answer


def _require_therapist(patient: Patient, by: Any) -> None:
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()


def _lock_open(request: ClearanceRequest, by: Any) -> ClearanceRequest:
    _require_therapist(request.patient, by)
    rows = ClearanceRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("patient", "asked_by")
    locked: ClearanceRequest = rows.get(pk=request.pk)
    if not locked.is_open:
        raise RequestClosed(request_id=str(request.public_id))
    return locked


def _lock_standing(patient: Patient, flags: Collection[Flag]) -> list[Flag]:
    """Those of the flags that stand now, gravest first; nobody clears one of them meanwhile."""
    asked = Flag.objects.filter(pk__in=[flag.pk for flag in flags], patient=patient)
    held = [flag.pk for flag in asked.select_for_update(no_key=True).order_by("pk")]
    return list(asked.standing().filter(pk__in=held).gravest_first())


def _same(request: ClearanceRequest, flags: list[Flag]) -> ClearanceRequest | None:
    """An open letter that says the same."""
    alike = ("patient", "addressee", "service", "kinds", "regions", "remark", "asked_by")
    asked = ClearanceRequest.objects.open().filter(**{name: getattr(request, name) for name in alike})
    keys = {flag.pk for flag in flags}
    return next((row for row in asked.order_by("-id") if set(row.flags.values_list("pk", flat=True)) == keys), None)


def _check(wanted: list[Flag], flags: Collection[Flag], entries: dict[str, Any]) -> None:
    problems = {}
    if not wanted or len(wanted) != len({flag.pk for flag in flags}):
        problems["flags"] = "Choose flags that stand now."
    elif any(flag.urgency == Urgency.EMERGENCY and _is_uncalled(flag) for flag in wanted):
        problems["flags"] = "An emergency is not a question for a letter: call the patient first."
    lines = entries["addressee"].splitlines()
    if not _fits(entries["addressee"], LONGEST_ADDRESSEE) or len(lines) > MOST_ADDRESSEE_LINES:
        problems["addressee"] = f"Say to whom, in at most {MOST_ADDRESSEE_LINES} lines."
    if len(entries["remark"]) > LONGEST_REMARK or "\x00" in entries["remark"]:
        problems["remark"] = f"At most {LONGEST_REMARK} characters."
    for name, known in (("kinds", KINDS), ("regions", REGIONS)):
        if not set(entries[name]) <= set(known):
            problems[name] = "Choose from the list."
    if problems:
        raise Invalid(fields=problems)


def _is_uncalled(flag: Flag) -> bool:
    return flag.status == FlagStatus.OPEN and flag.handled_at is None


def _lines(text: str) -> str:
    """As an address is written: no empty lines, no spaces around."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _fits(text: str, most: int) -> bool:
    return 0 < len(text) <= most and "\x00" not in text
