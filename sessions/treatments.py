"""A session before the screening gate, with the treatments in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from screening.services import Verdict, gate
from screening.treatment import Treatment
from sessions import catalogue
from sessions.errors import ScreeningBlocks, TreatmentBarred
from sessions.models import TechniqueUse, TreatmentSession
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
        # Who wrote the reason is who writes the note.
        is_excused_by_lead=bool(use.despite_rules) and use.session.therapist.is_clinical_lead,
    )


def treatments_in(session: TreatmentSession) -> list[Treatment]:
    """Every hands-on technique of a session, and the lubricant the note names."""
    found = [treatment for use in session.techniques.order_by("pk") if (treatment := treatment_of(use)) is not None]
    if session.lubricant:
        found.append(Treatment(region="", kinds=frozenset({"lubricant"})))
    return found


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
