"""What is known about a patient's health: only therapists write it."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from patients.clinical import clean_allergy, clean_condition, clean_earlier_treatment, clean_medicine
from patients.errors import AlreadyEnded
from patients.gate import lock_patient, require, today_of
from patients.models import (
    Allergy,
    Benefit,
    Chronicity,
    Condition,
    DiagnosedBy,
    EarlierTreatment,
    Episode,
    Medicine,
    Patient,
    Side,
)


@transaction.atomic
def add_allergy(
    *,
    patient: Patient,
    substance: str,
    category: str,
    by: Actor,
    reaction: str = "",
    severity: str = "",
    noted_on: date | None = None,
) -> Allergy:
    """Note something the patient reacts to."""
    locked = _open(patient, by)
    entries = {
        "substance": substance,
        "category": category,
        "reaction": reaction,
        "severity": severity,
        "noted_on": noted_on,
    }
    row = Allergy.objects.create(patient=locked, **clean_allergy(entries))
    _note("allergy.added", row, by, category=row.category)
    return row


@transaction.atomic
def add_medicine(
    *,
    patient: Patient,
    name: str,
    by: Actor,
    dose: str = "",
    reason: str = "",
    started_on: date | None = None,
    ended_on: date | None = None,
) -> Medicine:
    """Note a medicine the patient takes or took."""
    locked = _open(patient, by)
    entries = {"name": name, "dose": dose, "reason": reason, "started_on": started_on, "ended_on": ended_on}
    row = Medicine.objects.create(patient=locked, **clean_medicine(entries))
    _note("medicine.added", row, by)
    return row


@transaction.atomic
def add_earlier_treatment(
    *,
    patient: Patient,
    kind: str,
    by: Actor,
    detail: str = "",
    body_region: str = "",
    started_on: date | None = None,
    ended_on: date | None = None,
    benefit: str = Benefit.UNKNOWN,
) -> EarlierTreatment:
    """Note what was tried before, and whether it helped."""
    locked = _open(patient, by)
    entries = {
        "kind": kind,
        "detail": detail,
        "body_region": body_region,
        "started_on": started_on,
        "ended_on": ended_on,
        "benefit": benefit,
    }
    row = EarlierTreatment.objects.create(patient=locked, **clean_earlier_treatment(entries))
    _note("earlier_treatment.added", row, by, kind=row.kind)
    return row


@transaction.atomic
def add_condition(
    *,
    patient: Patient,
    kind: str,
    by: Actor,
    text: str = "",
    code: str = "",
    code_system: str = "",
    side: str = Side.NONE,
    onset_on: date | None = None,
    ended_on: date | None = None,
    chronicity: str = Chronicity.UNKNOWN,
    diagnosed_by: str = DiagnosedBy.UNKNOWN,
) -> Condition:
    """Note a problem; a treated condition without a code gets the one valid today, where that is safe."""
    locked = _open(patient, by)
    entries = {
        "kind": kind,
        "text": text,
        "code": code,
        "code_system": code_system,
        "side": side,
        "onset_on": onset_on,
        "ended_on": ended_on,
        "chronicity": chronicity,
        "diagnosed_by": diagnosed_by,
    }
    row = Condition.objects.create(patient=locked, **clean_condition(entries, today=today_of(locked)))
    _note("condition.added", row, by, kind=row.kind, code=row.code)
    return row


@transaction.atomic
def end_allergy(*, allergy: Allergy, by: Actor, ended_on: date | None = None) -> Allergy:
    """The patient no longer reacts to it."""
    _end(allergy, allergy.noted_on, ended_on, by)
    _note("allergy.ended", allergy, by)
    return allergy


@transaction.atomic
def end_medicine(*, medicine: Medicine, by: Actor, ended_on: date | None = None) -> Medicine:
    """The patient stopped taking it."""
    _end(medicine, medicine.started_on, ended_on, by)
    _note("medicine.ended", medicine, by)
    return medicine


@transaction.atomic
def end_condition(*, condition: Condition, by: Actor, ended_on: date | None = None) -> Condition:
    """The problem is over."""
    _end(condition, condition.onset_on, ended_on, by)
    _note("condition.ended", condition, by)
    return condition


@transaction.atomic
def end_earlier_treatment(
    *, earlier_treatment: EarlierTreatment, by: Actor, ended_on: date | None = None
) -> EarlierTreatment:
    """The treatment elsewhere is over."""
    _end(earlier_treatment, earlier_treatment.started_on, ended_on, by)
    _note("earlier_treatment.ended", earlier_treatment, by)
    return earlier_treatment


@transaction.atomic
def open_episode(
    *, patient: Patient, by: Actor, condition: Condition | None = None, opened_on: date | None = None
) -> Episode:
    """The open episode of a condition, opened if there is none. Without a condition: the newest open one."""
    locked = _open(patient, by)
    if condition is not None and condition.patient_id != locked.pk:
        raise Invalid(fields={"condition": "Choose a condition of this patient."})
    standing = Episode.objects.filter(patient=locked, closed_on=None)
    if condition is not None:
        standing = standing.filter(condition=condition)
    episode = standing.order_by("-opened_on", "-id").first()
    if episode is None:
        episode = Episode.objects.create(patient=locked, condition=condition, opened_on=opened_on or today_of(locked))
        _note("episode.opened", episode, by)
    return episode


@transaction.atomic
def close_episode(*, episode: Episode, reason: str, by: Actor, closed_on: date | None = None) -> Episode:
    """The problem is treated to its end, or treatment stops: a later visit opens a new episode."""
    patient = _open(episode.patient, by)
    episode.refresh_from_db()
    if episode.closed_on is not None:
        raise AlreadyEnded(ended_on=episode.closed_on.isoformat())
    last = closed_on or today_of(patient)
    if last > today_of(patient):
        raise Invalid(fields={"closed_on": "This date is in the future."})
    if last < episode.opened_on:
        raise Invalid(fields={"closed_on": "This is before the start."})
    episode.closed_on, episode.close_reason = last, reason
    episode.save(update_fields=["closed_on", "close_reason", "updated_at"])
    _note("episode.closed", episode, by, reason=reason)
    return episode


def _open(patient: Patient, by: Actor) -> Patient:
    require(by, "writes_clinical")
    return lock_patient(patient, by=by)


def _end(
    row: Allergy | Medicine | Condition | EarlierTreatment, started_on: date | None, ended_on: date | None, by: Actor
) -> None:
    patient = _open(row.patient, by)
    row.refresh_from_db()
    today = today_of(patient)
    # An import may have brought an end that lies ahead: that one may be brought forward.
    if row.ended_on is not None and row.ended_on <= today:
        raise AlreadyEnded(ended_on=row.ended_on.isoformat())
    last = ended_on or today
    if last > today:
        raise Invalid(fields={"ended_on": "This date is in the future."})
    if started_on is not None and last < started_on:
        raise Invalid(fields={"ended_on": "This is before the start."})
    row.ended_on = last
    row.save(update_fields=["ended_on", "updated_at"])


def _note(
    action: str, row: Allergy | Medicine | Condition | EarlierTreatment | Episode, by: Actor, **facts: object
) -> None:
    record(actor=by, action=action, subject=row, patient=row.patient, facts=facts)
