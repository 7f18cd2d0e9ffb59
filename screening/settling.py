"""Bringing requests for clearance in line with what became of the flags they ask about."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from audit.actors import Actor
from audit.services import record
from patients.models import Patient
from screening.letters import questions_of
from screening.models import ClearanceRequest, Flag, RequestState


def asked_about(flag: Flag) -> dict[str, Any]:
    """What a clearance of this flag says about the newest letter that asked for it; nothing if none did."""
    asked = ClearanceRequest.objects.open().filter(patient=flag.patient, flags__rule_id=flag.rule_id)
    request: ClearanceRequest | None = asked.order_by("-id").first()
    return answer_to(request) if request else {}


def answer_to(request: ClearanceRequest) -> dict[str, Any]:
    """The columns of a clearance that answers a letter."""
    return {
        "request": request,
        "requested_at": request.created_at,
        "requested_by": request.asked_by,
        "question": "\n".join(questions_of(request)),
    }


def settle_requests(patient: Patient, *, by: Actor, is_answer: bool) -> None:
    """Close the letters of which no flag stands any more: answered when a person decided, else without object.

    A letter about several flags waits for the last of them.
    """
    waiting = ClearanceRequest.objects.open().filter(patient=patient).select_for_update(no_key=True, of=("self",))
    requests = list(waiting.order_by("pk"))
    if not requests:
        return
    standing = set(Flag.objects.standing().filter(patient=patient).values_list("rule_id", flat=True))
    for request in requests:
        if standing.isdisjoint(request.flags.values_list("rule_id", flat=True)):
            is_answered = is_answer or request.clearances.exists()
            close(request, RequestState.ANSWERED if is_answered else RequestState.WITHDRAWN, by=by)


def close(request: ClearanceRequest, state: RequestState, *, by: Actor) -> None:
    """Nothing is waited for any more. The row is locked by the caller."""
    request.state = state
    person = by if by.actor_kind == "user" else None
    ClearanceRequest.objects.filter(pk=request.pk).update(
        state=state, closed_at=Now(), closed_by=person, updated_at=Now()
    )
    record(actor=by, action=f"clearance_request.{state}", subject=request, patient=request.patient)
