"""Forms for scripts."""

from __future__ import annotations

import pytest

from audit.actors import SYSTEM
from audit.models import AuditEvent
from questionnaires.models import QuestionnaireResponse
from questionnaires.services import start_response
from questionnaires.services.publishing import load_shipped, publish_questionnaire
from tests.factories import PatientFactory
from tests.questionnaires.test_form import question
from tests.questionnaires.test_publish_questionnaire import definition

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


def test_every_member_reads_the_forms(front_desk, api):
    form = load_shipped()[-1]
    client = api(front_desk)
    rows = client.get(f"{ROOT}/questionnaires/").json()["results"]
    assert ("intake", 1, "published") in [(row["key"], row["number"], row["status"]) for row in rows]
    assert "definition" not in rows[0]
    body = client.get(f"{ROOT}/questionnaires/{form.public_id}/").json()
    assert body["definition"]["resourceType"] == "Questionnaire"
    assert body["definition"]["item"][0]["linkId"] == "where"


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_of_forms_takes_one_query(front_desk, api, django_assert_num_queries, count):
    for number in range(count):
        publish_questionnaire(definition=definition(question(f"q{number}")), by=SYSTEM)
    client = api(front_desk)
    with django_assert_num_queries(1):
        assert len(client.get(f"{ROOT}/questionnaires/").json()["results"]) == count


def test_starting_is_idempotent_by_key_and_resumes_without(therapist, api):
    load_shipped()
    patient = PatientFactory(care_team=[therapist])
    client, body = api(therapist), {"patient_id": str(patient.public_id), "language": "es"}
    first = client.post(f"{ROOT}/questionnaire-responses/", body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    again = client.post(f"{ROOT}/questionnaire-responses/", body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    resumed = client.post(f"{ROOT}/questionnaire-responses/", body, format="json")
    assert first.json() == again.json()
    assert first.json()["id"] == resumed.json()["id"]
    assert first.json()["language"] == "es"
    assert QuestionnaireResponse.objects.count() == 1


def test_reading_one_response_is_noted(therapist, api):
    load_shipped()
    response = start_response(patient=PatientFactory(care_team=[therapist]), by=SYSTEM)
    assert api(therapist).get(f"{ROOT}/questionnaire-responses/{response.public_id}/").status_code == 200
    assert AuditEvent.objects.get(action="patient.read").facts == {"screen": "questionnaire_response"}


@pytest.mark.parametrize(
    "body",
    [{}, {"patient_id": "x"}, {"patient_id": None}, {"language": "xx"}, {"questionnaire": "x" * 41}, {"more": 1}],
)
def test_a_start_is_parsed_strictly(therapist, api, body):
    load_shipped()
    patient = PatientFactory(care_team=[therapist])
    if "patient_id" not in body and body:
        body = {"patient_id": str(patient.public_id), **body}
    assert api(therapist).post(f"{ROOT}/questionnaire-responses/", body, format="json").status_code == 400
    assert not QuestionnaireResponse.objects.exists()


def test_a_broken_patient_filter_is_named(therapist, api):
    answer = api(therapist).get(f"{ROOT}/questionnaire-responses/?patient=me")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["patient"])
