"""The file: what is in it, that it is built once, kept privately, expires, and agrees with the screen."""

import csv
import hashlib
import io
import stat
import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from reports import cohort, export
from reports.definitions import OUTCOME_COLUMNS
from reports.errors import ExportExpired, ExportNotReady
from reports.export import age_band, build, sweep
from reports.models import ExportJob
from reports.outcome import outcome_report
from reports.services import open_export, request_export
from reports.statistics import mean_change
from reports.tasks import build_export, expire_exports
from tests.factories import NINE, ConditionFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
JANUARY = {"from": date(2027, 1, 1), "to": date(2027, 1, 31)}


@pytest.fixture(autouse=True)
def private_files(tmp_path, settings):
    settings.PRIVATE_FILES_ROOT = tmp_path


@pytest.fixture
def people(make_course):
    """Ten people: the vector of clinical.md 7.2, one of them without a last score, and one second episode."""
    baseline, last = [7, 6, 8, 5, 7, 9, 6, 4, 8, 7], [4, 5, 3, 5, 4, 6, 2, 4, 5, None]
    episodes = [make_course(baseline=b, last=after) for b, after in zip(baseline, last, strict=True)]
    make_course(baseline=1, last=9, patient=episodes[0].patient, first_at=NINE + timedelta(days=3))
    return episodes


def ready(admin, **changes):
    job = request_export(parameters=JANUARY | changes, by=admin)
    build(str(job.public_id))
    job.refresh_from_db()
    return job


def rows_of(job):
    return list(csv.DictReader(io.StringIO(job.path.read_text(encoding="utf-8"), newline="")))


def files():
    return sorted(path.name for path in (Path(settings.PRIVATE_FILES_ROOT) / "exports").glob("*"))


class TestAsking:
    def test_is_a_row_and_an_audit_event(self, admin, location):
        job = request_export(parameters=JANUARY | {"location_id": location.public_id}, by=admin)
        assert (job.state, job.kind, job.requested_by) == ("queued", "outcomes", admin)
        expected = {"from": "2027-01-01", "to": "2027-01-31", "location_id": str(location.public_id)}
        assert job.parameters == expected
        assert AuditEvent.objects.get().facts == {"kind": "outcomes", **expected}

    @pytest.mark.parametrize("role", ["auditor", "therapist", "front_desk"])
    def test_only_admins_export(self, location, role):
        with pytest.raises(NotAllowed):
            request_export(parameters=JANUARY, by=UserFactory(roles=[role], locations=[location]))
        assert not ExportJob.objects.exists()
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"from": "x", "to": "2027-01-31"}, "from"),
            ({"from": "2027-01-01"}, "to"),
            ({"from": "2027-02-01", "to": "2027-01-01"}, "to"),
            ({**JANUARY, "patient": "x"}, "patient"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, admin, parameters, field):
        with pytest.raises(Invalid) as refusal:
            request_export(parameters=parameters, by=admin)
        assert list(refusal.value.fields) == [field]
        assert not ExportJob.objects.exists()

    def test_a_place_that_is_not_ones_own_and_an_unknown_kind_are_refused(self, admin):
        with pytest.raises(NotFound):
            request_export(parameters=JANUARY | {"location_id": LocationFactory().public_id}, by=admin)
        with pytest.raises(Invalid):
            request_export(parameters=JANUARY, kind="everything", by=admin)
        assert not ExportJob.objects.exists()


class TestTheFile:
    def test_has_one_row_for_each_episode_and_exactly_the_listed_columns(self, admin, people):
        job = ready(admin)
        rows = rows_of(job)
        assert list(rows[0]) == list(OUTCOME_COLUMNS)
        assert len(rows) == 11
        assert (job.state, job.done_count, job.total_count) == ("ready", 11, 11)

    def test_agrees_with_the_screen(self, admin, people):
        report = outcome_report(user=admin, from_on=JANUARY["from"], to_on=JANUARY["to"])
        rows = [row for row in rows_of(ready(admin)) if row["is_first_episode_of_person"] == "1"]
        paired = [row for row in rows if row["baseline"] and row["last"]]
        recomputed = mean_change([int(row["baseline"]) for row in paired], [int(row["last"]) for row in paired])
        for name in ("n", "mean", "mean_baseline", "mean_last", "sd", "srm_corrected", "effect_size_corrected"):
            assert getattr(recomputed, name) == pytest.approx(getattr(report.change, name), abs=1e-9)
        assert recomputed.interval.low == pytest.approx(report.change.interval.low, abs=1e-9)
        assert len(rows) == report.flow.people.value == 10
        shares = {row.code: row for row in report.indicators}
        counted = sum(row["fell_2_points"] == "1" for row in rows)
        assert (counted, len(paired)) == (6, 9)
        assert shares["fell_2_points"].of_completers.count.text == "all but fewer than 5"
        for code in ("fell_30_percent", "fell_50_percent", "rose_2_points"):
            count = sum(row[code] == "1" for row in rows)
            assert shares[code].of_all.count.value in {count, None}

    def test_says_nothing_about_who_it_is(self, admin, make_course, location):
        patients = [
            PatientFactory(
                locations=[location], given_name=f"Zebulon{n}", family_name="Quartermain", phone="+12125550123",
                address="7 Elm Street", postal_code="10001", birth_on=date(1931, 3, 4),
            )
            for n in range(6)
        ]  # fmt: skip
        for patient in patients:
            condition = ConditionFactory(patient=patient, kind="other", text="=HYPERLINK(secret)")
            make_course(baseline=7, last=4, patient=patient, condition=condition)
        job = ready(admin)
        text = job.path.read_text(encoding="utf-8")
        manifest = str(job.manifest)
        for secret in (
            "Zebulon",
            "Quartermain",
            "secret",
            "Elm",
            "10001",
            "2125550123",
            "1931",
            "2027-01-11",
            "Downtown",
        ):
            assert secret not in text
            if secret != "2027-01-11":
                assert secret not in manifest
        ids = [str(row.public_id) for row in (*patients, location, admin)]
        assert not any(value in text or value.replace("-", "") in text for value in ids)
        assert {row["age_band"] for row in rows_of(job)} == {"90+"}
        assert {row["condition_kind"] for row in rows_of(job)} == {"other"}

    def test_row_codes_are_random_and_differ_between_files(self, admin, people):
        first, second = rows_of(ready(admin)), rows_of(ready(admin))
        codes = [{row["row_code"] for row in rows} for rows in (first, second)]
        assert len(codes[0]) == 11
        assert not codes[0] & codes[1]
        assert [row["row_code"] for row in first] == sorted(codes[0])

    def test_its_hash_size_and_manifest_are_kept(self, admin, people):
        job = ready(admin)
        content = job.path.read_bytes()
        assert job.sha256 == hashlib.sha256(content).hexdigest()
        assert job.byte_count == len(content)
        assert job.manifest["parameters"] == job.parameters
        assert job.manifest["row_count"] == 11
        assert [column["name"] for column in job.manifest["columns"]] == list(OUTCOME_COLUMNS)
        assert job.manifest["software_version"]
        assert job.manifest["sha256"] == job.sha256
        assert datetime.fromisoformat(job.manifest["generated_at"]).tzinfo is not None

    def test_is_private_on_the_disk(self, admin, people):
        job = ready(admin)
        assert stat.S_IMODE(job.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(job.path.parent.stat().st_mode) == 0o700
        assert files() == [f"{job.public_id}.csv"]

    def test_expires_a_day_after_it_was_built(self, admin, people):
        job = ready(admin)
        assert timedelta(hours=23, minutes=59) < job.expires_at - datetime.now(UTC) <= timedelta(hours=24)

    def test_counts_only_what_the_person_sees_when_it_is_built(self, admin, people, location, make_course):
        second = LocationFactory()
        admin.locations.add(second)
        for _ in range(5):
            make_course(baseline=5, last=5, location=second, patient=PatientFactory(locations=[second]))
        job = request_export(parameters=JANUARY, by=admin)
        admin.locations.remove(location)
        build(str(job.public_id))
        assert len(rows_of(job)) == 5

    def test_an_empty_range_gives_a_header_and_nothing_else(self, admin):
        assert rows_of(ready(admin)) == []

    @pytest.mark.parametrize(
        ("age", "band"), [(0, "0-9"), (9, "0-9"), (46, "40-49"), (89, "80-89"), (90, "90+"), (104, "90+")]
    )
    def test_ages_are_pooled(self, age, band):
        assert age_band(age) == band


class TestFailing:
    def test_rows_of_too_few_people_are_refused(self, admin, make_course):
        for _ in range(4):
            make_course(baseline=7, last=4)
        job = ready(admin)
        assert (job.state, job.error_code, job.sha256) == ("failed", "cohort_too_small", "")
        assert files() == []
        assert AuditEvent.objects.get(action="export.failed").facts == {"code": "cohort_too_small"}

    def test_somebody_who_lost_the_role_or_the_place_gets_nothing(self, admin, people, location):
        demoted = request_export(parameters=JANUARY, by=admin)
        moved = request_export(parameters=JANUARY | {"location_id": location.public_id}, by=admin)
        admin.locations.remove(location)
        build(str(moved.public_id))
        admin.roles = ["auditor"]
        admin.save(update_fields=["roles"])
        build(str(demoted.public_id))
        codes = ExportJob.objects.order_by("id").values_list("state", "error_code")
        assert list(codes) == [("failed", "not_allowed"), ("failed", "not_found")]
        assert files() == []

    def test_an_error_leaves_a_failed_row_and_no_file(self, admin, people, monkeypatch):
        def broken(*args, **kwargs):
            yield from ()
            raise OSError("no space left")

        monkeypatch.setattr(export, "stream_rows", broken)
        job = request_export(parameters=JANUARY, by=admin)
        with pytest.raises(OSError, match="no space"):
            build(str(job.public_id))
        job.refresh_from_db()
        assert (job.state, job.error_code) == ("failed", "build_failed")
        assert files() == []


class TestBuildingTwice:
    def test_a_second_call_does_nothing(self, admin, people):
        job = ready(admin)
        before = job.path.read_bytes()
        build_export(str(job.public_id))
        job.refresh_from_db()
        assert job.path.read_bytes() == before
        assert (job.attempt_count, AuditEvent.objects.filter(action="export.built").count()) == (1, 1)

    def test_a_worker_that_lost_its_lease_leaves_no_trace(self, admin, people, monkeypatch):
        job = request_export(parameters=JANUARY, by=admin)
        real = cohort.stream_rows

        def slow(*args, **kwargs):
            for chunk in real(*args, **kwargs):
                ExportJob.objects.filter(pk=job.pk).update(claim_token=uuid.uuid4())
                yield chunk

        monkeypatch.setattr(export, "stream_rows", slow)
        build(str(job.public_id))
        job.refresh_from_db()
        assert job.state == "building"
        assert files() == []
        assert not AuditEvent.objects.filter(action="export.built").exists()

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_at_once_make_one_file(self, admin, people):
        job = request_export(parameters=JANUARY, by=admin)
        barrier = threading.Barrier(2)

        def run():
            barrier.wait()
            try:
                build(str(job.public_id))
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        job.refresh_from_db()
        assert (job.state, job.attempt_count) == ("ready", 1)
        assert files() == [f"{job.public_id}.csv"]
        assert hashlib.sha256(job.path.read_bytes()).hexdigest() == job.sha256
        assert AuditEvent.objects.filter(action="export.built").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_progress_is_seen_from_outside_while_it_is_built(self, admin, people, monkeypatch):
        monkeypatch.setattr(export, "CHUNK", 4)
        job = request_export(parameters=JANUARY, by=admin)
        seen, real = [], export._renew

        def look():
            seen.append(ExportJob.objects.values_list("state", "done_count", "total_count").get(pk=job.pk))
            connection.close()

        def renew(*args, **kwargs):
            real(*args, **kwargs)
            onlooker = threading.Thread(target=look)
            onlooker.start()
            onlooker.join()

        monkeypatch.setattr(export, "_renew", renew)
        build(str(job.public_id))
        assert seen == [("building", 4, 11), ("building", 8, 11), ("building", 11, 11)]


class TestSweeping:
    def test_a_forgotten_job_is_built(self, admin, people):
        job = request_export(parameters=JANUARY, by=admin)
        sweep()
        job.refresh_from_db()
        assert job.state == "queued"
        ExportJob.objects.update(updated_at=Now() - timedelta(minutes=2))
        expire_exports()
        job.refresh_from_db()
        assert job.state == "ready"

    def test_a_job_whose_worker_died_is_taken_up_three_times_and_then_given_up(self, admin, people):
        job = request_export(parameters=JANUARY, by=admin)
        abandoned = {
            "state": "building",
            "lease_until": Now() - timedelta(seconds=1),
            "updated_at": Now() - timedelta(minutes=2),
        }
        ExportJob.objects.update(**abandoned, attempt_count=2)
        sweep()
        job.refresh_from_db()
        assert (job.state, job.attempt_count) == ("ready", 3)
        ExportJob.objects.update(**abandoned)
        sweep()
        job.refresh_from_db()
        assert (job.state, job.error_code) == ("failed", "gave_up")

    def test_a_job_still_being_built_is_left_alone(self, admin, people):
        job = request_export(parameters=JANUARY, by=admin)
        ExportJob.objects.update(state="building", lease_until=Now() + timedelta(minutes=1), attempt_count=1)
        sweep()
        build(str(job.public_id))
        job.refresh_from_db()
        assert (job.state, job.attempt_count) == ("building", 1)

    def test_an_expired_file_is_removed_and_an_unexpired_one_stays(self, admin, people):
        old, young = ready(admin), ready(admin)
        ExportJob.objects.filter(pk=old.pk).update(expires_at=Now() - timedelta(seconds=1))
        sweep()
        sweep()
        old.refresh_from_db()
        young.refresh_from_db()
        assert (old.state, young.state) == ("expired", "ready")
        assert files() == [f"{young.public_id}.csv"]
        assert AuditEvent.objects.filter(action="export.expired").count() == 1


class TestTaking:
    def test_hands_the_file_to_whoever_asked_and_audits_it(self, admin, people):
        job = ready(admin)
        with open_export(job=job, by=admin) as file:
            assert hashlib.sha256(file.read()).hexdigest() == job.sha256
        event = AuditEvent.objects.get(action="export.downloaded")
        assert (event.actor_id, event.facts) == (admin.public_id, {"sha256": job.sha256})

    def test_nobody_else_gets_it(self, admin, people, location):
        job = ready(admin)
        with pytest.raises(NotFound):
            open_export(job=job, by=UserFactory(roles=["admin"], locations=[location]))
        admin.roles = ["therapist"]
        with pytest.raises(NotAllowed):
            open_export(job=job, by=admin)
        assert not AuditEvent.objects.filter(action="export.downloaded").exists()

    def test_not_before_it_is_ready_and_not_after_it_expired(self, admin, people):
        waiting = request_export(parameters=JANUARY, by=admin)
        with pytest.raises(ExportNotReady):
            open_export(job=waiting, by=admin)
        job = ready(admin)
        job.expires_at = datetime.now(UTC)
        with pytest.raises(ExportExpired):
            open_export(job=job, by=admin)
        gone = ready(admin)
        gone.path.unlink()
        with pytest.raises(ExportExpired):
            open_export(job=gone, by=admin)
        assert not AuditEvent.objects.filter(action="export.downloaded").exists()
