"""The people around a patient, and what the patient agreed to."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from patients.errors import AlreadyEnded
from patients.gate import home_of, lock_patient, require, today_of
from patients.identity import clean_all, clean_choice, clean_optional_past_date, clean_phone, clean_text
from patients.models import CLINICAL_CONSENTS, CareTeamMember, Consent, ConsentKind, EmergencyContact, Patient
from staff.models import User


@transaction.atomic
def join_care_team(*, patient: Patient, therapist: User, by: Actor, started_on: date | None = None) -> CareTeamMember:
    """Put a patient into a therapist's care. Joining twice is one membership."""
    require(by, "registers_patients")
    if not therapist.is_therapist:
        raise Invalid(fields={"therapist": "Choose a therapist."})
    return take_into_care(patient=lock_patient(patient, by=by), therapist=therapist, by=by, started_on=started_on)


def take_into_care(*, patient: Patient, therapist: User, by: Actor, started_on: date | None = None) -> CareTeamMember:
    """The membership itself, for acts that have already asked and locked the patient."""
    member = CareTeamMember.objects.filter(patient=patient, therapist=therapist, ended_on=None).first()
    if member is None:
        member = CareTeamMember.objects.create(
            patient=patient, therapist=therapist, started_on=started_on or today_of(patient)
        )
        _note("care_team.joined", member, patient, by, therapist_id=str(therapist.public_id))
    return member


@transaction.atomic
def leave_care_team(*, member: CareTeamMember, by: Actor, ended_on: date | None = None) -> CareTeamMember:
    """End a therapist's care of a patient; from then on the patient is hidden from that therapist."""
    require(by, "registers_patients")
    patient = lock_patient(member.patient, by=by)
    member.refresh_from_db()
    if member.ended_on is not None:
        raise AlreadyEnded(ended_on=member.ended_on.isoformat())
    member.ended_on = max(ended_on or today_of(patient), member.started_on)
    member.save(update_fields=["ended_on", "updated_at"])
    _note("care_team.left", member, patient, by)
    return member


@transaction.atomic
def add_emergency_contact(
    *, patient: Patient, name: str, phone: str, by: Actor, relationship: str = ""
) -> EmergencyContact:
    """Note whom to call."""
    require(by, "registers_patients")
    locked = lock_patient(patient, by=by)
    home = home_of(locked)
    country = home.country if home else "US"
    entries = {"name": name, "phone": phone, "relationship": relationship}
    rules = {
        "name": lambda value: clean_text(value, longest=120, is_required=True),
        "phone": lambda value: clean_phone(value, country=country, is_required=True),
        "relationship": lambda value: clean_text(value, longest=60),
    }
    contact = EmergencyContact.objects.create(patient=locked, **clean_all(entries, rules))
    _note("emergency_contact.added", contact, locked, by)
    return contact


@transaction.atomic
def end_emergency_contact(*, contact: EmergencyContact, by: Actor, ended_on: date | None = None) -> EmergencyContact:
    """Stop calling this person. The row stays."""
    require(by, "registers_patients")
    patient = lock_patient(contact.patient, by=by)
    contact.refresh_from_db()
    if contact.ended_on is not None:
        raise AlreadyEnded(ended_on=contact.ended_on.isoformat())
    contact.ended_on = clean_all({"ended_on": ended_on or today_of(patient)}, {"ended_on": clean_optional_past_date})[
        "ended_on"
    ]
    contact.save(update_fields=["ended_on", "updated_at"])
    _note("emergency_contact.ended", contact, patient, by)
    return contact


@transaction.atomic
def record_consent(
    *, patient: Patient, kind: str, is_given: bool, by: Actor, source: str = "staff", at: datetime | None = None
) -> Consent:
    """Keep what the patient agreed to or refused; the newest answer of a kind counts. Some only a therapist asks."""
    if kind in CLINICAL_CONSENTS:
        require(by, "writes_clinical")
    elif by.actor_kind != "link":
        require(by, "registers_patients")
    locked = lock_patient(patient, by=by)
    clean_all({"kind": kind}, {"kind": lambda value: clean_choice(value, ConsentKind.values)})
    consent = Consent.objects.create(
        patient=locked, kind=kind, is_given=is_given, recorded_at=at or timezone.now(), source=source
    )
    _note("consent.recorded", consent, locked, by, kind=str(kind), is_given=is_given)
    return consent


def _note(
    action: str, row: CareTeamMember | Consent | EmergencyContact, patient: Patient, by: Actor, **facts: object
) -> None:
    record(actor=by, action=action, subject=row, patient=patient, facts=facts)
