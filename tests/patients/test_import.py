"""Our own format, refusals, broken files, re-runs and the command."""

import io
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.errors import BrokenFile, OtherFile
from patients.imports import outcome, run_import
from patients.models import Allergy, Condition, ImportBatch, ImportRefusal, Medicine, Patient
from patients.services import edit_patient
from tests.factories import LocationFactory, PatientFactory
from tests.patients.factories import csv_file, named

pytestmark = pytest.mark.django_db

HEADING = "old_id,given_name,family_name,birth_on,phone,is_another_person"


def bring_in(location, *lines, kind="patients", source="old", by=SYSTEM, is_dry_run=False, **more):
    return run_import(
        file=csv_file(*lines), kind=kind, source=source, location=location, is_dry_run=is_dry_run, by=by, **more
    )


def counts(batch):
    return (batch.created_count, batch.updated_count, batch.unchanged_count, batch.refused_count)


def refusals(batch):
    return [(row.row_number, row.code, row.fields) for row in batch.refusals.order_by("row_number")]


def nothing_written():
    return not any(model.objects.exists() for model in (Patient, ImportBatch, ImportRefusal, AuditEvent))


def test_our_own_format_is_read_whole(location, admin):
    batch = bring_in(
        location,
        "old_id,given_name,family_name,birth_on,sex,email,phone,address,postal_code,language,channel,died_on",
        '7,Ana,López,1980-05-17,F,ana@example.org,(212) 555-0123,"12 Elm Street, New York",10001,es,sms,2024-01-02',
        by=admin,
    )
    assert counts(batch) == (1, 0, 0, 0)
    patient = Patient.objects.get()
    assert (patient.source, patient.old_id, patient.name_key) == ("old", "7", "lopez ana")
    assert (patient.sex, patient.email, patient.phone) == ("female", "ana@example.org", "+12125550123")
    assert (patient.address, patient.postal_code) == ("12 Elm Street, New York", "10001")
    assert (patient.language, patient.channel, patient.died_on) == ("es", "sms", date(2024, 1, 2))
    assert list(patient.locations.all()) == [location]
    assert batch.ignored_columns == []


def test_good_rows_are_taken_and_bad_rows_are_named(location):
    batch = bring_in(
        location,
        HEADING,
        "1,Ana,López,1980-05-17,,",
        "2,,Ruiz,1980-05-17,nonsense,",
        "3,Eva,Ruiz,17/05/1980,,",
        "4,Eva,Ruiz,,,",
        ",Eva,Ruiz,1981-05-17,,",
        "5,Eva,Ruiz",
        "6,Eva,Ruiz,1982-05-17,,maybe",
        "7,Eva,Ruiz,2999-05-17,,",
        "",
        "8,Eva,Ruiz,1983-05-17,,",
    )
    assert counts(batch) == (2, 0, 0, 7)
    assert batch.row_count == 9
    assert refusals(batch) == [
        (3, "invalid", ["given_name", "phone"]),
        (4, "unreadable_date", ["birth_on"]),
        (5, "invalid", ["birth_on"]),
        (6, "invalid", ["old_id"]),
        (7, "wrong_cell_count", []),
        (8, "invalid", ["is_another_person"]),
        (9, "invalid", ["birth_on"]),
    ]
    assert set(Patient.objects.values_list("old_id", flat=True)) == {"1", "8"}


def test_no_cell_of_a_refused_row_is_kept(location):
    batch = bring_in(location, HEADING, "2,Secretname,Ruiz,1980-05-17,SECRETPHONE,")
    assert "SECRET" not in str(list(batch.refusals.values())).upper()
    assert "SECRET" not in str(list(AuditEvent.objects.values())).upper()


def test_the_same_file_again_changes_nothing_even_after_staff_edited(location, front_desk):
    lines = (HEADING, "1,Ana,López,1980-05-17,212 555 0123,")
    bring_in(location, *lines)
    edit_patient(patient=Patient.objects.get(), changes={"phone": "212 555 0199"}, expected_version=1, by=front_desk)
    assert counts(bring_in(location, *lines)) == (0, 0, 1, 0)
    patient = Patient.objects.get()
    assert (patient.phone, patient.version) == ("+12125550199", 2)


def test_a_changed_row_updates_its_patient(location):
    bring_in(location, HEADING, "1,Ana,López,1980-05-17,,")
    first = Patient.objects.get()
    batch = bring_in(location, HEADING, "1,Ana María,López,1980-05-18,212 555 0123,")
    assert counts(batch) == (0, 1, 0, 0)
    patient = Patient.objects.get()
    assert (patient.pk, patient.public_id, patient.version) == (first.pk, first.public_id, 2)
    assert (patient.given_name, patient.name_key, patient.birth_on) == (
        "Ana María", "lopez ana maria", date(1980, 5, 18),
    )  # fmt: skip
    assert patient.updated_at > first.updated_at
    assert AuditEvent.objects.filter(action="patient.edited", patient_id=patient.public_id).count() == 1


def test_the_same_old_id_of_another_source_is_another_patient(location):
    bring_in(location, HEADING, "1,Ana,López,1980-05-17,,")
    assert counts(bring_in(location, HEADING, "1,Eva,Ruiz,1980-05-17,,", source="other")) == (1, 0, 0, 0)


def test_a_row_twice_in_a_file_is_one_patient(location):
    batch = bring_in(location, HEADING, "1,Ana,López,1980-05-17,,", "1,Ana,López,1980-05-17,,")
    assert counts(batch) == (1, 0, 1, 0)


def test_an_old_id_that_says_two_things_is_refused_the_second_time(location):
    batch = bring_in(location, HEADING, "1,Ana,López,1980-05-17,,", "1,Eva,López,1980-05-17,,")
    assert counts(batch) == (1, 0, 0, 1)
    assert refusals(batch) == [(3, "old_id_twice", ["old_id"])]
    assert Patient.objects.get().given_name == "Ana"


def test_somebody_registered_already_is_named_as_candidate(location, admin):
    known = named("Ana", "Lopez", locations=[location])
    swapped = named("Ruiz", "Eva", locations=[location])
    same_phone = named("Tom", "Baker", locations=[location], phone="+12125550123")
    batch = bring_in(
        location,
        HEADING,
        "1,ANA,López,1980-05-17,,",
        "2,Eva,Ruiz,1980-05-17,,",
        "3,Thomas,Backer,1980-05-17,212-555-0123,",
        by=admin,
    )
    rows = batch.refusals.order_by("row_number")
    assert [(row.code, row.candidate_ids) for row in rows] == [
        ("possible_duplicate", [known.public_id]),
        ("possible_duplicate", [swapped.public_id]),
        ("possible_duplicate", [same_phone.public_id]),
    ]
    assert Patient.objects.count() == 3


def test_a_column_says_that_it_is_another_person(location):
    named("Ana", "Lopez", locations=[location])
    batch = bring_in(location, HEADING, "1,Ana,López,1980-05-17,,yes", "2,Ana,López,1980-05-17,,yes")
    assert counts(batch) == (2, 0, 0, 0)
    assert sorted(Patient.objects.values_list("namesake_number", flat=True)) == [0, 1, 2]


def test_two_like_rows_of_one_file_are_not_both_taken_and_a_dry_run_names_no_phantom(location):
    lines = (HEADING, "1,Ana,López,1980-05-17,,", "2,Ana,Lopez,1980-05-17,,")
    tried = bring_in(location, *lines, is_dry_run=True)
    assert counts(tried) == (1, 0, 0, 1)
    assert tried.refusals.get().candidate_ids == []
    taken = bring_in(location, *lines)
    assert counts(taken) == (1, 0, 0, 1)
    assert taken.refusals.get().candidate_ids == [Patient.objects.get().public_id]


def test_a_hidden_candidate_is_not_named(location, admin):
    named("Ana", "Lopez", locations=[LocationFactory()])
    refusal = bring_in(location, HEADING, "1,Ana,López,1980-05-17,,", by=admin).refusals.get()
    assert (refusal.code, refusal.candidate_ids) == ("possible_duplicate", [])
    assert "Another location" in refusal.message


def test_another_locations_imported_patient_is_left_alone(location, admin, stranger):
    elsewhere = stranger.locations.get()
    bring_in(elsewhere, HEADING, "1,Ana,López,1980-05-17,,", by=stranger)
    batch = bring_in(location, HEADING, "1,Eva,Ruiz,1980-05-17,,", by=admin)
    assert refusals(batch) == [(2, "imported_elsewhere", ["old_id"])]
    assert Patient.objects.get().given_name == "Ana"
    history = bring_in(location, "patient_old_id,name", "1,Warfarin", kind="medicines", by=admin)
    assert refusals(history) == [(2, "unknown_patient", ["patient_old_id"])]
    assert not Medicine.objects.exists()


@pytest.fixture
def patient(location):
    return PatientFactory(source="old", old_id="1", locations=[location])


def test_medicines_of_our_own_format(location, patient):
    batch = bring_in(
        location,
        "patient_old_id,name,dose,reason,code_system,code,started_on,ended_on",
        "1,Warfarin,5 mg,Clot,RxNorm,11289,2024-01-02,",
        kind="medicines",
    )
    assert counts(batch) == (1, 0, 0, 0)
    row = Medicine.objects.get()
    assert (row.patient, row.name, row.dose, row.reason) == (patient, "Warfarin", "5 mg", "Clot")
    assert (row.code_system, row.code, row.started_on, row.ended_on) == ("RxNorm", "11289", date(2024, 1, 2), None)
    assert AuditEvent.objects.get(action="medicine.imported").patient_id == patient.public_id


def test_a_medicine_that_ended_since_is_updated_and_one_repeated_on_a_day_is_two(location, patient):
    heading = "patient_old_id,name,started_on,ended_on"
    first = bring_in(
        location, heading, "1,Warfarin,2024-01-02,", "1,Warfarin,2024-01-02,2024-03-01", "1,Warfarin,2024-01-02,",
        kind="medicines",
    )  # fmt: skip
    assert counts(first) == (2, 0, 1, 0)
    again = bring_in(
        location, heading, "1,Warfarin,2024-01-02,2025-01-01", "1,Warfarin,2024-01-02,2024-03-01", kind="medicines"
    )
    assert counts(again) == (0, 1, 1, 0)
    assert sorted(Medicine.objects.values_list("ended_on", flat=True)) == [date(2024, 3, 1), date(2025, 1, 1)]


def test_conditions_and_allergies_of_our_own_format(location, patient):
    conditions = bring_in(
        location,
        "patient_old_id,kind,text,side,onset_on,chronicity,diagnosed_by",
        "1,shoulder_restriction,,left,2025-01-02,chronic,clinician",
        "1,,Tennis elbow,right,,,",
        "1,flu,Flu,,,,",
        "1,,,,,,",
        kind="conditions",
    )
    assert counts(conditions) == (2, 0, 0, 2)
    assert set(Condition.objects.values_list("kind", "code", "text", "side")) == {
        ("shoulder_restriction", "M25.612", "", "left"),
        ("other", "", "Tennis elbow", "right"),
    }
    assert refusals(conditions) == [(4, "invalid", ["kind"]), (5, "invalid", ["text"])]
    allergies = bring_in(
        location,
        "patient_old_id,substance,category,severity,reaction",
        "1,Almond oil,nut,severe,Rash",
        "1,Pollen,weather,,",
        "2,Latex,latex,,",
        kind="allergies",
    )
    assert counts(allergies) == (1, 0, 0, 2)
    assert Allergy.objects.get().substance == "Almond oil"
    assert refusals(allergies) == [(3, "invalid", ["category"]), (4, "unknown_patient", ["patient_old_id"])]


def test_a_code_needs_its_system(location, patient):
    batch = bring_in(location, "patient_old_id,name,code", "1,Warfarin,11289", kind="medicines")
    assert refusals(batch) == [(2, "invalid", ["code", "code_system"])]


def test_columns_nobody_reads_are_reported(location):
    batch = bring_in(location, "old_id,given_name,family_name,birth_on,e-mail,Shoe size", "1,Ana,López,1980-05-17,x,41")
    assert batch.ignored_columns == ["e-mail", "Shoe size"]


def test_byte_order_mark_and_any_line_end_are_understood(location):
    text = "\ufeff" + HEADING + "\r\n1,Ana,López,1980-05-17,,\r2,Eva,Ruiz,1981-05-17,,\n"
    batch = run_import(
        file=io.StringIO(text, newline=""),
        kind="patients",
        source="old",
        location=location,
        is_dry_run=False,
        by=SYSTEM,
    )
    assert counts(batch) == (2, 0, 0, 0)


def text_file(content):
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")


BROKEN = {
    "empty": b"",
    "nul": HEADING.encode() + b"\n1,A\x00a,Lopez,1980-05-17,,\n",
    "utf-16": (HEADING + "\n1,Ana,Lopez,1980-05-17,,\n").encode("utf-16"),
    "latin-1": HEADING.encode() + "\n1,Ana,López,1980-05-17,,\n".encode("latin-1"),
    "no heading for a needed column": b"old_id,given_name,family_name\n1,Ana,Lopez\n",
    "a heading twice": b"old_id,given_name,family_name,birth_on,Birth_On\n",
    "two headings of one meaning": b"old_id,given_name,family_name,birth_on,birthdate\n",
    "a column without a name": b"old_id,given_name,family_name,birth_on,\n",
    "too many columns": ",".join(f"c{number}" for number in range(101)).encode() + b"\n",
    "an oversize cell": HEADING.encode() + b"\n1," + b"a" * 10_001 + b",Lopez,1980-05-17,,\n",
    "an endless line": HEADING.encode() + b"\n" + b"a" * 200_001,
    "a quotation mark that never closes": HEADING.encode() + b'\n1,"Ana,Lopez,1980-05-17,,\n',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_a_broken_file_is_refused_as_a_whole(content, is_dry_run, location):
    with pytest.raises(BrokenFile):
        run_import(
            file=text_file(content), kind="patients", source="old", location=location, is_dry_run=is_dry_run, by=SYSTEM
        )
    assert nothing_written()


def test_a_file_that_breaks_in_the_middle_leaves_nothing_of_its_beginning(location):
    lines = [
        HEADING,
        *(f"{number},Ana,Lopez{number},1980-05-17,," for number in range(600)),
        "601,A\x00,B,1980-05-17,,",
    ]
    with pytest.raises(BrokenFile):
        bring_in(location, *lines)
    assert nothing_written()


def test_a_file_whose_columns_are_mixed_up_is_given_up_on(location, monkeypatch):
    monkeypatch.setattr(outcome, "MOST_REFUSALS", 3)
    with pytest.raises(BrokenFile):
        bring_in(location, HEADING, *(f"{number},Ana,Lopez,nonsense,," for number in range(4)))
    assert nothing_written()


def test_only_the_file_that_was_tried_is_taken(location, admin):
    line = "1,Ana,López,1980-05-17,,"
    tried = bring_in(location, HEADING, line, by=admin, is_dry_run=True)
    with pytest.raises(OtherFile):
        bring_in(location, HEADING, line, "2,Eva,Ruiz,1980-05-17,,", by=admin, expected_digest=tried.file_digest)
    assert not Patient.objects.exists()
    assert counts(bring_in(location, HEADING, line, by=admin, expected_digest=tried.file_digest)) == (1, 0, 0, 0)


def test_only_administrators_import_and_only_where_they_work(location, front_desk, therapist, auditor, stranger):
    for by in (front_desk, therapist, auditor):
        with pytest.raises(NotAllowed):
            bring_in(location, HEADING, "1,Ana,López,1980-05-17,,", by=by)
    with pytest.raises(NotFound):
        bring_in(location, HEADING, "1,Ana,López,1980-05-17,,", by=stranger)
    assert nothing_written()


@pytest.mark.parametrize(("asked", "field"), [({"kind": "visits"}, "kind"), ({"source": " "}, "source")])
def test_kind_and_source_must_make_sense(location, asked, field):
    with pytest.raises(Invalid) as refusal:
        bring_in(location, HEADING, **asked)
    assert list(refusal.value.fields) == [field]
    assert nothing_written()


def test_the_cost_grows_by_batches_not_by_rows(location, django_assert_max_num_queries):
    lines = [HEADING, *(f"{number},Ana,Lopez{number},1980-05-17,," for number in range(450))]
    with django_assert_max_num_queries(25):
        assert counts(bring_in(location, *lines)) == (450, 0, 0, 0)


def test_more_rows_than_one_batch_holds(location):
    lines = [HEADING, *(f"{number},Ana,Lopez{number},1980-05-17,," for number in range(1100))]
    assert counts(bring_in(location, *lines)) == (1100, 0, 0, 0)
    assert counts(bring_in(location, *lines)) == (0, 0, 1100, 0)
    again = [HEADING, "9999,Ana,Lopez7,1980-05-17,,"]
    assert refusals(bring_in(location, *again)) == [
        (2, "possible_duplicate", ["given_name", "family_name", "birth_on"])
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=400), st.text(max_size=200).map(lambda text: f"{HEADING}\n{text}".encode("utf-8", "replace"))
    )
)
def test_no_bytes_whatever_are_more_than_a_refusal(content, location):
    try:
        batch = run_import(
            file=text_file(content), kind="patients", source="old", location=location, is_dry_run=True, by=SYSTEM
        )
    except BrokenFile:
        return
    assert batch.row_count == sum(counts(batch))
    assert not Patient.objects.exists()


def test_the_command_tries_takes_and_reports(location, tmp_path, capsys):
    file = tmp_path / "patients.csv"
    file.write_text(f"{HEADING},extra\n1,Ana,López,1980-05-17,,,\n2,Eva,Ruiz,?,,,\n", encoding="utf-8-sig")
    options = ["--kind", "patients", "--source", "old", "--location", "Downtown", str(file)]
    call_command("import_patients", "--dry-run", *options)
    assert not Patient.objects.exists()
    call_command("import_patients", *options)
    assert Patient.objects.get().old_id == "1"
    assert capsys.readouterr().out.splitlines() == [
        "Tried 2 rows: 1 created, 0 updated, 0 unchanged, 1 refused.",
        "Columns not read: extra.",
        "  row 3: unreadable_date (birth_on). Write dates as year-month-day, such as 1980-05-17.",
        "Imported 2 rows: 1 created, 0 updated, 0 unchanged, 1 refused.",
        "Columns not read: extra.",
        "  row 3: unreadable_date (birth_on). Write dates as year-month-day, such as 1980-05-17.",
    ]
    assert AuditEvent.objects.get(action="patients.imported").via == "command"


@pytest.mark.parametrize(
    ("location_name", "content", "sentence"),
    [
        ("Nowhere", "x", "There is no location named Nowhere."),
        ("Downtown", "x", "has no column"),
        ("Downtown", None, "cannot be opened"),
    ],
)
def test_the_command_fails_with_one_sentence(location_name, content, sentence, location, tmp_path):
    file = tmp_path / "patients.csv"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("import_patients", "--kind", "patients", "--source", "old", "--location", location_name, str(file))
    assert nothing_written()
