"""Registering, editing, sharing and reading a patient."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.clock import today_in
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid, NotFound
from clinic.models import Location
from patients.duplicates import Likeness, hold_birth_date, likeness_of, next_namesake_number, refuse_duplicates
from patients.errors import PossibleDuplicate, SharedAlready
from patients.gate import home_of, lock_patient, require, within_reach
from patients.identity import clean_identity
from patients.models import Patient
from patients.services.circle import take_into_care

_DIED_BEFORE_BIRTH = Invalid(fields={"died_on": "This is before the birth date."})
_IMPORTED_ALREADY = Invalid(fields={"old_id": "This source has a patient with this old id already."})


@transaction.atomic
def register_patient(
    *,
    given_name: str,
    family_name: str,
    birth_on: date,
    location: Location,
    by: Actor,
    sex: str = "unknown",
    email: str = "",
    phone: str = "",
    address: str = "",
    postal_code: str = "",
    language: str = "en",
    channel: str = "email",
    is_another_person: bool = False,
    source: str = "",
    old_id: str = "",
) -> Patient:
    """Open a record at a location, unless somebody like this has one and nobody said it is another person."""
    require(by, "registers_patients")
    _require_location(location, by)
    entries = {
        "given_name": given_name, "family_name": family_name, "birth_on": birth_on, "sex": sex, "email": email,
        "phone": phone, "address": address, "postal_code": postal_code, "language": language, "channel": channel,
    }  # fmt: skip
    patient = Patient(**clean_identity(entries, country=location.country), source=source, old_id=old_id)
    if patient.birth_on > today_in(location.timezone):
        raise Invalid(fields={"birth_on": "This date is in the future."})
    _settle_identity(patient, by=by, is_another_person=is_another_person)
    # An import holds no birth date: the constraint catches the patient it has just brought in.
    with translate_constraints(
        patient_imported_once=_IMPORTED_ALREADY,
        patient_same_name_and_birth_date_once=PossibleDuplicate(candidate_ids=[]),
    ):
        patient.save()
    patient.locations.add(location)
    record(actor=by, action="patient.registered", subject=patient, patient=patient, locations=[location])
    _keep_in_reach(patient, by)
    return patient


@transaction.atomic
def edit_patient(
    *,
    patient: Patient,
    changes: dict[str, Any],
    expected_version: int | None,
    by: Actor,
    is_another_person: bool = False,
) -> Patient:
    """Change identity or contact data. Refuses if somebody changed the record since `expected_version`."""
    require(by, "registers_patients")
    locked = lock_patient(patient, by=by)
    locked.expect_version(expected_version)
    home = home_of(locked)
    cleaned = clean_identity(changes, country=home.country if home else "US")
    before = likeness_of(locked)
    changed = sorted(name for name, value in cleaned.items() if getattr(locked, name) != value)
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, cleaned[name])
    if {"given_name", "family_name", "birth_on", "phone"} & set(changed):
        _settle_identity(locked, by=by, is_another_person=is_another_person, before=before)
    locked.version += 1
    derived = ["name_key", "name_key_reversed", "namesake_number", "version", "updated_at"]
    with translate_constraints(
        patient_died_after_birth=_DIED_BEFORE_BIRTH,
        patient_same_name_and_birth_date_once=PossibleDuplicate(candidate_ids=[]),
    ):
        locked.save(update_fields=[*changed, *derived])
    record(
        actor=by,
        action="patient.edited",
        subject=locked,
        patient=locked,
        facts={"fields": changed, "version": locked.version},
    )
    return locked


@transaction.atomic
def share_patient(*, patient: Patient, location: Location, by: Actor) -> None:
    """Make a patient known at one more location. Only an administrator who sees the patient may."""
    require(by, "is_administrator")
    locked = lock_patient(patient, by=by)
    if locked.locations.filter(pk=location.pk).exists():
        raise SharedAlready(location_id=str(location.public_id))
    locked.locations.add(location)
    Patient.objects.filter(pk=locked.pk).update(updated_at=timezone.now())
    record(actor=by, action="patient.shared", subject=locked, patient=locked, locations=[location])


def note_patient_read(*, patient: Patient, by: Actor, screen: str) -> None:
    """Leave one trace that somebody opened a patient's record."""
    record(actor=by, action="patient.read", subject=patient, patient=patient, facts={"screen": screen})


def note_search(*, by: Any, kind: str) -> None:
    """Leave one trace that somebody searched, and by what kind of term; never the term."""
    record(actor=by, action="patients.searched", subject=by, facts={"by": kind})


def _require_location(location: Location, by: Actor) -> None:
    if by.actor_kind != "system" and not Location.objects.visible_to(by).filter(pk=location.pk).exists():
        raise NotFound(location_id=str(location.public_id))


def _settle_identity(patient: Patient, *, by: Actor, is_another_person: bool, before: Likeness | None = None) -> None:
    likeness = likeness_of(patient)
    hold_birth_date(patient.birth_on)
    but = patient.pk or 0
    if before is None or (before.name_key, before.birth_on) != (likeness.name_key, likeness.birth_on):
        # Before duplicates are looked for: an import holds no birth date, and somebody it brings in between the two
        # questions would else be taken for a namesake and get a number of their own.
        patient.namesake_number = next_namesake_number(likeness, but=but)
    if not is_another_person:
        refuse_duplicates(likeness, within=within_reach(by), but=but, accepted=before)
    patient.name_key, patient.name_key_reversed = likeness.name_key, likeness.name_key_reversed


def _keep_in_reach(patient: Patient, by: Actor) -> None:
    # Therapists see patients in their care only: one who registers takes the patient into care.
    if by.actor_kind == "user" and not within_reach(by).filter(pk=patient.pk).exists():
        take_into_care(patient=patient, therapist=by, by=by)  # type: ignore[arg-type]
