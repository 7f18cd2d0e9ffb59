"""Unwanted effects: asked for, reported, corrected, and looked at by a clinical lead. Nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from audit.services import record
from clinic.core.clock import local
from clinic.core.database import translate_constraints
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from outcomes.models import Survey
from outcomes.services import mark_effect_seen
from patients.gate import home_of, lock_patient
from patients.identity import clean_text
from patients.models import Allergy, Patient
from patients.services import add_allergy
from sessions.access import lock_draft, note_act, require_therapist
from sessions.errors import NothingToAskAbout, NotSerious
from sessions.events import ALLERGY_SEVERITY, REASON_LENGTH, clean_event
from sessions.ledger import last_session_before
from sessions.models import AdverseEvent, AdverseEventSeen, EffectCheck, EventKind, TreatmentSession
from staff.models import User


@transaction.atomic
def record_adverse_event(
    *,
    patient: Patient,
    entries: Mapping[str, Any],
    by: User,
    session: TreatmentSession | None = None,
    survey: Survey | None = None,
    asked_in: TreatmentSession | None = None,
) -> AdverseEvent:
    """Report an unwanted effect; a skin reaction enters the allergy list with it. Told in a follow-up, that one
    is read; told in a later session, the question there is answered. All of it or nothing."""
    require_therapist(by)
    locked = lock_patient(patient, by=by)
    _require_same_patient(locked, session, survey, asked_in)
    cleaned = clean_event(entries, session=session)
    event = _keep(locked, cleaned, by=by, session=session, survey=survey)
    if survey is not None:
        mark_effect_seen(survey=survey, by=by)
    if asked_in is not None:
        _answer(asked_in, event=event, by=by)
    return event


@transaction.atomic
def correct_adverse_event(
    *, event: AdverseEvent, entries: Mapping[str, Any], reason: str, by: User, is_withdrawn: bool = False
) -> AdverseEvent:
    """Add a version that says something else, and why. Raises Changed when a newer one is there already."""
    require_therapist(by)
    locked = lock_patient(event.patient, by=by)
    cleaned = clean_event(entries, session=event.session)
    why = _words(reason, "reason")
    last = {"corrects": event, "correction_reason": why, "is_withdrawn": is_withdrawn, "number": event.number + 1}
    newer = Changed(current_version=event.number + 1)
    with translate_constraints(
        treatment_sessions_adverseevent_corrects_id_key=newer, adverse_event_once_per_number=newer
    ):
        return _keep(
            locked, cleaned, by=by, session=event.session, survey=event.survey, event_id=event.event_id, **last
        )


@transaction.atomic
def acknowledge_adverse_event(*, event: AdverseEvent, note: str, by: User) -> AdverseEventSeen:
    """A clinical lead has looked at a serious event and says what follows: the alarm ends. Twice is once."""
    require_therapist(by)
    if not by.is_clinical_lead:
        raise NotAllowed()
    seen = AdverseEvent.objects.visible_to(by).select_related("patient").filter(pk=event.pk).first()
    if seen is None:
        raise NotFound()
    if not seen.is_serious:
        raise NotSerious()
    what_follows = _words(note, "note")
    row, is_new = AdverseEventSeen.objects.get_or_create(event=seen, by=by, defaults={"note": what_follows})
    if is_new:
        _note("adverse_event.seen", seen, by)
    return row


@transaction.atomic
def record_no_effect(*, session: TreatmentSession, by: User) -> EffectCheck:
    """Keep that the patient was asked about the last session and told of no unexpected effect. Twice is once."""
    return _answer(session, event=None, by=by)


def _answer(session: TreatmentSession, *, event: AdverseEvent | None, by: User) -> EffectCheck:
    locked = lock_draft(session, by=by)
    asked_about = last_session_before(locked)
    if asked_about is None:
        raise NothingToAskAbout()
    newest: EffectCheck | None = locked.effect_checks.order_by("-id").first()
    if newest is not None and event is None and not newest.had_effect:
        return newest
    row = EffectCheck.objects.create(
        session=locked, asked_about=asked_about, event=event, had_effect=event is not None, by=by
    )
    note_act(action="effects.asked", subject=row, session=locked, by=by, had_effect=row.had_effect)
    return row


def _keep(patient: Patient, cleaned: dict[str, Any], *, by: User, **fixed: Any) -> AdverseEvent:
    substance, category = cleaned.pop("substance"), cleaned.pop("allergy_category")
    event = AdverseEvent(patient=patient, author=by, **cleaned, **fixed)
    if event.kind == EventKind.SKIN_REACTION and not event.is_withdrawn:
        event.allergy = _allergy(event, substance, category, by=by)
    event.save(force_insert=True)
    _note("adverse_event.corrected" if event.corrects else "adverse_event.recorded", event, by)
    return event


def _allergy(event: AdverseEvent, substance: str, category: str, *, by: User) -> Allergy:
    """The entry of the allergy list: the one that is there, or a new one."""
    before = event.corrects.allergy if event.corrects else None
    if before is not None and before.substance.casefold() == substance.casefold():
        return before
    standing = Allergy.objects.filter(patient=event.patient, ended_on=None, substance__iexact=substance)
    known: Allergy | None = standing.order_by("pk").first()
    if known is not None:
        return known
    home = home_of(event.patient)
    began = event.onset_at or (event.session.performed_at if event.session else None)
    return add_allergy(
        patient=event.patient,
        substance=substance,
        category=category,
        reaction="Reaction after a treatment here",
        severity=ALLERGY_SEVERITY[event.severity],
        noted_on=local(began, home.timezone).date() if began and home else None,
        by=by,
    )


def _require_same_patient(patient: Patient, *rows: TreatmentSession | Survey | None) -> None:
    if any(row is not None and row.patient_id != patient.pk for row in rows):
        raise NotFound()


def _words(text: str, name: str) -> str:
    try:
        return clean_text(text, longest=REASON_LENGTH, is_required=True)
    except ValueError as problem:
        raise Invalid(fields={name: str(problem)}) from None


def _note(action: str, event: AdverseEvent, by: User) -> None:
    locations = [event.session.location] if event.session else []
    facts = {"event_id": str(event.event_id), "number": event.number, "is_serious": event.is_serious}
    record(actor=by, action=action, subject=event, patient=event.patient, locations=locations, facts=facts)
