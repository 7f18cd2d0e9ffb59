"""Registers the demo's patients: identity, consents, history, and the answers of their intake."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from django.utils import timezone

from demo.answers import intake_answers
from demo.courses import Course
from demo.people import Person
from demo.setting import Post, Setting
from patients.models import AllergyCategory, Benefit, ConsentKind, EarlierTreatmentKind, Patient
from patients.services import (
    add_allergy,
    add_condition,
    add_earlier_treatment,
    add_emergency_contact,
    add_medicine,
    join_care_team,
    open_episode,
    record_consent,
    register_patient,
)
from questionnaires.services import save_answers, start_response
from screening.models import Flag, Severity
from screening.services import clear_flag, submit_intake

# What patients of a pain clinic commonly take; a few of these raise flags, as in life.
MEDICINES = (
    "Ibuprofen 400 mg",
    "Paracetamol 500 mg",
    "Lisinopril 10 mg",
    "Atorvastatin 20 mg",
    "Metformin 500 mg",
    "Sertraline 50 mg",
    "Cyclobenzaprine 10 mg",
    "Levothyroxine 50 mcg",
)
BLOOD_THINNERS = ("Warfarin 5 mg", "Eliquis 5 mg", "Clopidogrel 75 mg", "Baby aspirin")
PRODUCTS = (
    ("Almond oil", AllergyCategory.OIL),
    ("Lavender fragrance", AllergyCategory.FRAGRANCE),
    ("Arnica gel", AllergyCategory.GEL),
    ("Latex gloves", AllergyCategory.LATEX),
)
_SIDED = {"shoulder_restriction", "hip_restriction", "plantar_fasciitis"}


def register(person: Person, post: Post, setting: Setting, *, random: Random) -> Patient:
    """A record at the desk, with consents and whom to call."""
    desk = setting.desk
    patient = register_patient(
        given_name=person.given_name,
        family_name=person.family_name,
        birth_on=person.birth_on,
        sex=person.sex,
        email=person.email,
        phone=person.phone,
        address=person.address,
        language=person.language,
        location=post.location,
        by=desk,
    )
    join_care_team(patient=patient, therapist=post.therapist, by=desk)
    for kind, share in ((ConsentKind.EMAIL, 0.94), (ConsentKind.SURVEYS, 0.86)):
        record_consent(patient=patient, kind=kind, is_given=random.random() < share, by=desk)
    if random.random() < 0.6:
        name = f"{random.choice(['Alex', 'Sam', 'Robin', 'Kim'])} {person.family_name}"
        add_emergency_contact(patient=patient, name=name, relationship="Family", phone=person.phone, by=desk)
    return patient


def take_history(patient: Patient, course: Course, post: Post, *, first_on: date, random: Random) -> None:
    """What the therapist writes down at the first visit."""
    by = post.therapist
    years = random.choice([0, 1, 2, 4])
    problem = add_condition(
        patient=patient,
        kind=course.complaint,
        side=course.side if course.complaint in _SIDED else "none",
        onset_on=first_on - timedelta(days=120 + years * 365),
        chronicity="chronic",
        diagnosed_by=random.choice(["clinician", "clinician", "patient"]),
        by=by,
    )
    open_episode(patient=patient, condition=problem, opened_on=first_on, by=by)
    for name in random.sample(MEDICINES, random.choice([0, 1, 1, 2])):
        add_medicine(patient=patient, name=name, by=by)
    if random.random() < 0.05:
        add_medicine(patient=patient, name=random.choice(BLOOD_THINNERS), by=by)
    if random.random() < 0.06:
        substance, category = random.choice(PRODUCTS)
        add_allergy(patient=patient, substance=substance, category=category, reaction="Rash", by=by)
    if random.random() < 0.5:
        kind = random.choice([EarlierTreatmentKind.PHYSIOTHERAPY, EarlierTreatmentKind.ANTI_INFLAMMATORY])
        add_earlier_treatment(patient=patient, kind=kind, benefit=random.choice([Benefit.NONE, Benefit.SOME]), by=by)


def answer_intake(patient: Patient, course: Course, post: Post, *, at: datetime, random: Random) -> None:
    """The intake as the patient filled it in, at that instant."""
    response = start_response(patient=patient, language=patient.language, by=post.therapist)
    save_answers(response=response, answers=intake_answers(response, course, random=random), by=post.therapist)
    submit_intake(response=response, by=post.therapist, at=at)


def settle_flags(patient: Patient, post: Post, *, random: Random) -> None:
    """Most relative flags get their clearance letter; the rest wait for one, as in life."""
    for flag in Flag.objects.filter(patient=patient, severity=Severity.RELATIVE, status="open"):
        if random.random() < 0.75:
            clear_flag(
                flag=flag,
                reason="Family doctor agrees to gentle work; light pressure only.",
                clearance_from="Dr. R. Hale, family medicine",
                cleared_until=timezone.now() + timedelta(days=150),
                by=post.therapist,
            )
