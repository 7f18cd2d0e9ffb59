"""Running the rules for a patient and keeping what they said: the work behind every cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from patients.models import Allergy, Condition, Medicine, Patient
from questionnaires.models import QuestionnaireResponse
from screening import at_visit, engine
from screening.engine import Finding
from screening.facts import AllergyFact, ConditionFact, Facts, MedicineFact
from screening.models import Cause, Clearance, Evaluation, Flag, FlagStatus, Severity, Urgency
from screening.rulebook import rulebook
from screening.settling import settle_requests

INTAKE = "intake"
_SAME_AGAIN = (
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


def gather(patient: Patient, response: QuestionnaireResponse | None, now: datetime) -> Facts:
    """Everything the rules may look at, as it stands now."""
    asked = _asked(response) if response else {}
    today = now.date()
    return Facts(
        today=today,
        now=now,
        age=patient.age_on(today),
        answers=asked.get("answers", {}),
        answered_on=response.submitted_at.date() if response and response.submitted_at else None,
        not_asked=asked.get("not_asked", frozenset()),
        medicines=tuple(
            MedicineFact(str(row.public_id), row.name, row.code_system, row.code, row.started_on, row.ended_on)
            for row in Medicine.objects.filter(patient=patient).order_by("pk")
        ),
        conditions=tuple(
            ConditionFact(str(row.public_id), row.kind, row.text, row.code, row.onset_on, row.ended_on)
            for row in Condition.objects.filter(patient=patient).order_by("pk")
        ),
        allergies=tuple(
            AllergyFact(str(row.public_id), row.category, row.substance)
            for row in Allergy.objects.filter(patient=patient).order_by("pk")
            if row.ended_on is None or row.ended_on > today
        ),
        at_visit=at_visit.answers_of(patient),
    )


def _asked(response: QuestionnaireResponse) -> dict[str, Any]:
    """The answers that were asked for, and the questions whose silence means nothing."""
    form = response.questionnaire.form()
    enabled = form.enabled(response.answers)
    return {
        "answers": {link_id: value for link_id, value in response.answers.items() if link_id in enabled},
        "not_asked": frozenset(
            item.link_id for item in form.questions() if item.link_id not in enabled or not item.is_required
        ),
    }


def latest_intake(patient: Patient) -> QuestionnaireResponse | None:
    """The newest intake the patient sent."""
    return QuestionnaireResponse.objects.filter(patient=patient).submitted(INTAKE).first()


def urgent_findings(response: QuestionnaireResponse) -> tuple[Finding, ...]:
    """Red flags in answers given so far. Reads only what the patient said."""
    today = timezone.now().date()
    facts = Facts(today=today, age=response.patient.age_on(today), answers=_asked(response)["answers"])
    return tuple(finding for finding in engine.evaluate(facts, rulebook()) if finding.is_urgent)


@transaction.atomic
def run(
    patient: Patient,
    *,
    cause: Cause,
    by: Actor,
    response: QuestionnaireResponse | None = None,
    at: datetime | None = None,
) -> Evaluation | None:
    """Run every rule, keep what they saw and said, and bring the flags in line.

    None: nothing has changed since the last run, so there is nothing new to keep.
    """
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    now = at or timezone.now()
    response = response or latest_intake(locked)
    facts, book = gather(locked, response, now), rulebook()
    inputs = {**facts.snapshot(), "unanswered": list(engine.unanswered(facts, book))}
    digest = _digest(inputs, book.version)
    if cause == Cause.RECORD_CHANGED and _last_digest(locked) == digest:
        return None
    findings = engine.evaluate(facts, book)
    answered_at = response.submitted_at if response else None
    evaluation = Evaluation.objects.create(
        patient=locked,
        response=response,
        cause=cause,
        rule_set_version=book.version,
        inputs=inputs,
        inputs_digest=digest,
        fired=[finding.snapshot() for finding in findings],
        is_complete=answered_at is not None and not inputs["unanswered"],
        answered_at=answered_at,
        evaluated_at=now,
        actor_kind=by.actor_kind,
        actor_id=by.public_id,
    )
    told = {"cause": str(cause), "rule_ids": [finding.rule_id for finding in findings]}
    record(actor=by, action="evaluation.made", subject=evaluation, patient=locked, facts=told)
    _settle(evaluation, findings, by=by, may_resolve=cause != Cause.WARNING_SIGN)
    return evaluation


def _digest(inputs: dict[str, Any], version: str) -> str:
    """What the run rested on. The calendar date is left out: it alone is no reason to run again."""
    stable = {name: value for name, value in inputs.items() if name != "today"}
    return hashlib.sha256(json.dumps([version, stable], sort_keys=True).encode()).hexdigest()


def _last_digest(patient: Patient) -> str | None:
    last: Evaluation | None = Evaluation.objects.whole().filter(patient=patient).newest_first().first()
    return last.inputs_digest if last else None


def _settle(evaluation: Evaluation, findings: Iterable[Finding], *, by: Actor, may_resolve: bool) -> None:
    """Open what newly fires, keep what still does, resolve what no longer does.

    An unfinished intake may only add: what it does not say yet says nothing.
    """
    flags = Flag.objects.select_for_update(no_key=True).filter(patient=evaluation.patient)
    current = flags.filter(status__in=[FlagStatus.OPEN, FlagStatus.CLEARED]).order_by("pk")
    by_rule: dict[str, list[Flag]] = {}
    for flag in current:
        by_rule.setdefault(flag.rule_id, []).append(flag)
    fired = {finding.rule_id: finding for finding in findings if may_resolve or finding.is_urgent}
    opened = [
        _raise(evaluation, finding, by_rule.get(rule_id, []), by=by, may_lower=may_resolve)
        for rule_id, finding in fired.items()
    ]
    if may_resolve:
        gone = [flag for rule_id, standing in by_rule.items() if rule_id not in fired for flag in standing]
        for flag in gone:
            _close(flag, FlagStatus.RESOLVED, "flag.resolved", evaluation, by=by)
        if gone:
            settle_requests(evaluation.patient, by=by, is_answer=False)
    if any(flag is not None and flag.is_blocking and flag.rule_id not in by_rule for flag in opened):
        withdraw_clearances(evaluation.patient, by=by)


def _raise(
    evaluation: Evaluation, finding: Finding, standing: list[Flag], *, by: Actor, may_lower: bool
) -> Flag | None:
    """One flag for the rule: the one that stands if it says the same (None), otherwise a new one in its place."""
    if any(_covers(flag, finding, may_lower=may_lower) for flag in standing):
        return None
    for flag in standing:
        _close(flag, FlagStatus.REPLACED, "flag.replaced", evaluation, by=by)
    flag = Flag.objects.create(
        patient=evaluation.patient,
        evaluation=evaluation,
        rule_id=finding.rule_id,
        rule_version=finding.rule_version,
        severity=finding.severity,
        urgency=finding.urgency,
        title=finding.title,
        action=finding.action,
        regions=list(finding.regions),
        techniques=list(finding.techniques),
        evidence=finding.evidence,
        expires_at=finding.expires_at,
    )
    record(actor=by, action="flag.opened", subject=flag, patient=evaluation.patient, facts=_facts(flag))
    return flag


def withdraw_clearances(patient: Patient, *, by: Actor) -> None:
    """A clearance speaks of what was known when it was given. Once something graver than a caution is new, it is asked
    again: the flags it lifted stand again (clinical.md §2.7)."""
    lifted = Flag.objects.cleared().filter(patient=patient, clearance__withdrawn_at=None).exclude(clearance=None)
    for flag in lifted.select_related("clearance", "patient"):
        again = stand_again(flag)
        record(actor=by, action="clearance.withdrawn", subject=again, patient=patient, facts=_facts(again))


def stand_again(flag: Flag) -> Flag:
    """The same flag as a new, open row. The old one stays as history, and its clearance holds no longer."""
    Flag.objects.filter(pk=flag.pk).update(status=FlagStatus.REPLACED, updated_at=Now())
    if flag.clearance is not None:
        Clearance.objects.filter(pk=flag.clearance.pk, withdrawn_at=None).update(withdrawn_at=Now(), updated_at=Now())
    return Flag.objects.create(**{name: getattr(flag, name) for name in _SAME_AGAIN})


def _covers(flag: Flag, finding: Finding, *, may_lower: bool) -> bool:
    """Whether a flag already says what the finding says.

    An open one must say the same. A cleared one covers it while the clearance holds, there is no new evidence
    and it is not graver than what was cleared; of a passing state it covers that one time, never the next.
    """
    is_graver = _gravity(finding) < _gravity(flag)
    said, says = _keys(flag.evidence), _keys(finding.evidence)
    if flag.status == FlagStatus.CLEARED:
        holds = flag.cleared_until is None or flag.cleared_until > timezone.now()
        return holds and not is_graver and says <= said and flag.expires_at == finding.expires_at
    if not may_lower and not is_graver:
        return True
    same = (flag.severity, flag.urgency, flag.rule_version, flag.regions, flag.expires_at)
    new = (finding.severity, finding.urgency, finding.rule_version, list(finding.regions), finding.expires_at)
    return same == new and says == said


def _gravity(said: Flag | Finding) -> tuple[int, int]:
    """Smaller is graver."""
    return Severity.values.index(said.severity), Urgency.values.index(said.urgency)


def _keys(evidence: list[dict[str, Any]]) -> set[str]:
    """Evidence as comparable words. An age that grows each year is the same evidence."""
    return {
        json.dumps(
            {name: value for name, value in one.items() if one["kind"] != "age" or name == "kind"}, sort_keys=True
        )
        for one in evidence
    }


def _close(flag: Flag, status: FlagStatus, action: str, evaluation: Evaluation, *, by: Actor) -> None:
    """Settle a flag; who cleared it and why stays on it."""
    changes: dict[str, Any] = {"status": status, "updated_at": Now()}
    if flag.status == FlagStatus.OPEN:
        changes["closed_at"] = evaluation.evaluated_at
    Flag.objects.filter(pk=flag.pk).update(**changes)
    record(actor=by, action=action, subject=flag, patient=evaluation.patient, facts=_facts(flag))


def _facts(flag: Flag) -> dict[str, Any]:
    return {
        "rule_id": flag.rule_id,
        "rule_version": flag.rule_version,
        "severity": str(flag.severity),
        "urgency": str(flag.urgency),
    }
