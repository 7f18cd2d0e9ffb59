"""Screening a patient: by intake, on request, after an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from clinic.core.errors import NotAllowed, NotFound
from clinic.models import Location
from messaging.links import mark_used
from messaging.models import SignedLink
from messaging.services import issue_link, queue_message, supersede
from patients.models import ConsentKind, Patient
from patients.services import record_consent
from questionnaires.models import QuestionnaireResponse
from questionnaires.services import save_answers, start_response, submit_response
from screening import evaluations
from screening.changes import CHANGES
from screening.engine import Finding
from screening.models import Cause, Evaluation, Flag
from screening.outdated import ANEW, anew_after
from screening.services.changes import submit_change_check

# How long a patient has to fill in the intake.
LINK_HOLDS_FOR = timedelta(days=14)
_CONSENTS = {
    "consent-treatment": ConsentKind.TREATMENT,
    "consent-email": ConsentKind.EMAIL,
    "consent-surveys": ConsentKind.SURVEYS,
}


@dataclass(frozen=True)
class ScreenedMany:
    """What a run over many patients did."""

    evaluated: int
    flagged: int


@transaction.atomic
def request_intake(*, patient: Patient, by: Any) -> SignedLink:
    """Ask the patient to fill in the intake. Links and unsent requests from before are withdrawn."""
    home = patient.locations.order_by("name", "pk").first()
    context = {"location_name": home.name} if home else {}
    return _send_link(patient, "intake_request", context, timezone.now() + LINK_HOLDS_FOR, location=home, by=by)


@transaction.atomic
def request_screening_anew(
    *,
    patient: Patient,
    outdated_id: UUID,
    visit_at: datetime,
    context: Mapping[str, Any],
    by: Actor,
    location: Location | None = None,
) -> SignedLink:
    """Ask a patient whose answers will be too old at a visit to give them anew, by a link that holds until then at
    least. `outdated_id` names those answers; the message's key says whose place it takes."""
    expires_at = max(timezone.now() + LINK_HOLDS_FOR, visit_at)
    offset = anew_after(outdated_id)
    return _send_link(patient, ANEW, context, expires_at, location=location, offset=offset, by=by)


def _send_link(
    patient: Patient,
    template: str,
    context: Mapping[str, Any],
    expires_at: datetime,
    *,
    location: Location | None,
    by: Any,
    offset: str = "",
) -> SignedLink:
    response = start_response(patient=patient, by=by)
    subject = supersede(key=f"intake:{response.public_id}")
    link = issue_link(
        patient=patient, purpose="intake", target_id=response.public_id, expires_at=expires_at, subject=subject, by=by
    )
    queue_message(
        patient=patient,
        subject=subject,
        template=template,
        context=dict(context),
        expires_at=expires_at,
        link=link,
        location=location,
        offset=offset,
        by=by,
    )
    return link


@transaction.atomic
def save_intake_page(
    *, response: QuestionnaireResponse, answers: Mapping[str, Any], by: Actor, language: str = ""
) -> tuple[Finding, ...]:
    """Keep a page of answers. A warning sign is flagged at once, even if the rest is never filled in."""
    saved = save_answers(response=response, answers=answers, by=by, language=language)
    warnings = evaluations.urgent_findings(saved)
    known = set(Flag.objects.filter(patient=saved.patient, status="open").values_list("rule_id", "severity", "urgency"))
    if any((one.rule_id, one.severity, one.urgency) not in known for one in warnings):
        evaluations.run(saved.patient, cause=Cause.WARNING_SIGN, by=by, response=saved)
    return warnings


def submit_answers(*, response: QuestionnaireResponse, by: Actor) -> None:
    """Send in whatever form a patient's link opened."""
    if response.questionnaire.key == CHANGES:
        submit_change_check(response=response, by=by)
    else:
        submit_intake(response=response, by=by)


@transaction.atomic
def submit_intake(*, response: QuestionnaireResponse, by: Actor, at: datetime | None = None) -> Evaluation:
    """Freeze the answers, keep the consents in them, use up the link and run the rules. Once."""
    submitted = submit_response(response=response, by=by, at=at)
    for link_id, kind in _CONSENTS.items():
        answer = submitted.answers.get(link_id)
        if answer is not None:
            record_consent(
                patient=submitted.patient, kind=kind, is_given=answer == "yes", by=by, source="intake", at=at
            )
    if isinstance(by, SignedLink):
        mark_used(link=by)
    return _kept(evaluations.run(submitted.patient, cause=Cause.INTAKE, by=by, response=submitted, at=at))


@transaction.atomic
def screen(
    *,
    patient: Patient,
    by: Any,
    cause: str = Cause.REQUESTED,
    response: QuestionnaireResponse | None = None,
    at: datetime | None = None,
) -> Evaluation:
    """Run the rules over everything known now. A run that would repeat the last one answers with the last one."""
    if by.actor_kind == "link":
        raise NotAllowed()
    if by.actor_kind == "user":
        if not by.writes_clinical:
            raise NotAllowed()
        if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
            raise NotFound()
    made = evaluations.run(patient, cause=Cause(cause), by=by, response=response, at=at)
    return made or _kept(Evaluation.objects.whole().filter(patient=patient).newest_first().first())


def screen_many(*, patients: Iterable[Patient], by: Any, cause: str = Cause.IMPORTED) -> ScreenedMany:
    """Screen each living patient in a transaction of its own, such as after an import."""
    evaluated = flagged = 0
    for patient in patients:
        if patient.died_on is None:
            evaluation = screen(patient=patient, by=by, cause=cause)
            evaluated += 1
            flagged += bool(evaluation.fired)
    return ScreenedMany(evaluated=evaluated, flagged=flagged)


def _kept(evaluation: Evaluation | None) -> Evaluation:
    if evaluation is None:  # only a run for a changed record may find nothing new
        raise NotFound()
    return evaluation
