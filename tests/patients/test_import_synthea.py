"""The proof on real files: every row accounted for, the same file twice changes nothing."""

import csv
from datetime import date
from pathlib import Path

import pytest

from audit.actors import SYSTEM
from audit.models import AuditEvent
from patients.imports import run_import
from patients.models import Allergy, Condition, ImportBatch, Medicine, Patient

FOLDER = Path(__file__).resolve().parents[3] / "shared/data/synthea"
FILES = {
    "patients": ("patients.csv", Patient),
    "conditions": ("conditions.csv", Condition),
    "medicines": ("medications.csv", Medicine),
    "allergies": ("allergies.csv", Allergy),
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"The Synthea sample is not at {FOLDER}; the import proof needs it."
    ),
]


def rows_of(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def bring_in(kind, location, *, is_dry_run=False):
    with (FOLDER / FILES[kind][0]).open(encoding="utf-8-sig", newline="") as file:
        return run_import(file=file, kind=kind, source="synthea", location=location, is_dry_run=is_dry_run, by=SYSTEM)


def counts(batch):
    return (batch.created_count, batch.updated_count, batch.unchanged_count, batch.refused_count)


def test_every_row_of_every_file_becomes_one_row_and_twice_nothing_is_doubled(location):
    sizes = {kind: len(rows_of(name)) for kind, (name, _) in FILES.items()}
    for kind in FILES:
        batch = bring_in(kind, location)
        assert (batch.row_count, *counts(batch)) == (sizes[kind], sizes[kind], 0, 0, 0), kind
        assert list(batch.refusals.values_list("code", "message")) == []
    for kind, (_, model) in FILES.items():
        batch = bring_in(kind, location)
        assert counts(batch) == (0, 0, sizes[kind], 0), kind
        assert model.objects.count() == sizes[kind]


def test_names_and_old_ids_stay_as_they_are_and_the_dead_are_recorded(location):
    bring_in("patients", location)
    for row in rows_of("patients.csv"):
        patient = Patient.objects.get(source="synthea", old_id=row["Id"])
        assert (patient.given_name, patient.family_name) == (row["FIRST"], row["LAST"])
        assert patient.birth_on == date.fromisoformat(row["BIRTHDATE"])
        assert patient.died_on == (date.fromisoformat(row["DEATHDATE"]) if row["DEATHDATE"] else None)
        assert list(patient.locations.all()) == [location]
    assert Patient.objects.exclude(died_on=None).count() == sum(
        bool(row["DEATHDATE"]) for row in rows_of("patients.csv")
    )


def test_treated_conditions_and_blood_thinners_are_recognisable_afterwards(location):
    for kind in FILES:
        bring_in(kind, location)
    kinds = set(Condition.objects.exclude(kind="other").values_list("kind", flat=True))
    assert kinds == {"chronic_low_back_pain", "chronic_neck_pain", "migraine", "sprain_or_strain"}
    named = " ".join(Medicine.objects.values_list("name", flat=True)).lower()
    assert [name for name in ("clopidogrel", "enoxaparin") if name not in named] == []
    assert set(Medicine.objects.values_list("code_system", flat=True)) == {"RxNorm"}
    assert set(Condition.objects.values_list("code_system", flat=True)) == {"SNOMED-CT"}
    assert Allergy.objects.get(code="111088007").category == "latex"
    assert set(Allergy.objects.values_list("category", flat=True)) == {
        "environment", "food", "latex", "medicine", "nut",
    }  # fmt: skip


def test_a_dry_run_says_the_same_and_keeps_only_its_account(location):
    batch = bring_in("patients", location, is_dry_run=True)
    size = len(rows_of("patients.csv"))
    assert counts(batch) == (size, 0, 0, 0)
    assert not Patient.objects.exists()
    assert ImportBatch.objects.get() == batch
    assert [event.action for event in AuditEvent.objects.all()] == ["patients.import_tried"]


def test_each_new_patient_and_the_import_itself_leave_a_trace(location):
    batch = bring_in("patients", location)
    registered = AuditEvent.objects.filter(action="patient.registered")
    assert set(registered.values_list("patient_id", flat=True)) == set(
        Patient.objects.values_list("public_id", flat=True)
    )
    summary = AuditEvent.objects.get(action="patients.imported")
    assert summary.subject_id == str(batch.public_id)
    assert summary.facts == {
        "kind": "patients", "row": 27, "created": 27, "updated": 0, "unchanged": 0, "refused": 0,
    }  # fmt: skip


def test_clinical_rows_before_their_patients_are_refused_by_row(location):
    batch = bring_in("allergies", location)
    size = len(rows_of("allergies.csv"))
    assert counts(batch) == (0, 0, 0, size)
    first = batch.refusals.order_by("row_number").first()
    assert (first.row_number, first.code, first.fields) == (2, "unknown_patient", ["PATIENT"])
    assert not Allergy.objects.exists()
