"""A session before the screening gate, with the treatments in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from screening.services import Verdict, gate
from screening.treatment import Objection, Treatment
from sessions import catalogue
from sessions.errors import ScreeningBlocks, TreatmentBarred
from sessions.models import ProductReason, TechniqueUse, TreatmentSession
from staff.models import User


def treatment_of(use: TechniqueUse) -> Treatment | None:
    """What the gate is asked about a technique. None: no hand is laid on."""
    technique = catalogue.techniques()[use.technique]
    if not technique.is_hands_on:
        return None
    return Treatment(
        region=use.region,
        kinds=technique.kinds,
        pressure=use.pressure,
        excused=frozenset(use.despite_rules),
        is_excused_by_lead=_is_excused_by_lead([use]),
    )


def treatments_of_point(*, muscle: str, technique: str, uses: Iterable[TechniqueUse]) -> list[Treatment]:
    """What the gate is asked about a technique on a point, in every region its muscle lies in.

    An entry among the techniques of that region has said how hard, and why nevertheless: the point need not say it too.
    """
    known = catalogue.techniques()[technique]
    if not known.is_hands_on:
        return []
    said = [use for use in uses if use.technique == technique]
    return [
        Treatment(
            region=region,
            kinds=known.kinds,
            pressure=max((use.pressure for use in there if use.pressure), default=None),
            excused=frozenset(rule for use in there for rule in use.despite_rules),
            is_excused_by_lead=_is_excused_by_lead(there),
        )
        for region in catalogue.muscles()[muscle].regions
        for there in [[use for use in said if use.region == region]]
    ]


def lubricant_in(session: TreatmentSession) -> Treatment | None:
    """The product the note names, with the rules a written reason answers while it is that product."""
    if not session.lubricant:
        return None
    reason = ProductReason.objects.filter(session=session, product=session.lubricant).first()
    answered = frozenset(reason.rule_ids) if reason else frozenset()
    return Treatment(
        region="",
        kinds=frozenset({"lubricant"}),
        excused=answered,
        is_excused_by_lead=bool(answered) and session.therapist.is_clinical_lead,
    )


def _is_excused_by_lead(uses: Iterable[TechniqueUse]) -> bool:
    """Who wrote the reasons is who writes the note."""
    return any(use.despite_rules and use.session.therapist.is_clinical_lead for use in uses)


def objections_to(session: TreatmentSession, treatments: Collection[Treatment]) -> tuple[Objection, ...]:
    """What the gate holds against treatments in this session."""
    return tuple(verdict_on(session, treatments).objections)


def treatments_in(session: TreatmentSession) -> list[Treatment]:
    """Every hands-on technique of a session, on regions and on points, and the lubricant the note names."""
    uses = list(session.techniques.order_by("pk"))
    found = [treatment for use in uses if (treatment := treatment_of(use)) is not None]
    treated = session.point_observations.exclude(technique="").order_by("pk")
    for muscle, technique in treated.values_list("trigger_point__muscle", "technique"):
        found += treatments_of_point(muscle=muscle, technique=technique, uses=uses)
    product = lubricant_in(session)
    return [*found, product] if product else found


def verdict_on(session: TreatmentSession, treatments: Collection[Treatment], *, at: datetime | None = None) -> Verdict:
    """What the gate says of this session and of treatments in it."""
    visit_id = session.appointment.public_id if session.appointment else None
    return gate(
        patient=session.patient, service=session.service, treatments=treatments, visit_id=visit_id, is_held=True, at=at
    )


def pass_screening(
    session: TreatmentSession, treatments: Collection[Treatment], *, by: User, at: datetime | None = None
) -> None:
    """Raises ScreeningBlocks for the session, TreatmentBarred for a treatment in it."""
    verdict = verdict_on(session, treatments, at=at)
    if verdict.level == "block":
        raise ScreeningBlocks(reasons=list(verdict.reasons))
    if verdict.objections:
        raise TreatmentBarred(
            reasons=list(dict.fromkeys(one.reason for one in verdict.objections)),
            rule_ids=list(dict.fromkeys(one.rule_id for one in verdict.objections)),
        )
