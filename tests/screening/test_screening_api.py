"""Screening for scripts: flags, evaluations, intake requests, answers, lights."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from messaging.models import SignedLink
from questionnaires.models import QuestionnaireResponse
from questionnaires.services.publishing import load_shipped
from screening.models import Evaluation, Flag
from tests.factories import PatientFactory, UserFactory
from tests.screening.factories import CALM, STRONG, sent_intake
from tests.screening.test_clear_flag import ANSWERS

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


def test_flags_are_listed_for_a_patient(patient, therapist, api):
    sent_intake(patient, clot_now="yes", vein_past="yes")
    sent_intake(PatientFactory(care_team=[therapist]), clot_now="yes")
    rows = api(therapist).get(f"{ROOT}/flags/?patient={patient.public_id}").json()["results"]
    assert {row["rule_id"] for row in rows} == {"CI-04", "CI-05"}
    row = next(row for row in rows if row["rule_id"] == "CI-04")
    assert row["patient_id"] == str(patient.public_id)
    assert row["evaluation_id"] == str(Evaluation.objects.get(patient=patient).public_id)
    assert row["evidence"] == [{"kind": "answer", "link_id": "clot-now", "value": "yes"}]
    assert (row["severity"], row["status"], row["closed_by_id"]) == ("absolute", "open", None)


def test_only_standing_flags_are_listed_on_request(patient, therapist, api):
    sent_intake(patient, clot_now="yes")
    sent_intake(patient, vein_past="yes")
    client = api(therapist)
    assert len(client.get(f"{ROOT}/flags/").json()["results"]) == 2
    standing = client.get(f"{ROOT}/flags/?standing=true").json()["results"]
    assert [row["rule_id"] for row in standing] == ["CI-05"]
    later = (timezone.now() + timedelta(minutes=1)).isoformat()
    assert client.get(f"{ROOT}/flags/", {"updated_since": later}).json()["results"] == []


def test_reading_one_flag_is_noted(patient, therapist, api):
    sent_intake(patient, **ANSWERS["caution"])
    answer = api(therapist).get(f"{ROOT}/flags/{Flag.objects.get().public_id}/")
    assert answer.status_code == 200
    assert AuditEvent.objects.get(action="patient.read").facts == {"screen": "flag"}


def test_a_flag_is_cleared_and_opened_again(patient, therapist, api):
    sent_intake(patient, **ANSWERS["relative"])
    address, client = f"{ROOT}/flags/{Flag.objects.get().public_id}", api(therapist)
    refused = client.post(f"{address}/clear/", {"reason": "ok"}, format="json")
    assert refused.status_code == 422
    assert set(refused.json()["fields"]) == {"clearance_from", "cleared_until"}
    until = (timezone.now() + timedelta(days=90)).isoformat()
    body = {"reason": "Letter", "clearance_from": "Dr Chen", "cleared_until": until}
    cleared = client.post(f"{address}/clear/", body, format="json")
    assert cleared.status_code == 200
    assert cleared.json()["status"] == "cleared"
    assert cleared.json()["closed_by_id"] == str(therapist.public_id)
    again = client.post(f"{address}/clear/", body, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "flag_already_closed")
    reopened = client.post(f"{address}/reopen/", format="json")
    assert (reopened.status_code, reopened.json()["status"]) == (200, "open")


def test_an_absolute_flag_refuses_the_therapist_with_a_code(patient, therapist, api):
    sent_intake(patient, **ANSWERS["absolute"])
    flag = Flag.objects.get()
    answer = api(therapist).post(f"{ROOT}/flags/{flag.public_id}/clear/", {"reason": "ok"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "absolute_not_clearable")
    assert answer.json()["facts"] == {"flag_id": str(flag.public_id), "rule_id": "CI-04"}
    assert Flag.objects.get().status == "open"


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "x", "why": "y"}, {"reason": "x", "cleared_until": "soon"}]
)
def test_a_clearing_is_parsed_strictly(patient, therapist, api, body):
    sent_intake(patient, **ANSWERS["caution"])
    answer = api(therapist).post(f"{ROOT}/flags/{Flag.objects.get().public_id}/clear/", body, format="json")
    assert answer.status_code == 400
    assert Flag.objects.get().status == "open"


@pytest.mark.parametrize("noun", ["flags", "evaluations", "questionnaire-responses"])
def test_the_desk_has_no_clinical_lists(patient, front_desk, api, noun):
    sent_intake(patient, **ANSWERS["caution"])
    assert api(front_desk).get(f"{ROOT}/{noun}/").status_code == 403


@pytest.mark.parametrize("noun", ["flags", "evaluations", "questionnaire-responses"])
def test_a_stranger_sees_empty_lists_and_no_rows(patient, stranger, api, noun):
    sent_intake(patient, **ANSWERS["caution"])
    model = {"flags": Flag, "evaluations": Evaluation, "questionnaire-responses": QuestionnaireResponse}[noun]
    client = api(stranger)
    assert client.get(f"{ROOT}/{noun}/").json()["results"] == []
    assert client.get(f"{ROOT}/{noun}/?patient={patient.public_id}").json()["results"] == []
    assert client.get(f"{ROOT}/{noun}/{model.objects.get().public_id}/").status_code == 404


def test_a_stranger_changes_nothing(patient, stranger, api):
    response = sent_intake(patient, **ANSWERS["caution"]).response
    client, flag, events = api(stranger), Flag.objects.get(), AuditEvent.objects.count()
    for address in (
        f"flags/{flag.public_id}/clear",
        f"flags/{flag.public_id}/reopen",
        f"questionnaire-responses/{response.public_id}/answers",
        f"questionnaire-responses/{response.public_id}/submit",
    ):
        body = {"reason": "x"} if address.endswith("clear") else {"answers": {}} if address.endswith("answers") else {}
        assert client.post(f"{ROOT}/{address}/", body, format="json").status_code == 404
    for noun in ("evaluations", "intake-requests", "questionnaire-responses"):
        body = {"patient_id": str(patient.public_id)}
        assert client.post(f"{ROOT}/{noun}/", body, format="json").status_code == 400
    assert AuditEvent.objects.count() == events


def test_an_evaluation_shows_what_it_saw_and_said(patient, therapist, api):
    evaluation = sent_intake(patient, clot_now="yes")
    client = api(therapist)
    body = client.get(f"{ROOT}/evaluations/{evaluation.public_id}/").json()
    assert body["inputs"]["answers"]["clot-now"] == "yes"
    assert [one["rule_id"] for one in body["fired"]] == ["CI-04"]
    assert (body["is_complete"], body["cause"]) == (True, "intake")
    assert [row["id"] for row in client.get(f"{ROOT}/evaluations/").json()["results"]] == [body["id"]]


def test_the_rules_run_on_request_and_the_same_key_runs_them_once(patient, therapist, api):
    client, body = api(therapist), {"patient_id": str(patient.public_id)}
    headers = {"HTTP_IDEMPOTENCY_KEY": "again"}
    first = client.post(f"{ROOT}/evaluations/", body, format="json", **headers)
    second = client.post(f"{ROOT}/evaluations/", body, format="json", **headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Evaluation.objects.count() == 1


def test_the_desk_asks_for_an_intake_and_never_gets_its_address(patient, front_desk, api):
    load_shipped()
    answer = api(front_desk).post(f"{ROOT}/intake-requests/", {"patient_id": str(patient.public_id)}, format="json")
    assert answer.status_code == 201
    link = SignedLink.objects.get()
    assert answer.json()["id"] == str(link.public_id)
    assert answer.json()["response_id"] == str(link.target_id)
    assert "/l/" not in answer.content.decode()


def test_without_a_published_form_an_intake_cannot_be_asked_for(patient, front_desk, api):
    answer = api(front_desk).post(f"{ROOT}/intake-requests/", {"patient_id": str(patient.public_id)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_such_questionnaire")
    assert not SignedLink.objects.exists()


def test_an_intake_is_filled_in_with_the_patient_through_the_api(patient, therapist, api):
    load_shipped()
    client = api(therapist)
    body = {"patient_id": str(patient.public_id)}
    started = client.post(f"{ROOT}/questionnaire-responses/", body, format="json")
    assert started.status_code == 201
    address = f"{ROOT}/questionnaire-responses/{started.json()['id']}"
    early = client.post(f"{address}/submit/", format="json")
    assert early.status_code == 422
    assert early.json()["fields"]["breath"] == "Please answer this question."
    saved = client.post(f"{address}/answers/", {"answers": {**CALM, **STRONG, "clot-now": "yes"}}, format="json")
    assert saved.status_code == 200
    assert saved.json()["answers"]["clot-now"] == "yes"
    sent = client.post(f"{address}/submit/", format="json")
    assert sent.status_code == 200
    assert [one["rule_id"] for one in sent.json()["fired"]] == ["CI-04"]
    late = client.post(f"{address}/answers/", {"answers": {"clot-now": "no"}}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "response_already_submitted")
    twice = client.post(f"{address}/submit/", format="json")
    assert (twice.status_code, twice.json()["code"]) == (409, "response_already_submitted")
    assert client.get(f"{address}/").json()["answers"]["clot-now"] == "yes"


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"no-such-question": "yes"}, "no-such-question"),
        ({"breath": True}, "breath"),
        ({"breath": ["yes"]}, "breath"),
        ({"pain-where": "HIP.LAT"}, "pain-where"),
        ({"pain-where": ["HIP.LAT", "HIP.LAT"]}, "pain-where"),
        ({"pain-now": "6"}, "pain-now"),
        ({"pain-now": 11}, "pain-now"),
        ({"pain-now": 6.5}, "pain-now"),
        ({"pain-now": True}, "pain-now"),
        ({"avoid-surgery": "yes"}, "avoid-surgery"),
        ({"medicines": ["Plavix"]}, "medicines"),
        ({"medicines": "x" * 4001}, "medicines"),
        ({"medicines": "a\x00b"}, "medicines"),
        ({"blood-thinner-which": "a\nb"}, "blood-thinner-which"),
        ({"patient-age": 20}, "patient-age"),
        ({"where": "yes"}, "where"),
        ({"evidence": "yes"}, "evidence"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_and_nothing_is_kept(patient, therapist, api, answers, wrong):
    load_shipped()
    client = api(therapist)
    body = {"patient_id": str(patient.public_id)}
    started = client.post(f"{ROOT}/questionnaire-responses/", body, format="json").json()
    address = f"{ROOT}/questionnaire-responses/{started['id']}"
    client.post(f"{address}/answers/", {"answers": {"heart": "no"}}, format="json")
    before, events = QuestionnaireResponse.objects.get().answers, AuditEvent.objects.count()
    refused = client.post(f"{address}/answers/", {"answers": {"dizzy": "no", **answers}}, format="json")
    assert refused.status_code == 422
    assert list(refused.json()["fields"]) == [wrong]
    assert QuestionnaireResponse.objects.get().answers == before
    assert AuditEvent.objects.count() == events


def test_a_lone_surrogate_is_refused_not_a_crash(patient, therapist, api):
    load_shipped()
    client = api(therapist)
    body = {"patient_id": str(patient.public_id)}
    public_id = client.post(f"{ROOT}/questionnaire-responses/", body, format="json").json()["id"]
    address = f"{ROOT}/questionnaire-responses/{public_id}/answers/"
    answer = client.post(address, data='{"answers": {"medicines": "a\\ud800b"}}', content_type="application/json")
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["medicines"]


def test_null_takes_an_answer_back(patient, therapist, api):
    load_shipped()
    client = api(therapist)
    body = {"patient_id": str(patient.public_id)}
    public_id = client.post(f"{ROOT}/questionnaire-responses/", body, format="json").json()["id"]
    address = f"{ROOT}/questionnaire-responses/{public_id}/answers/"
    client.post(address, {"answers": {"heart": "no", "breath": "no"}}, format="json")
    client.post(address, {"answers": {"heart": None}}, format="json")
    answers = QuestionnaireResponse.objects.get().answers
    assert "heart" not in answers
    assert answers["breath"] == "no"


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_only_therapists_answer_for_a_patient(patient, location, api, role):
    response = sent_intake(patient).response
    client = api(UserFactory(roles=[role], locations=[location]))
    body = {"patient_id": str(patient.public_id)}
    assert client.post(f"{ROOT}/questionnaire-responses/", body, format="json").status_code == 403
    address = f"{ROOT}/questionnaire-responses/{response.public_id}"
    assert client.post(f"{address}/answers/", {"answers": {}}, format="json").status_code == 403
    assert client.post(f"{address}/submit/", format="json").status_code == 403


def test_the_desk_sees_lights_and_nothing_clinical(patient, location, front_desk, api):
    sent_intake(patient, **ANSWERS["absolute"])
    calm, hidden = PatientFactory(locations=[location]), PatientFactory()
    ids = [str(one.public_id) for one in (patient, calm, hidden)]
    answer = api(front_desk).get(f"{ROOT}/screening-lights/", {"patient": ids})
    assert sorted(answer.json(), key=lambda row: ids.index(row["patient_id"])) == [
        {"patient_id": ids[0], "light": "red"},
        {"patient_id": ids[1], "light": "grey"},
    ]


@pytest.mark.parametrize("patients", [[], ["not-an-id"], [str(uuid.uuid4())] * 101])
def test_lights_are_asked_for_one_to_a_hundred_patients(front_desk, api, patients):
    answer = api(front_desk).get(f"{ROOT}/screening-lights/", {"patient": patients})
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["patient"]


@pytest.mark.parametrize(
    "address", ["flags/", "evaluations/", "questionnaires/", "questionnaire-responses/", "screening-lights/"]
)
def test_nobody_reads_without_signing_in(api, address):
    assert api().get(f"{ROOT}/{address}").status_code == 401


@pytest.mark.parametrize("noun", ["flags", "evaluations", "questionnaire-responses"])
def test_lists_take_the_same_queries_for_three_and_twelve_rows(therapist, api, noun, django_assert_num_queries):
    counts = []
    for many in (3, 12):
        while Evaluation.objects.count() < many:
            sent_intake(PatientFactory(care_team=[therapist]), **ANSWERS["caution"])
        client = api(therapist)
        with django_assert_num_queries(1):
            counts.append(len(client.get(f"{ROOT}/{noun}/").json()["results"]))
    assert counts == [3, 12]
