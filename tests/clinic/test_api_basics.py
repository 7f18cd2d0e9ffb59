"""What every API door shares, shown on a small one."""

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from clinic.models import IdempotencyKey
from staff.models import ApiToken

TOKENS = "/api/v1/api-tokens/"


def test_a_problem_document_names_the_field_and_the_rule(api, therapist):
    answer = api(therapist).post(TOKENS, {"name": "", "days": 900}, format="json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.data["fields"]) == {"name", "days"}
    assert answer.data["code"] == "invalid"
    assert not ApiToken.objects.exists()


def test_a_body_that_is_not_json_is_refused(api, therapist):
    assert api(therapist).post(TOKENS, "<x/>", content_type="application/xml").status_code == 415


def test_a_broken_body_is_a_400(api, therapist):
    assert api(therapist).post(TOKENS, "{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("since", ["yesterday", "2027-01-01", "2027-01-01T00:00:00"])
def test_updated_since_without_an_offset_is_refused(api, therapist, since):
    answer = api(therapist).get("/api/v1/staff/", {"updated_since": since})
    assert answer.status_code == 422
    assert "updated_since" in answer.data["fields"]


def test_updated_since_keeps_what_changed_later(api, therapist):
    moment = therapist.updated_at.isoformat()
    assert len(api(therapist).get("/api/v1/staff/", {"updated_since": moment}).data["results"]) == 1
    assert api(therapist).get("/api/v1/staff/", {"updated_since": "2099-01-01T00:00:00Z"}).data["results"] == []


def test_a_page_holds_at_most_a_hundred(api, therapist):
    assert api(therapist).get("/api/v1/staff/", {"per_page": 5000}).status_code == 200


def test_locations_rooms_and_services_are_those_of_your_locations(api, therapist, location, stranger):
    assert [row["name"] for row in api(therapist).get("/api/v1/locations/").data["results"]] == ["Downtown"]
    assert api(stranger).get(f"/api/v1/locations/{location.public_id}/").status_code == 404
    assert api(therapist).get("/api/v1/rooms/").data["results"] == []
    assert api(therapist).get("/api/v1/services/").data["results"] == []


def test_health_answers_without_a_credential(client, db):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert not IdempotencyKey.objects.exists()


def test_times_end_in_z(api, therapist):
    text = api(therapist).get("/api/v1/me/").json()["updated_at"]
    assert text.endswith("Z")


def test_a_session_needs_the_csrf_token_to_write(therapist):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(therapist)
    answer = client.post(TOKENS, {"name": "A"}, format="json")
    assert answer.status_code == 403
    assert not ApiToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_reads_from_many_threads_each_get_a_connection(therapist):
    statuses = []

    def read():
        client = APIClient()
        client.force_authenticate(therapist)
        statuses.append(client.get("/api/v1/me/").status_code)
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
