"""The screens: what each role is shown and refused, and that nothing entered is lost."""

import uuid
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import AuditEvent
from patients.models import (
    Allergy,
    CareTeamMember,
    Condition,
    Consent,
    EmergencyContact,
    ImportBatch,
    Medicine,
    Patient,
)
from tests.factories import ConditionFactory, ConsentFactory, LocationFactory, MedicineFactory, PatientFactory
from tests.patients.factories import AllergyFactory, EarlierTreatmentFactory, EmergencyContactFactory, named

pytestmark = pytest.mark.django_db

CLINICAL = ("allergies", "medicines", "conditions", "earlier-treatments")
OTHERS = ("care-team", "emergency-contacts", "consents")
IDENTITY = {
    "given_name": "Ana",
    "family_name": "López",
    "birth_on": "1980-05-17",
    "sex": "female",
    "phone": "212 555 0123",
    "email": "ana@example.org",
    "channel": "email",
    "language": "en",
    "address": "",
    "postal_code": "",
}


@pytest.fixture
def patient(location, therapist):
    return named("Ana", "López", locations=[location], care_team=[therapist], phone="+12125550123")


def events():
    return list(AuditEvent.objects.exclude(action__startswith="user.").order_by("id").values_list("action", flat=True))


def text_of(answer):
    return answer.content.decode()


# Finding


def test_the_list_is_by_name_and_pages_both_ways(location, front_desk, page_of):
    for number in range(60):
        named("Ana", f"Lopez{number:02}", locations=[location])
    browser = page_of(front_desk)
    first = browser.get("/patients/")
    assert [row.family_name for row in first.context["patients"]] == [f"Lopez{number:02}" for number in range(25)]
    assert first.context["page"].previous == ""
    second = browser.get("/patients/" + first.context["page"].next)
    assert second.context["patients"][0].family_name == "Lopez25"
    third = browser.get("/patients/" + second.context["page"].next)
    assert [row.family_name for row in third.context["patients"]] == [f"Lopez{number}" for number in range(50, 60)]
    assert third.context["page"].next == ""
    back = browser.get("/patients/" + third.context["page"].previous)
    assert back.context["patients"] == second.context["patients"]
    again = browser.get("/patients/" + back.context["page"].previous)
    assert (again.context["patients"], again.context["page"].previous) == (first.context["patients"], "")


@pytest.mark.parametrize("edge", ["nonsense", "", "7b1f7f5e-4f1c-4f0e-8f0e-0a1b2c3d4e5f"])
def test_an_edge_nobody_knows_shows_the_first_page(edge, patient, front_desk, page_of):
    assert page_of(front_desk).get("/patients/", {"after": edge}).context["patients"] == [patient]


def test_the_list_never_costs_more_queries(location, front_desk, page_of, django_assert_num_queries):
    PatientFactory.create_batch(3, locations=[location])
    browser = page_of(front_desk)
    browser.get("/patients/")
    for _ in range(2):
        with django_assert_num_queries(3):  # session, user, patients
            browser.get("/patients/")
        PatientFactory.create_batch(9, locations=[location])


def test_searching_the_list_is_audited_without_the_text_and_answers_htmx_in_part(patient, front_desk, page_of):
    browser = page_of(front_desk)
    page = text_of(browser.get("/patients/", {"q": "lop ana"}, headers={"HX-Request": "true"}))
    assert "López, Ana" in page
    assert "<html" not in page
    assert AuditEvent.objects.get().facts == {"by": "name"}
    assert "Nobody found" in text_of(browser.get("/patients/", {"q": "zzz"}))
    assert "year-month-day" in text_of(browser.get("/patients/", {"q": "1/2/80"}))


def test_a_stranger_sees_an_empty_list_and_no_record(patient, stranger, page_of):
    browser = page_of(stranger)
    assert "López" not in text_of(browser.get("/patients/"))
    assert "López" not in text_of(browser.get("/patients/", {"q": "lopez"}))
    for address in ("", "edit/", *(f"lists/{noun}/" for noun in (*CLINICAL, *OTHERS))):
        assert browser.get(f"/patients/{patient.public_id}/{address}").status_code == 404, address
    for noun in (*CLINICAL, *OTHERS):
        assert browser.get(f"/patients/{patient.public_id}/lists/{noun}/new/").status_code == 404
        assert browser.post(f"/patients/{patient.public_id}/lists/{noun}/new/").status_code == 404
    assert browser.post(f"/patients/{patient.public_id}/edit/", IDENTITY).status_code == 404
    assert browser.post(f"/patients/{patient.public_id}/share/", {}).status_code == 404
    assert "patient.read" not in events()


def test_a_patient_is_nobodys_before_sign_in(patient, client):
    for address in (
        "/patients/",
        "/patients/new/",
        "/patients/search/?q=ana",
        f"/patients/{patient.public_id}/",
        "/patients/import/",
    ):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"].startswith("/sign-in/")) == (302, True), address


# Registering


def test_registers_and_opens_the_record(location, front_desk, page_of):
    answer = page_of(front_desk).post("/patients/new/", {**IDENTITY, "location": location.pk})
    patient = Patient.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{patient.public_id}/")
    assert (patient.full_name, patient.phone) == ("Ana López", "+12125550123")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"given_name": ""}, "This field is required."),
        ({"birth_on": "17/05/1980"}, "Write the date as year-month-day"),
        ({"birth_on": "1850-01-01"}, "Birth dates start with 1900."),
        ({"phone": "12"}, "too long or too short"),
        ({"email": "ana@"}, "Write an e-mail address"),
    ],
)
def test_what_breaks_a_rule_is_said_beside_its_field_and_nothing_is_lost(
    entry, sentence, location, front_desk, page_of
):
    answer = page_of(front_desk).post("/patients/new/", {**IDENTITY, **entry, "location": location.pk})
    assert answer.status_code == 422
    (field,) = entry
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert 'value="ana@example.org"' in text_of(answer) or field == "email"
    assert not Patient.objects.exists()


def test_a_location_of_others_cannot_be_chosen(front_desk, page_of):
    answer = page_of(front_desk).post("/patients/new/", {**IDENTITY, "location": LocationFactory().pk})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["location"])
    assert not Patient.objects.exists()


def test_a_likely_duplicate_is_shown_and_can_be_confirmed_as_another_person(patient, location, front_desk, page_of):
    browser = page_of(front_desk)
    answer = browser.post("/patients/new/", {**IDENTITY, "location": location.pk})
    assert answer.status_code == 409
    assert answer.context["candidates"] == [patient]
    assert f'href="/patients/{patient.public_id}/"' in text_of(answer)
    assert Patient.objects.count() == 1
    answer = browser.post("/patients/new/", {**IDENTITY, "location": location.pk, "is_another_person": "on"})
    assert answer.status_code == 302
    assert Patient.objects.count() == 2


def test_a_duplicate_elsewhere_shows_no_record(location, front_desk, page_of):
    hidden = named("Ana", "López", locations=[LocationFactory()])
    answer = page_of(front_desk).post("/patients/new/", {**IDENTITY, "location": location.pk})
    assert answer.status_code == 409
    assert "Ask an administrator there" in text_of(answer)
    assert str(hidden.public_id) not in text_of(answer)


def test_auditors_neither_register_nor_edit_nor_import(patient, auditor, page_of):
    browser = page_of(auditor)
    for address in ("/patients/new/", f"/patients/{patient.public_id}/edit/", "/patients/import/"):
        assert browser.get(address).status_code == 403, address
        assert browser.post(address, IDENTITY).status_code == 403, address
    assert Patient.objects.get() == patient
    assert events() == []


# The record


def test_the_desk_reads_contact_but_nothing_clinical(patient, front_desk, page_of):
    ConditionFactory(patient=patient, text="Secret condition")
    MedicineFactory(patient=patient, name="Secret medicine")
    AllergyFactory(patient=patient, substance="Secret substance")
    EarlierTreatmentFactory(patient=patient, detail="Secret treatment")
    EmergencyContactFactory(patient=patient, name="Luis")
    page = text_of(page_of(front_desk).get(f"/patients/{patient.public_id}/"))
    assert "Luis" in page
    assert "+1 212-555-0123" in page
    assert "Secret" not in page
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.facts) == ("patient.read", patient.public_id, {"screen": "patient"})


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_those_who_read_clinical_rows_see_them(role, patient, page_of, request):
    ConditionFactory(patient=patient, kind="migraine", text="with aura")
    MedicineFactory(patient=patient, name="Warfarin")
    AllergyFactory(patient=patient, substance="Almond oil")
    EarlierTreatmentFactory(patient=patient, detail="12 sessions")
    page = text_of(page_of(request.getfixturevalue(role)).get(f"/patients/{patient.public_id}/"))
    for words in ("Migraine: with aura", "Warfarin", "Almond oil", "12 sessions"):
        assert words in page
    assert ("Add a condition" in page) == (role == "therapist")
    assert events() == ["patient.read"]


def test_the_record_never_costs_more_queries(patient, therapist, page_of, django_assert_num_queries):
    browser = page_of(therapist)

    def add(number):
        for factory in (
            ConditionFactory,
            MedicineFactory,
            AllergyFactory,
            EarlierTreatmentFactory,
            EmergencyContactFactory,
            ConsentFactory,
        ):
            factory.create_batch(number, patient=patient)

    add(3)
    browser.get(f"/patients/{patient.public_id}/")
    # session, user, patient, trail, seven lists, locations
    for _ in range(2):
        with django_assert_num_queries(12):
            browser.get(f"/patients/{patient.public_id}/")
        add(9)


def test_past_rows_stand_apart(patient, therapist, page_of):
    MedicineFactory(patient=patient, name="Now")
    MedicineFactory(patient=patient, name="Then", ended_on=date(2024, 1, 1))
    answer = page_of(therapist).get(f"/patients/{patient.public_id}/")
    (medicines,) = [each for each in answer.context["clinical_panels"] if each["panel"].noun == "medicines"]
    assert [row.name for row in medicines["current"]] == ["Now"]
    assert [row.name for row in medicines["past"]] == ["Then"]


def test_names_of_patients_are_escaped(location, front_desk, page_of):
    patient = named("<script>alert(1)</script>", "O'Brien", locations=[location])
    browser = page_of(front_desk)
    for address in (
        f"/patients/{patient.public_id}/",
        "/patients/",
        "/patients/search/?q=obrien",
        f"/patients/{patient.public_id}/edit/",
    ):
        assert "<script>alert" not in text_of(browser.get(address)), address


# Editing


def test_edits_and_opens_the_record(patient, front_desk, page_of):
    answer = page_of(front_desk).post(
        f"/patients/{patient.public_id}/edit/", {**IDENTITY, "email": "new@example.org", "version": 1}
    )
    assert answer.status_code == 302
    patient.refresh_from_db()
    assert (patient.email, patient.version) == ("new@example.org", 2)


def test_somebody_faster_is_shown_beside_the_entries_and_nothing_is_lost(patient, front_desk, page_of):
    browser = page_of(front_desk)
    address = f"/patients/{patient.public_id}/edit/"
    entered_here = {**IDENTITY, "phone": "+12125550123"}
    browser.post(address, {**entered_here, "email": "theirs@example.org", "version": 1})
    answer = browser.post(address, {**entered_here, "email": "mine@example.org", "postal_code": "10001", "version": 1})
    assert answer.status_code == 412
    assert answer.context["newer"] == [
        ("E-mail", "theirs@example.org", "mine@example.org"),
        ("Postal code", "", "10001"),
    ]
    assert 'value="mine@example.org"' in text_of(answer)
    assert 'name="version" value="2"' in text_of(answer)
    patient.refresh_from_db()
    assert (patient.email, patient.version) == ("theirs@example.org", 2)
    again = browser.post(address, {**entered_here, "email": "mine@example.org", "postal_code": "10001", "version": 2})
    assert again.status_code == 302
    patient.refresh_from_db()
    assert (patient.email, patient.version) == ("mine@example.org", 3)


def test_an_edit_needs_the_version_it_was_made_from(patient, front_desk, page_of):
    answer = page_of(front_desk).post(f"/patients/{patient.public_id}/edit/", {**IDENTITY, "email": "new@example.org"})
    assert answer.status_code == 422
    patient.refresh_from_db()
    assert patient.version == 1


def test_an_administrator_shares_the_record(patient, admin, front_desk, page_of):
    elsewhere = LocationFactory(name="Riverside")
    browser = page_of(admin)
    assert "Riverside" in text_of(browser.get(f"/patients/{patient.public_id}/"))
    answer = browser.post(f"/patients/{patient.public_id}/share/", {"location": elsewhere.pk})
    assert answer.status_code == 302
    assert patient.locations.filter(pk=elsewhere.pk).exists()
    browser = page_of(front_desk)
    assert browser.post(f"/patients/{patient.public_id}/share/", {"location": elsewhere.pk}).status_code == 403


# Lists

ROWS = {
    "conditions": (
        {"condition": "migraine", "side": "none", "chronicity": "chronic", "diagnosed_by": "clinician"},
        Condition,
    ),
    "medicines": ({"name": "Warfarin"}, Medicine),
    "allergies": ({"substance": "Almond oil", "category": "nut"}, Allergy),
    "earlier-treatments": ({"kind": "physiotherapy", "benefit": "some"}, None),
    "emergency-contacts": ({"name": "Luis", "phone": "212 555 0123"}, EmergencyContact),
    "consents": ({"kind": "email", "is_given": "yes"}, Consent),
}


def entered(noun, entries):
    return {f"{noun}-{name}": value for name, value in entries.items()}


@pytest.mark.parametrize("noun", ROWS)
def test_a_row_is_added_in_place(noun, patient, therapist, page_of):
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/{noun}/new/"
    form = text_of(browser.get(address, headers={"HX-Request": "true"}))
    assert form.startswith("\n") or f'id="panel-{noun}"' in form
    assert "<html" not in form
    entries, model = ROWS[noun]
    answer = browser.post(address, entered(noun, entries), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.context["current"]
    assert answer.context["form"] is None
    if model:
        assert model.objects.get().patient == patient


@pytest.mark.parametrize("noun", ROWS)
def test_a_refused_row_is_said_beside_its_field(noun, patient, therapist, page_of):
    browser = page_of(therapist)
    answer = browser.post(f"/patients/{patient.public_id}/lists/{noun}/new/", {}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "has-error" in text_of(answer)
    assert events() == []


def test_a_rule_of_the_service_is_said_beside_its_field_too(patient, therapist, page_of):
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/conditions/new/"
    entries = entered("conditions", {**ROWS["conditions"][0], "condition": "other"})
    answer = browser.post(address, entries, headers={"HX-Request": "true"})
    assert answer.context["form"].errors == {"text": ["Say which condition."]}
    assert not Condition.objects.exists()


def test_cervical_is_offered_once_per_meaning_and_never_coded(patient, therapist, page_of):
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/conditions/new/"
    form = text_of(browser.get(address, headers={"HX-Request": "true"}))
    assert 'value="cervical_pain:neck"' in form
    assert 'value="cervical_pain:pelvic"' in form
    entries = entered("conditions", {**ROWS["conditions"][0], "condition": "cervical_pain:pelvic"})
    browser.post(address, entries, headers={"HX-Request": "true"})
    row = Condition.objects.get()
    assert (row.kind, row.text, row.code) == ("cervical_pain", "Pelvic pain (neck of the womb)", "")


def test_without_scripts_the_whole_page_answers(patient, therapist, page_of):
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/medicines/new/"
    page = text_of(browser.get(address))
    assert "<html" in page
    assert 'name="medicines-name"' in page
    refused = browser.post(address, {})
    assert (refused.status_code, "<html" in text_of(refused)) == (422, True)
    saved = browser.post(address, {"medicines-name": "Warfarin"})
    assert (saved.status_code, saved["Location"]) == (302, f"/patients/{patient.public_id}/")


@pytest.mark.parametrize("role", ["front_desk", "admin"])
@pytest.mark.parametrize("noun", CLINICAL)
def test_the_desk_is_refused_clinical_lists(noun, role, patient, page_of, request):
    browser = page_of(request.getfixturevalue(role))
    for address in (f"lists/{noun}/", f"lists/{noun}/new/"):
        assert browser.get(f"/patients/{patient.public_id}/{address}").status_code == 403
    assert browser.post(f"/patients/{patient.public_id}/lists/{noun}/new/", {}).status_code == 403
    assert events() == []


@pytest.mark.parametrize("noun", [*CLINICAL, *OTHERS])
def test_auditors_read_lists_and_write_none(noun, patient, auditor, page_of):
    browser = page_of(auditor)
    assert (
        browser.get(f"/patients/{patient.public_id}/lists/{noun}/", headers={"HX-Request": "true"}).status_code == 200
    )
    assert browser.get(f"/patients/{patient.public_id}/lists/{noun}/new/").status_code == 403
    assert browser.post(f"/patients/{patient.public_id}/lists/{noun}/new/", {}).status_code == 403
    assert events() == ["patient.read"]


def test_an_unknown_list_does_not_exist(patient, therapist, page_of):
    assert page_of(therapist).get(f"/patients/{patient.public_id}/lists/secrets/").status_code == 404


def test_a_row_is_ended_in_place(patient, therapist, page_of):
    medicine = MedicineFactory(patient=patient)
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/medicines/{medicine.public_id}/end/"
    assert 'name="medicines-end-ended_on"' in text_of(browser.get(address, headers={"HX-Request": "true"}))
    ahead = browser.post(address, {"medicines-end-ended_on": "2999-01-01"}, headers={"HX-Request": "true"})
    assert (ahead.status_code, "This date is in the future." in text_of(ahead)) == (422, True)
    answer = browser.post(address, {"medicines-end-ended_on": "2026-01-31"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    medicine.refresh_from_db()
    assert medicine.ended_on == date(2026, 1, 31)
    again = browser.post(address, {}, headers={"HX-Request": "true"})
    assert (again.status_code, again["HX-Retarget"]) == (409, "#alerts")


def test_a_row_of_another_patient_cannot_be_ended_through_this_one(patient, therapist, page_of):
    other = MedicineFactory(patient=PatientFactory(care_team=[therapist]))
    browser = page_of(therapist)
    assert browser.post(f"/patients/{patient.public_id}/lists/medicines/{other.public_id}/end/").status_code == 404
    other.refresh_from_db()
    assert other.ended_on is None


def test_a_therapist_joins_and_leaves_the_care_team(patient, therapist, front_desk, page_of):
    browser = page_of(front_desk)
    member = CareTeamMember.objects.get()
    browser.post(f"/patients/{patient.public_id}/lists/care-team/{member.public_id}/end/")
    member.refresh_from_db()
    assert member.ended_on is not None
    browser.post(f"/patients/{patient.public_id}/lists/care-team/new/", {"care-team-therapist": therapist.pk})
    assert CareTeamMember.objects.filter(ended_on=None, therapist=therapist).count() == 1


def test_consents_show_the_newest_answer_and_what_was_not_asked(patient, front_desk, page_of):
    ConsentFactory(patient=patient, kind="email", is_given=True)
    ConsentFactory(patient=patient, kind="email", is_given=False)
    answer = page_of(front_desk).get(f"/patients/{patient.public_id}/lists/consents/", headers={"HX-Request": "true"})
    assert [row.is_given for row in answer.context["current"]] == [False]
    assert [row.is_given for row in answer.context["past"]] == [True]
    assert len(answer.context["not_asked"]) == 4
    assert "Pelvic work" not in text_of(answer)
    asked = page_of(front_desk).get(f"/patients/{patient.public_id}/lists/consents/new/")
    assert "Pelvic work" not in text_of(asked)


def test_a_therapist_records_the_consent_to_pelvic_work(patient, therapist, page_of):
    browser = page_of(therapist)
    address = f"/patients/{patient.public_id}/lists/consents/"
    browser.post(f"{address}new/", {"consents-kind": "pelvic", "consents-is_given": "yes"})
    assert "Pelvic work" in text_of(browser.get(address, headers={"HX-Request": "true"}))


# Import

CSV = b"old_id,given_name,family_name,birth_on,shoe\n1,Ana,Lopez,1980-05-17,41\n2,Eva,,1980-05-17,\n"


def upload(content=CSV):
    return SimpleUploadedFile("patients.csv", content, content_type="text/csv")


def test_a_file_is_tried_looked_at_and_taken(location, admin, page_of):
    browser = page_of(admin)
    asked = {"kind": "patients", "source": "old", "location": location.pk}
    tried = browser.post("/patients/import/", {**asked, "file": upload(), "act": "try"}, headers={"HX-Request": "true"})
    assert tried.status_code == 200
    assert "This was a trial" in text_of(tried)
    assert "Row 3" in text_of(tried)
    assert "Columns not read: shoe." in text_of(tried)
    assert not Patient.objects.exists()
    digest = tried.context["batch"].file_digest
    assert f'name="tried" value="{digest}"' in text_of(tried)
    taken = browser.post(
        "/patients/import/", {**asked, "file": upload(), "act": "take", "tried": digest}, headers={"HX-Request": "true"}
    )
    assert "The file was taken" in text_of(taken)
    assert Patient.objects.get().old_id == "1"
    batch = taken.context["batch"]
    assert "Row 3" in text_of(browser.get(f"/patients/import/{batch.public_id}/"))
    assert "old" in text_of(browser.get("/patients/import/"))


def test_taking_needs_a_trial_of_the_same_file(location, admin, page_of):
    browser = page_of(admin)
    asked = {"kind": "patients", "source": "old", "location": location.pk, "act": "take"}
    untried = browser.post("/patients/import/", {**asked, "file": upload()})
    assert (untried.status_code, "Try the file first" in text_of(untried)) == (422, True)
    other = browser.post("/patients/import/", {**asked, "file": upload(), "tried": "0" * 64})
    assert (other.status_code, "not the file that was tried" in text_of(other)) == (422, True)
    assert not Patient.objects.exists()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_broken_file_is_said_beside_its_field(content, location, admin, page_of):
    asked = {"kind": "patients", "source": "old", "location": location.pk, "act": "try", "file": upload(content)}
    answer = page_of(admin).post("/patients/import/", asked)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])
    assert not ImportBatch.objects.exists()


def test_only_administrators_import(location, front_desk, therapist, page_of):
    for user in (front_desk, therapist):
        browser = page_of(user)
        assert browser.get("/patients/import/").status_code == 403
        assert browser.post("/patients/import/", {"file": upload()}).status_code == 403
        assert browser.get(f"/patients/import/{uuid.uuid4()}/").status_code == 403


def test_an_import_of_another_location_does_not_exist(location, admin, stranger, page_of):
    batch = ImportBatch.objects.create(
        kind="patients", source="old", file_digest="", location=location, is_dry_run=True
    )
    assert page_of(admin).get(f"/patients/import/{batch.public_id}/").status_code == 200
    assert page_of(stranger).get(f"/patients/import/{batch.public_id}/").status_code == 404
    assert str(batch.public_id) not in text_of(page_of(stranger).get("/patients/import/"))


def test_nothing_changes_by_get(patient, admin, therapist, page_of):
    medicine = MedicineFactory(patient=patient)
    browser = page_of(therapist)
    browser.get(f"/patients/{patient.public_id}/lists/medicines/{medicine.public_id}/end/")
    assert page_of(admin).get(f"/patients/{patient.public_id}/share/").status_code == 405
    medicine.refresh_from_db()
    assert medicine.ended_on is None
