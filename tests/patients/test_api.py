"""The API: the same acts, as JSON."""

import json
import uuid
from datetime import date

import pytest

from audit.models import AuditEvent
from patients.catalogue import CONDITIONS
from patients.models import (
    Allergy,
    CareTeamMember,
    Condition,
    Consent,
    EarlierTreatment,
    EmergencyContact,
    ImportBatch,
    Medicine,
    Patient,
)
from tests.factories import (
    CareTeamMemberFactory,
    ConditionFactory,
    ConsentFactory,
    LocationFactory,
    MedicineFactory,
    PatientFactory,
    UserFactory,
)
from tests.patients.factories import AllergyFactory, EarlierTreatmentFactory, EmergencyContactFactory, named

pytestmark = pytest.mark.django_db

PATIENTS = "/api/v1/patients/"
IMPORTS = "/api/v1/patient-imports/"
CLINICAL = ("allergies", "medicines", "conditions", "earlier-treatments")
OTHERS = ("care-team", "emergency-contacts", "consents")
FACTORIES = {
    "allergies": AllergyFactory,
    "medicines": MedicineFactory,
    "conditions": ConditionFactory,
    "earlier-treatments": EarlierTreatmentFactory,
    "care-team": CareTeamMemberFactory,
    "emergency-contacts": EmergencyContactFactory,
    "consents": ConsentFactory,
}
BODIES = {
    "allergies": ({"substance": "Almond oil", "category": "nut"}, Allergy),
    "medicines": ({"name": "Warfarin", "started_on": "2024-01-02"}, Medicine),
    "conditions": ({"kind": "migraine"}, Condition),
    "earlier-treatments": ({"kind": "surgery"}, EarlierTreatment),
    "emergency-contacts": ({"name": "Luis", "phone": "212 555 0123"}, EmergencyContact),
    "consents": ({"kind": "email", "is_given": True}, Consent),
}


@pytest.fixture
def patient(location, therapist):
    return named("Ana", "López", locations=[location], care_team=[therapist])


def body_of(location, **entries):
    return {
        "given_name": "Ana",
        "family_name": "López",
        "birth_on": "1980-05-17",
        "location_id": str(location.public_id),
        **entries,
    }


def test_registers_and_answers_the_version_as_etag(location, front_desk, api):
    answer = api(front_desk).post(PATIENTS, body_of(location, phone="212 555 0123"), format="json")
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    patient = Patient.objects.get()
    body = answer.json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("updated_at").endswith("Z")
    assert body == {
        "id": str(patient.public_id), "given_name": "Ana", "family_name": "López", "birth_on": "1980-05-17",
        "died_on": None, "sex": "unknown", "email": "", "phone": "+12125550123", "address": "", "postal_code": "",
        "language": "en", "channel": "email", "location_ids": [str(location.public_id)], "source": "", "old_id": "",
        "version": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "status", "field"),
    [
        ({"birth_on": "17/05/1980"}, 400, "birth_on"),
        ({"given_name": None}, 400, "given_name"),
        ({"given_name": "A\x00"}, 400, "given_name"),
        ({"sex": "f"}, 400, "sex"),
        ({"id": str(uuid.uuid4())}, 400, "id"),
        ({"version": 7}, 400, "version"),
        ({"namesake_number": 7}, 400, "namesake_number"),
        ({"source": "x"}, 400, "source"),
        ({"location_id": str(uuid.uuid4())}, 400, "location_id"),
        ({"email": "x"}, 422, "email"),
        ({"phone": "x"}, 422, "phone"),
        ({"birth_on": "2999-01-01"}, 422, "birth_on"),
    ],
)
def test_refuses_by_field(entries, status, field, request, api):
    location, front_desk = (request.getfixturevalue(name) for name in ("location", "front_desk"))
    answer = api(front_desk).post(PATIENTS, body_of(location, **entries), format="json")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], list(answer.json()["fields"])) == ("invalid", [field])
    assert not Patient.objects.exists()
    assert not AuditEvent.objects.exists()


def test_half_a_character_is_refused(location, front_desk, api):
    body = json.dumps(body_of(location)).replace("Ana", "A\\ud800")
    answer = api(front_desk).post(PATIENTS, body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["given_name"])
    assert not Patient.objects.exists()


def test_a_possible_duplicate_is_409_with_the_candidates_one_may_see(patient, location, front_desk, api):
    client = api(front_desk)
    answer = client.post(PATIENTS, body_of(location), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "possible_duplicate")
    assert answer.json()["facts"] == {"candidate_ids": [str(patient.public_id)], "is_elsewhere": False}
    assert Patient.objects.count() == 1
    assert client.post(PATIENTS, body_of(location, is_another_person=True), format="json").status_code == 201


def test_the_same_key_registers_once_and_another_body_is_refused(location, front_desk, api):
    client = api(front_desk)
    first = client.post(PATIENTS, body_of(location), format="json", headers={"Idempotency-Key": "k1"})
    again = client.post(PATIENTS, body_of(location), format="json", headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()["id"], again["Idempotent-Replayed"]) == (201, first.json()["id"], "true")
    other = client.post(PATIENTS, body_of(location, sex="male"), format="json", headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Patient.objects.count() == 1


def test_lists_what_one_may_see_with_constant_queries(location, front_desk, api, django_assert_num_queries):
    PatientFactory(locations=[LocationFactory()])
    client = api(front_desk)
    for size in (3, 12):
        PatientFactory.create_batch(size - Patient.objects.visible_to(front_desk).count(), locations=[location])
        with django_assert_num_queries(2):  # patients, their locations
            answer = client.get(PATIENTS)
        assert len(answer.json()["results"]) == size
        assert set(answer.json()) == {"next", "previous", "results"}


def test_a_list_is_read_page_by_page_and_since_an_instant(location, front_desk, api):
    rows = PatientFactory.create_batch(5, locations=[location])
    client = api(front_desk)
    seen, address = [], PATIENTS + "?per_page=2"
    while address:
        page = client.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert seen == [str(row.public_id) for row in reversed(rows)]
    since = client.get(PATIENTS, {"updated_since": rows[3].updated_at.isoformat()}).json()
    assert [row["id"] for row in since["results"]] == [str(rows[4].public_id), str(rows[3].public_id)]
    assert client.get(PATIENTS, {"updated_since": "yesterday"}).status_code == 422


def test_search_is_audited_without_the_text_and_refuses_what_it_cannot_read(patient, location, front_desk, api):
    named("Eva", "Ruiz", locations=[location])
    client = api(front_desk)
    found = client.get(PATIENTS, {"search": "lopez ana 1980-05-17"}).json()["results"]
    assert [row["id"] for row in found] == [str(patient.public_id)]
    assert AuditEvent.objects.get().facts == {"by": "name+birth_on"}
    unreadable = client.get(PATIENTS, {"search": "5/6/80"})
    assert (unreadable.status_code, list(unreadable.json()["fields"])) == (422, ["search"])


def test_only_ones_own_locations_are_named(patient, location, front_desk, api):
    patient.locations.add(LocationFactory())
    answer = api(front_desk).get(f"{PATIENTS}{patient.public_id}/")
    assert answer.json()["location_ids"] == [str(location.public_id)]


def test_reading_one_leaves_a_trace(patient, auditor, api):
    answer = api(auditor).get(f"{PATIENTS}{patient.public_id}/")
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.facts) == ("patient.read", patient.public_id, {"screen": "api"})


def test_changes_the_version_named_in_if_match(patient, front_desk, api):
    client = api(front_desk)
    address = f"{PATIENTS}{patient.public_id}/"
    answer = client.patch(address, {"email": "new@example.org"}, format="json", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer["ETag"], answer.json()["email"]) == (200, '"2"', "new@example.org")
    lost = client.patch(address, {"email": "other@example.org"}, format="json", headers={"If-Match": '"1"'})
    assert (lost.status_code, lost.json()["code"]) == (412, "changed_since_read")
    assert lost.json()["facts"] == {"current_version": 2}
    blind = client.patch(address, {"email": "other@example.org"}, format="json")
    assert (blind.status_code, blind.json()["code"]) == (428, "version_required")
    patient.refresh_from_db()
    assert (patient.email, patient.version) == ("new@example.org", 2)


@pytest.mark.parametrize("field", ["id", "version", "location_id", "old_id", "name_key", "locations", "care_team"])
def test_what_is_not_editable_is_refused(field, patient, front_desk, api):
    answer = api(front_desk).patch(
        f"{PATIENTS}{patient.public_id}/", {field: "x"}, format="json", headers={"If-Match": '"1"'}
    )
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_auditors_write_nothing(patient, location, auditor, api):
    client = api(auditor)
    assert client.post(PATIENTS, body_of(location), format="json").status_code == 403
    answer = client.patch(
        f"{PATIENTS}{patient.public_id}/", {"email": "x@example.org"}, format="json", headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 403
    assert Patient.objects.get().email == patient.email


def test_nobody_is_told_anything_without_a_credential(patient, api):
    for address in (PATIENTS, f"{PATIENTS}{patient.public_id}/", IMPORTS, "/api/v1/condition-catalogue/"):
        assert api().get(address).status_code in {401, 403}, address


def test_to_a_stranger_the_patient_does_not_exist(patient, stranger, api):
    client = api(stranger)
    address = f"{PATIENTS}{patient.public_id}/"
    assert client.get(PATIENTS).json()["results"] == []
    assert client.get(PATIENTS, {"search": "lopez"}).json()["results"] == []
    absent = client.get(f"{PATIENTS}{uuid.uuid4()}/")
    hidden = client.get(address)
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json())
    assert hidden.status_code == 404
    assert client.patch(address, {"email": ""}, format="json", headers={"If-Match": '"1"'}).status_code == 404
    for noun in (*CLINICAL, *OTHERS):
        row = FACTORIES[noun](patient=patient)
        assert client.get(f"{address}{noun}/").status_code == 404
        assert client.post(f"{address}{noun}/", BODIES.get(noun, [{}])[0], format="json").status_code == 404
        if noun != "consents":
            assert client.post(f"{address}{noun}/{row.public_id}/end/", {}, format="json").status_code == 404
            row.refresh_from_db()
            assert row.ended_on is None
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"patients.searched"}


# Lists


@pytest.mark.parametrize("noun", BODIES)
def test_a_row_is_added_read_and_ended(noun, patient, therapist, api):
    body, model = BODIES[noun]
    client = api(therapist)
    address = f"{PATIENTS}{patient.public_id}/{noun}/"
    added = client.post(address, body, format="json")
    assert added.status_code == 201
    row = model.objects.get()
    assert added.json()["id"] == str(row.public_id)
    assert [each["id"] for each in client.get(address).json()["results"]] == [str(row.public_id)]
    assert AuditEvent.objects.filter(action="patient.read", patient_id=patient.public_id).get().facts == {
        "screen": noun
    }
    if noun != "consents":
        ended = client.post(f"{address}{row.public_id}/end/", {"ended_on": "2026-01-31"}, format="json")
        assert (ended.status_code, ended.json()["ended_on"]) == (200, "2026-01-31")
        again = client.post(f"{address}{row.public_id}/end/", {}, format="json")
        assert (again.status_code, again.json()["code"]) == (409, "already_ended")


def test_a_therapist_joins_and_leaves_the_care_team(patient, location, front_desk, api):
    colleague = UserFactory(roles=["therapist"], locations=[location])
    client = api(front_desk)
    address = f"{PATIENTS}{patient.public_id}/care-team/"
    added = client.post(address, {"therapist_id": str(colleague.public_id)}, format="json")
    assert (added.status_code, added.json()["therapist_name"]) == (201, colleague.full_name)
    left = client.post(f"{address}{added.json()['id']}/end/", {}, format="json")
    assert left.status_code == 200
    assert not CareTeamMember.objects.filter(therapist=colleague, ended_on=None).exists()
    hidden = UserFactory(roles=["therapist"], locations=[LocationFactory()])
    assert client.post(address, {"therapist_id": str(hidden.public_id)}, format="json").status_code == 400


@pytest.mark.parametrize("noun", BODIES)
def test_an_unknown_field_and_a_missing_one_are_refused(noun, patient, therapist, api):
    body, model = BODIES[noun]
    client = api(therapist)
    address = f"{PATIENTS}{patient.public_id}/{noun}/"
    for wrong in ({**body, "patient": "x"}, {**body, "id": str(uuid.uuid4())}, {}):
        assert client.post(address, wrong, format="json").status_code == 400
    assert not model.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("noun", CLINICAL)
@pytest.mark.parametrize("role", ["front_desk", "admin"])
def test_the_desk_neither_reads_nor_writes_clinical_lists(noun, role, patient, api, request):
    FACTORIES[noun](patient=patient)
    client = api(request.getfixturevalue(role))
    address = f"{PATIENTS}{patient.public_id}/{noun}/"
    assert client.get(address).status_code == 403
    assert client.post(address, BODIES[noun][0], format="json").status_code == 403
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("noun", [*CLINICAL, *OTHERS])
def test_auditors_read_every_list_and_write_none(noun, patient, auditor, therapist, api):
    client = api(auditor)
    row = FACTORIES[noun](patient=patient)
    address = f"{PATIENTS}{patient.public_id}/{noun}/"
    assert client.get(address).status_code == 200
    body = BODIES[noun][0] if noun in BODIES else {"therapist_id": str(therapist.public_id)}
    assert client.post(address, body, format="json").status_code == 403
    if noun != "consents":
        assert client.post(f"{address}{row.public_id}/end/", {}, format="json").status_code == 403


@pytest.mark.parametrize("noun", [*CLINICAL, *OTHERS])
def test_a_list_never_costs_more_queries(noun, patient, therapist, api, django_assert_num_queries):
    client = api(therapist)
    address = f"{PATIENTS}{patient.public_id}/{noun}/"
    for size in (3, 12):
        FACTORIES[noun].create_batch(
            size - FACTORIES[noun]._meta.model.objects.filter(patient=patient).count(), patient=patient
        )
        with django_assert_num_queries(4):  # patient, rows, patient for the trail, trail
            answer = client.get(address)
        assert len(answer.json()["results"]) == size


def test_a_row_of_another_patient_is_not_in_this_ones_list(patient, therapist, api):
    other = MedicineFactory(patient=PatientFactory(care_team=[therapist]))
    client = api(therapist)
    address = f"{PATIENTS}{patient.public_id}/medicines/"
    assert client.get(address).json()["results"] == []
    assert client.post(f"{address}{other.public_id}/end/", {}, format="json").status_code == 404
    other.refresh_from_db()
    assert other.ended_on is None


def test_a_condition_outside_the_catalogue_is_refused(patient, therapist, api):
    answer = api(therapist).post(f"{PATIENTS}{patient.public_id}/conditions/", {"kind": "flu"}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["kind"])


# Catalogue


def test_every_member_reads_the_catalogue(front_desk, api, django_assert_num_queries):
    client = api(front_desk)
    with django_assert_num_queries(0):
        answer = client.get("/api/v1/condition-catalogue/")
    assert [entry["key"] for entry in answer.json()] == list(CONDITIONS)
    one = client.get("/api/v1/condition-catalogue/chronic_low_back_pain/").json()
    assert one["codes"][0] == {
        "system": "ICD-10-CM", "code": "M54.5", "label": "low back pain", "side": None, "valid_from": "2015-10-01",
        "valid_to": "2021-09-30",
    }  # fmt: skip
    assert client.get("/api/v1/condition-catalogue/flu/").status_code == 404


# Imports


def import_body(location, csv, **more):
    return {
        "kind": "patients", "source": "old", "location_id": str(location.public_id), "is_dry_run": True, "csv": csv,
        **more,
    }  # fmt: skip


CSV = "old_id,given_name,family_name,birth_on\n1,Ana,López,1980-05-17\n2,Eva,Ruiz,?\n"


def test_a_file_is_tried_and_taken(location, admin, api):
    client = api(admin)
    tried = client.post(IMPORTS, import_body(location, CSV), format="json")
    assert tried.status_code == 201
    assert not Patient.objects.exists()
    digest = tried.json()["file_digest"]
    taken = client.post(IMPORTS, import_body(location, CSV, is_dry_run=False, expected_digest=digest), format="json")
    body = taken.json()
    assert (body["row_count"], body["created_count"], body["refused_count"]) == (2, 1, 1)
    assert body["refusals"] == [
        {
            "row_number": 3, "code": "unreadable_date", "fields": ["birth_on"], "candidate_ids": [],
            "message": "Write dates as year-month-day, such as 1980-05-17.",
        }
    ]  # fmt: skip
    assert Patient.objects.get().birth_on == date(1980, 5, 17)
    listed = client.get(IMPORTS).json()["results"]
    assert [row["is_dry_run"] for row in listed] == [False, True]
    assert "refusals" not in listed[0]
    assert client.get(f"{IMPORTS}{body['id']}/").json() == body
    assert client.get(f"{IMPORTS}{body['id']}/refusals/").json()["results"] == body["refusals"]


def test_another_file_than_the_one_tried_and_a_broken_one_are_refused(location, admin, api):
    client = api(admin)
    other = client.post(IMPORTS, import_body(location, CSV, expected_digest="0" * 64), format="json")
    assert (other.status_code, other.json()["code"]) == (409, "other_file")
    broken = client.post(IMPORTS, import_body(location, "x"), format="json")
    assert (broken.status_code, broken.json()["code"]) == (422, "broken_file")
    half = json.dumps(import_body(location, CSV)).replace("Eva", "E\\ud800")
    assert client.post(IMPORTS, half, content_type="application/json").status_code == 400
    empty = client.post(IMPORTS, import_body(location, ""), format="json")
    assert empty.status_code == 400
    assert not ImportBatch.objects.exists()


def test_imports_are_for_administrators_of_the_location(location, stranger, api, request):
    batch = ImportBatch.objects.create(
        kind="patients", source="old", file_digest="", location=location, is_dry_run=True
    )
    for role in ("front_desk", "therapist", "auditor"):
        client = api(request.getfixturevalue(role))
        assert client.get(IMPORTS).status_code == 403
        assert client.get(f"{IMPORTS}{batch.public_id}/").status_code == 403
        assert client.post(IMPORTS, import_body(location, CSV), format="json").status_code == 403
    client = api(stranger)
    assert client.get(IMPORTS).json()["results"] == []
    assert client.get(f"{IMPORTS}{batch.public_id}/").status_code == 404
    assert client.get(f"{IMPORTS}{batch.public_id}/refusals/").status_code == 404
    assert client.post(IMPORTS, import_body(location, CSV), format="json").status_code == 400
    assert ImportBatch.objects.get() == batch


def test_the_list_of_imports_never_costs_more_queries(location, admin, api, django_assert_num_queries):
    client = api(admin)
    for size in (3, 12):
        for _ in range(size - ImportBatch.objects.count()):
            ImportBatch.objects.create(
                kind="patients", source="old", file_digest="", location=location, is_dry_run=True
            )
        with django_assert_num_queries(1):
            assert len(client.get(IMPORTS).json()["results"]) == size
