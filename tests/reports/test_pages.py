"""The report's screen, and its export from the button to the file."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from audit.models import AuditEvent
from reports.export import build
from reports.models import ExportJob
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db
REPORT, EXPORT = "/reports/outcomes/", "/reports/outcomes/export/"
RANGE = {"from_on": "2027-01-01", "to_on": "2027-01-31", "location": ""}
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def private_files(tmp_path, settings):
    settings.PRIVATE_FILES_ROOT = tmp_path


@pytest.fixture
def people(make_course):
    return [make_course(baseline=8, last=last) for last in (2, 2, 2, 2, 2, 2, 8, 8, 8, 8, 8, None)]


@pytest.fixture
def job(page_of, admin, people):
    page_of(admin).post(EXPORT, RANGE)
    return ExportJob.objects.get()


def link(name, job):
    return reverse(f"reports:{name}", args=[job.public_id])


class TestReport:
    def test_prints_both_denominators_the_interval_and_the_pitfalls(self, page_of, admin, people):
        text = page_of(admin).get(REPORT, RANGE).content.decode()
        assert "<strong>50 %</strong>" in text  # 6 of 12 with a baseline
        assert "<strong>55 %</strong>" in text  # 6 of 11 with both scores
        assert "6 of 12" in text
        assert "6 of 11" in text
        assert "Mean change" in text
        assert "No control group" in text
        assert "Regression to the mean" in text
        assert "Research on this treatment is limited and mixed" in text
        assert "proven" not in text.replace("until proven otherwise", "")

    def test_names_nobody(self, page_of, admin, people):
        text = page_of(admin).get(REPORT, RANGE).content.decode()
        for episode in people:
            assert episode.patient.given_name not in text
            assert str(episode.patient.public_id) not in text

    def test_starts_with_the_last_twelve_months_where_the_member_works(self, page_of, admin):
        with time_machine.travel(datetime(2027, 2, 1, 3, 0, tzinfo=UTC), tick=True):  # still January in New York
            text = page_of(admin).get(REPORT).content.decode()
        assert 'value="2027-01-31"' in text
        assert 'value="2026-02-01"' in text

    def test_says_when_nobody_was_treated(self, page_of, admin):
        text = page_of(admin).get(REPORT, RANGE).content.decode()
        assert "Nobody was treated in this range" in text
        assert "Export CSV" not in text

    def test_leaves_one_trace_with_the_range(self, page_of, admin, location, people):
        page_of(admin).get(REPORT, RANGE | {"location": str(location.public_id)})
        event = AuditEvent.objects.get(action="report.read")
        assert (event.actor_id, event.facts) == (admin.public_id, {"from": "2027-01-01", "to": "2027-01-31"})
        assert event.location_ids == [location.public_id]

    def test_an_auditor_reads_and_cannot_export(self, page_of, auditor, people):
        client = page_of(auditor)
        text = client.get(REPORT, RANGE).content.decode()
        assert "<strong>50 %</strong>" in text
        assert "Export CSV" not in text
        assert client.post(EXPORT, RANGE).status_code == 403
        assert not ExportJob.objects.exists()

    @pytest.mark.parametrize("role", ["therapist", "front_desk"])
    def test_other_roles_are_refused(self, page_of, location, role):
        assert page_of(UserFactory(roles=[role], locations=[location])).get(REPORT).status_code == 403

    def test_an_admin_elsewhere_sees_nobody(self, page_of, stranger, people):
        assert "Nobody was treated" in page_of(stranger).get(REPORT, RANGE).content.decode()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"from_on": "11/12/2026"}, "Use a date as year-month-day"),
            ({"from_on": "2027-02-01"}, "on or after the first one"),
            ({"to_on": ""}, "Choose a day."),
            ({"from_on": "0001-01-01"}, "from 2000 to 2100"),
            ({"location": "00000000-0000-4000-8000-000000000000"}, "Choose one of your locations"),
            ({"location": "x"}, "Location"),
        ],
    )
    def test_nonsense_is_shown_beside_its_field(self, page_of, admin, changes, words):
        response = page_of(admin).get(REPORT, RANGE | changes)
        assert response.status_code == 422
        assert words in response.content.decode()

    def test_anothers_location_cannot_be_chosen(self, page_of, admin):
        other = LocationFactory(name="Secret place")
        response = page_of(admin).get(REPORT, RANGE | {"location": str(other.public_id)})
        assert response.status_code == 422
        assert "Secret place" not in response.content.decode()

    def test_the_cost_does_not_grow(self, page_of, admin, make_course, django_assert_max_num_queries):
        client, counts = page_of(admin), []
        client.get(REPORT, RANGE)  # the first request of a session also notes its start
        for size in (3, 12):
            for _ in range(size):
                make_course(baseline=8, last=2)
            with django_assert_max_num_queries(14) as captured:
                client.get(REPORT, RANGE)
            counts.append(len(captured))
        assert counts[0] == counts[1]


class TestExport:
    def test_the_button_answers_with_a_partial_that_polls(self, page_of, admin, people):
        response = page_of(admin).post(EXPORT, RANGE, headers=HTMX)
        text = response.content.decode()
        assert "<html" not in text
        assert 'hx-trigger="every 1s"' in text
        assert link("export-status", ExportJob.objects.get()) in text

    def test_without_scripts_it_leads_to_a_page(self, page_of, admin, people):
        response = page_of(admin).post(EXPORT, RANGE)
        job = ExportJob.objects.get()
        assert (response.status_code, response["Location"]) == (302, link("export-status", job))
        assert job.parameters == {"from": "2027-01-01", "to": "2027-01-31", "location_id": None}

    def test_progress_is_shown_while_it_is_built(self, client, job):
        ExportJob.objects.update(state="building", done_count=4, total_count=12)
        text = client.get(link("export-status", job), headers=HTMX).content.decode()
        assert 'value="4" max="12"' in text
        assert "every 1s" in text

    def test_when_ready_it_stops_polling_and_offers_the_file(self, client, job):
        build(str(job.public_id))
        text = client.get(link("export-status", job), headers=HTMX).content.decode()
        assert "every 1s" not in text
        assert link("export-download", job) in text

    @pytest.mark.parametrize(
        ("code", "words"),
        [("cohort_too_small", "longer range"), ("not_allowed", "role"), ("build_failed", "Export again")],
    )
    def test_a_failure_says_what_to_do(self, client, job, code, words):
        ExportJob.objects.update(state="failed", error_code=code)
        text = client.get(link("export-status", job), headers=HTMX).content.decode()
        assert words in text
        assert "every 1s" not in text

    def test_the_file_is_an_attachment_nobody_keeps(self, client, job):
        build(str(job.public_id))
        response = client.get(link("export-download", job))
        assert response.status_code == 200
        assert response["Content-Disposition"] == 'attachment; filename="outcomes-2027-01-01-to-2027-01-31.csv"'
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"".join(response.streaming_content) == job.path.read_bytes()
        assert AuditEvent.objects.filter(action="export.downloaded").count() == 1

    def test_anothers_export_does_not_exist(self, client, job, location, stranger):
        build(str(job.public_id))
        colleague = UserFactory(roles=["admin", "auditor"], locations=[location])
        for user in (colleague, stranger, UserFactory(roles=["auditor"], locations=[location])):
            client.force_login(user)
            assert client.get(link("export-status", job)).status_code == 404
            response = client.get(link("export-download", job))
            assert response.status_code == 404
            assert b"row_code" not in response.content
        assert not AuditEvent.objects.filter(action="export.downloaded").exists()

    def test_who_lost_the_role_lost_the_file(self, client, job, admin):
        build(str(job.public_id))
        admin.roles = ["auditor"]
        admin.save(update_fields=["roles"])
        assert client.get(link("export-download", job)).status_code == 404

    def test_an_expired_file_is_gone(self, client, job):
        build(str(job.public_id))
        ExportJob.objects.update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
        response = client.get(link("export-download", job))
        assert response.status_code == 410
        assert "Ask for the export again" in response.content.decode()
        assert "Expired" in client.get(link("export-status", job)).content.decode()

    def test_a_file_that_is_not_ready_is_a_conflict(self, client, job):
        assert client.get(link("export-download", job)).status_code == 409

    def test_nonsense_is_refused(self, page_of, admin):
        assert page_of(admin).post(EXPORT, RANGE | {"to_on": "x"}, headers=HTMX).status_code == 422
        assert not ExportJob.objects.exists()

    def test_an_anonymous_visitor_is_sent_to_sign_in(self, client, job):
        client.logout()
        for address in (REPORT, link("export-status", job), link("export-download", job)):
            assert client.get(address).status_code == 302


def test_the_range_of_today_needs_no_typing(page_of, admin, make_course):
    with time_machine.travel(datetime(2027, 2, 10, tzinfo=UTC), tick=True):
        for _ in range(6):
            make_course(baseline=8, last=2)
        assert date(2027, 1, 11) > date(2026, 2, 10)
        assert "Mean change" in page_of(admin).get(REPORT).content.decode()
