"""May this patient be treated? The answer for booking, checking in and signing; reads only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from audit.actors import Actor
from clinic.models import Service
from patients.models import ConsentKind, Patient, consent_given
from screening.changes import HOLDS_FOR, Known, known_of
from screening.models import ChangeCheck, Evaluation, Flag, GateOverride, Severity, Urgency
from screening.outdated import SCREENING_HOLDS_FOR
from screening.treatment import FlagView, Objection, Treatment, objections

_BLOCKING = {Severity.ABSOLUTE.value, Severity.RELATIVE.value}


@dataclass(frozen=True)
class Verdict:
    """Whether a session may be booked or held (`level`), and what speaks against treatments in it (`objections`).

    `reasons` are codes anybody may see; `rule_ids` are for therapists, and `blocking` those of them that block.
    `is_overridden`: the clinical lead let this visit pass what would have blocked it.
    """

    level: Literal["allow", "warn", "block"]
    reasons: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()
    is_overridden: bool = False
    blocking: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_blocked(self) -> bool:
        """Whether the session may not take place, or not with these treatments."""
        return self.level == "block" or bool(self.objections)


def gate(
    *,
    patient: Patient,
    service: Service,
    treatments: Collection[Treatment] = (),
    visit_id: UUID | None = None,
    is_held: bool = False,
    by: Actor | None = None,
    at: datetime | None = None,
) -> Verdict:
    """Allow, warn or block a session of this service, and the treatments in it, at an instant (now unless told).

    With a visit, what the clinical lead let pass for that visit blocks no more. A session that `is_held`, now or soon,
    needs the five questions about changes, too: answers nobody has looked at block it. Two queries; a third one where
    a visit is blocked, a fourth where that was let pass, one for a session that is held, and one for the consent to
    pelvic work.
    """
    instant = at or timezone.now()
    flags = Flag.objects.filter(patient=patient).counting(instant).order_by("rule_id")
    latest = Evaluation.objects.whole().filter(patient=patient).newest_first().first()
    if not treatments:
        known, raised = _Known(*_told_apart(flags.values_list(*_FLAG_COLUMNS)), latest), []
    else:
        rows = list(flags.select_related("clearance"))
        told = _told_apart((row.rule_id, row.severity, row.urgency, row.is_cleared) for row in rows)
        known, raised = _Known(*told, latest), _objections(patient, rows, treatments)
    verdict = _verdict(known, service, instant, _changes_before(visit_id, latest, instant) if is_held else None)
    if verdict.level == "block" and visit_id is not None:
        verdict = _let_pass(verdict, known, patient, visit_id)
    return replace(verdict, objections=tuple(raised)) if raised else verdict


def gates_of(
    *, wanted: Collection[tuple[Patient, Service]], at: datetime | None = None
) -> dict[tuple[int, int], Verdict]:
    """The gate's verdict for each patient and the service they want, at one instant, by the primary keys of both.
    Two queries, however many patients."""
    instant = at or timezone.now()
    patients = {patient.pk for patient, _ in wanted}
    flags: dict[int, list[Any]] = defaultdict(list)
    rows = Flag.objects.filter(patient_id__one_of=patients).counting(instant).order_by("rule_id")
    for patient_id, *row in rows.values_list("patient_id", *_FLAG_COLUMNS):
        flags[patient_id].append(row)
    newest = Evaluation.objects.whole().filter(patient_id__one_of=patients).order_by("patient_id", "-id")
    latest = {row.patient_id: row for row in newest.distinct("patient_id")}
    return {
        (patient.pk, service.pk): _verdict(
            _Known(*_told_apart(flags[patient.pk]), latest.get(patient.pk)), service, instant
        )
        for patient, service in wanted
    }


def gates_at(
    *, patient: Patient, service: Service, instants: Iterable[datetime], by: Actor | None = None
) -> dict[datetime, Verdict]:
    """The gate's verdict at each of several instants. It is asked once between two changes of what is known now,
    so the number of queries grows with the patient's flags, never with the number of instants."""
    changes = _changes(patient)
    verdicts: dict[int, Verdict] = {}
    answers: dict[datetime, Verdict] = {}
    for instant in sorted(set(instants)):
        stretch = bisect_right(changes, instant)
        if stretch not in verdicts:
            verdicts[stretch] = gate(patient=patient, service=service, by=by, at=instant)
        answers[instant] = verdicts[stretch]
    return answers


def _changes(patient: Patient) -> list[datetime]:
    """When the verdict could become another one by the passing of time alone."""
    times = Flag.objects.filter(patient=patient).values_list("expires_at", "cleared_until")
    changes = {instant for row in times for instant in row if instant is not None}
    latest = Evaluation.objects.whole().filter(patient=patient).newest_first().first()
    if latest is not None and latest.answered_at is not None:
        # At that very instant the screening still holds.
        changes.add(latest.answered_at + SCREENING_HOLDS_FOR + timedelta.resolution)
    return sorted(changes)


def _objections(patient: Patient, flags: Iterable[Flag], treatments: Collection[Treatment]) -> list[Objection]:
    is_agreed = any(one.is_pelvic for one in treatments) and consent_given(patient, ConsentKind.PELVIC)
    return objections(map(_view_of, flags), treatments, has_pelvic_consent=is_agreed)


_FLAG_COLUMNS = ("rule_id", "severity", "urgency", "is_cleared")


def _told_apart(rows: Iterable[Any]) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Flags that stand, and the rules of graver ones whose clearance holds."""
    standing, cleared = [], []
    for rule_id, severity, urgency, is_cleared in rows:
        if not is_cleared:
            standing.append((rule_id, severity, urgency))
        elif severity in _BLOCKING:
            cleared.append(rule_id)
    return standing, cleared


@dataclass(frozen=True)
class _Known:
    """What the gate decides from: flags that stand, rules whose flags are cleared, the newest screening."""

    standing: list[tuple[str, str, str]]
    cleared: list[str]
    latest: Evaluation | None


def _changes_before(visit_id: UUID | None, latest: Evaluation | None, instant: datetime) -> Known:
    """What is known of changes before a session. A whole intake sent just before it asks the same and more."""
    check = ChangeCheck.objects.filter(visit_id=visit_id).first() if visit_id else None
    known = known_of(check, at=instant)
    is_fresh = latest is not None and latest.answered_at is not None and latest.answered_at >= instant - HOLDS_FOR
    return Known.UNCHANGED if known is Known.MISSING and is_fresh else known


def _verdict(known: _Known, service: Service, instant: datetime, changes: Known | None = None) -> Verdict:
    blocks, warnings = _of_flags(known.standing)
    if known.cleared:
        warnings.append("cleared_with_limits")
    _of_screening(known.latest, service, instant, blocks, warnings)
    if changes is Known.CHANGED:
        blocks.append("changes_not_looked_at")
    elif changes is Known.MISSING:
        warnings.append("changes_not_asked")
    rule_ids = tuple(dict.fromkeys([row[0] for row in known.standing] + known.cleared))
    if blocks:
        reasons = tuple(dict.fromkeys(blocks + warnings))
        return Verdict("block", reasons, rule_ids, blocking=tuple(sorted(_blocking(known))))
    if warnings:
        return Verdict("warn", tuple(dict.fromkeys(warnings)), rule_ids)
    return Verdict("allow")


def _of_flags(standing: list[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
    blocks, warnings = [], []
    for _rule_id, severity, urgency in standing:
        if urgency == Urgency.EMERGENCY:
            blocks.append("emergency_flag")
        if severity in _BLOCKING:
            blocks.append(f"{severity}_flag")
        else:
            warnings.append(f"{severity}_flag")
    return blocks, warnings


def _of_screening(
    latest: Evaluation | None, service: Service, instant: datetime, blocks: list[str], warnings: list[str]
) -> None:
    if latest is None or not latest.is_complete:
        (warnings if service.for_unscreened_patients else blocks).append("not_screened")
    elif latest.answered_at is not None and latest.answered_at + SCREENING_HOLDS_FOR < instant:
        warnings.append("screening_out_of_date")


def _view_of(flag: Flag) -> FlagView:
    limits = flag.clearance
    return FlagView(
        rule_id=flag.rule_id,
        severity=flag.severity,
        is_cleared=flag.is_cleared,  # type: ignore[attr-defined]  # annotated by counting()
        regions=tuple(flag.regions),
        kinds=tuple(flag.techniques),
        allowed_regions=tuple(limits.allowed_regions) if limits else (),
        forbidden_regions=tuple(limits.forbidden_regions) if limits else (),
        forbidden_kinds=tuple(limits.forbidden_kinds) if limits else (),
        max_pressure=limits.max_pressure if limits else None,
    )


def _blocking(known: _Known) -> set[str]:
    return {rule_id for rule_id, severity, _urgency in known.standing if severity in _BLOCKING}


def _let_pass(verdict: Verdict, known: _Known, patient: Patient, visit_id: UUID) -> Verdict:
    """A blocked visit the clinical lead let pass, if all that blocks it was named then and is no graver now. Never an
    emergency."""
    if {"emergency_flag", "changes_not_looked_at"} & set(verdict.reasons):
        return verdict
    named: dict[str, datetime] = {}
    rows = GateOverride.objects.filter(patient=patient, visit_id=visit_id).order_by("id")
    for rule_ids, reasons, passed_at in rows.values_list("rule_ids", "reasons", "created_at"):
        named |= dict.fromkeys([*rule_ids, *({"not_screened"} & set(reasons))], passed_at)
    blocking = _blocking(known)
    is_named = blocking <= named.keys() and ("not_screened" not in verdict.reasons or "not_screened" in named)
    if not is_named or _is_any_graver(known, patient, {rule_id: named[rule_id] for rule_id in blocking}):
        return verdict
    return replace(verdict, level="warn", is_overridden=True)


def _is_any_graver(known: _Known, patient: Patient, passed_at: dict[str, datetime]) -> bool:
    """Whether a rule speaks more gravely than when the lead let it pass: then it is a new flag of the rule."""
    then: dict[str, int] = {}
    rows = Flag.objects.filter(patient=patient, rule_id__in=passed_at).order_by("id")
    for rule_id, severity, opened_at in rows.values_list("rule_id", "severity", "created_at"):
        if opened_at <= passed_at[rule_id]:
            then[rule_id] = Severity.values.index(severity)
    return any(
        rule_id not in then or Severity.values.index(severity) < then[rule_id]
        for rule_id, severity, _urgency in known.standing
        if rule_id in passed_at
    )
