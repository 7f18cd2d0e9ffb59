"""The report and exports over the API."""

import hashlib

import pytest

from audit.models import AuditEvent
from reports.export import build
from reports.models import ExportJob
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db
REPORT, EXPORTS = "/api/v1/outcome-report/", "/api/v1/exports/"
RANGE = {"from": "2027-01-01", "to": "2027-01-31"}


@pytest.fixture(autouse=True)
def private_files(tmp_path, settings):
    settings.PRIVATE_FILES_ROOT = tmp_path


@pytest.fixture
def people(make_course):
    return [make_course(baseline=8, last=last) for last in (2, 2, 2, 2, 2, 2, 8, 8, 8, 8, 8, None)]


@pytest.fixture
def job(api, admin, people):
    response = api(admin).post(EXPORTS, RANGE, format="json")
    assert response.status_code == 201
    build(response.data["id"])
    return ExportJob.objects.get()


class TestOutcomeReport:
    def test_answers_with_both_denominators(self, api, admin, people):
        body = api(admin).get(REPORT, RANGE).data
        share = next(row for row in body["indicators"] if row["code"] == "fell_2_points")
        assert (share["of_all"]["count"], share["of_all"]["total"]["value"]) == ({"value": 6, "text": "6"}, 12)
        assert share["of_all"]["percent"] == 50
        assert share["of_completers"]["total"]["value"] == 11
        assert body["change"]["n"] == 11
        assert body["median"]["value"] == -6
        assert body["location_id"] is None
        assert len(body["pitfalls"]) >= 8

    def test_few_people_are_hidden_here_too(self, api, admin, make_course):
        for _ in range(4):
            make_course(baseline=8, last=2)
        body = api(admin).get(REPORT, RANGE).data
        assert body["flow"]["people"] == {"value": None, "text": "fewer than 5"}
        assert body["change"] is None

    def test_one_location_and_only_ones_own(self, api, admin, location, people):
        body = api(admin).get(REPORT, RANGE | {"location": str(location.public_id)}).data
        assert body["location_id"] == str(location.public_id)
        other = LocationFactory()
        assert api(admin).get(REPORT, RANGE | {"location": str(other.public_id)}).status_code == 404

    @pytest.mark.parametrize(
        ("query", "field"), [({"to": "2027-01-31"}, "from"), ({**RANGE, "to": "x"}, "to"), ({**RANGE, "by": "1"}, "by")]
    )
    def test_nonsense_is_refused_with_its_field(self, api, admin, query, field):
        response = api(admin).get(REPORT, query)
        assert response.status_code == 400
        assert list(response.data["fields"]) == [field]

    def test_a_range_that_ends_before_it_begins_is_refused(self, api, admin):
        assert api(admin).get(REPORT, {"from": "2027-02-01", "to": "2027-01-01"}).status_code == 422
        assert not AuditEvent.objects.exists()

    @pytest.mark.usefixtures("people")
    def test_roles(self, api, auditor, location, stranger):
        assert api(auditor).get(REPORT, RANGE).status_code == 200
        for role in ("therapist", "front_desk"):
            assert api(UserFactory(roles=[role], locations=[location])).get(REPORT, RANGE).status_code == 403
        assert api(stranger).get(REPORT, RANGE).data["flow"]["people"]["value"] == 0
        assert api().get(REPORT, RANGE).status_code in {401, 403}


class TestExports:
    def test_asking_looking_and_taking(self, api, admin, job):
        row = api(admin).get(f"{EXPORTS}{job.public_id}/").data
        assert (row["state"], row["done_count"], row["total_count"]) == ("ready", 12, 12)
        assert row["manifest"]["row_count"] == 12
        response = api(admin).get(f"{EXPORTS}{job.public_id}/file/", HTTP_ACCEPT="text/csv")
        assert response.status_code == 200
        content = b"".join(response.streaming_content)
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert response["Content-Disposition"].startswith("attachment;")
        assert AuditEvent.objects.filter(action="export.downloaded").count() == 1

    def test_the_same_key_is_the_same_export(self, api, admin, people):
        client = api(admin)
        first = client.post(EXPORTS, RANGE, format="json", HTTP_IDEMPOTENCY_KEY="a")
        second = client.post(EXPORTS, RANGE, format="json", HTTP_IDEMPOTENCY_KEY="a")
        assert first.data["id"] == second.data["id"]
        assert ExportJob.objects.count() == 1
        other = client.post(EXPORTS, RANGE | {"to": "2027-01-30"}, format="json", HTTP_IDEMPOTENCY_KEY="a")
        assert other.status_code == 422
        assert ExportJob.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"), [({"kind": "all"}, "kind"), ({"from": "x"}, "from"), ({"patient": "x"}, "patient")]
    )
    def test_nonsense_is_refused_with_its_field(self, api, admin, changes, field):
        response = api(admin).post(EXPORTS, RANGE | changes, format="json")
        assert response.status_code == 400
        assert list(response.data["fields"]) == [field]
        assert not ExportJob.objects.exists()

    def test_anothers_location_is_not_found(self, api, admin):
        response = api(admin).post(EXPORTS, RANGE | {"location_id": str(LocationFactory().public_id)}, format="json")
        assert response.status_code == 404
        assert not ExportJob.objects.exists()

    def test_anothers_export_does_not_exist(self, api, job, location, stranger):
        for user in (UserFactory(roles=["admin"], locations=[location]), stranger):
            assert api(user).get(EXPORTS).data["results"] == []
            assert api(user).get(f"{EXPORTS}{job.public_id}/").status_code == 404
            response = api(user).get(f"{EXPORTS}{job.public_id}/file/", HTTP_ACCEPT="text/csv")
            assert response.status_code == 404
            assert response["Content-Type"] == "application/problem+json"
        assert not AuditEvent.objects.filter(action="export.downloaded").exists()

    @pytest.mark.parametrize("role", ["auditor", "therapist", "front_desk"])
    def test_only_admins_export(self, api, location, job, role):
        client = api(UserFactory(roles=[role], locations=[location]))
        assert client.post(EXPORTS, RANGE, format="json").status_code == 403
        assert client.get(EXPORTS).status_code == 403
        assert client.get(f"{EXPORTS}{job.public_id}/file/").status_code == 403
        assert ExportJob.objects.count() == 1

    def test_a_file_that_is_not_ready_is_a_conflict(self, api, admin, job):
        ExportJob.objects.update(state="failed", error_code="gave_up")
        response = api(admin).get(f"{EXPORTS}{job.public_id}/file/")
        assert (response.status_code, response.data["code"]) == (409, "export_not_ready")

    def test_a_list_costs_the_same_at_any_length(self, api, admin, django_assert_num_queries):
        client = api(admin)
        for count in (3, 12):
            while ExportJob.objects.count() < count:
                client.post(EXPORTS, RANGE, format="json")
            with django_assert_num_queries(1):
                assert len(client.get(EXPORTS).data["results"]) == count
