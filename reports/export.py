"""Building an export: claim, stream, hash, put in place. And clearing up after a day."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import os
import time
import tomllib
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import SYSTEM
from audit.services import record
from clinic.core.errors import ClinicError, NotAllowed, NotFound
from clinic.models import Location
from patients.catalogue import CONDITIONS
from reports import outcome
from reports.cohort import Cohort, EpisodeRow, stream_rows
from reports.csv_cells import cell
from reports.definitions import COHORT_RULES, OUTCOME_COLUMNS, PITFALLS
from reports.errors import ClaimLost, CohortTooSmall
from reports.models import ExportJob, ExportState
from reports.suppression import is_small, minimum_cell

CHUNK = 1000
# A worker that says nothing for this long is taken for dead; it renews with every chunk.
LEASE = timedelta(seconds=60)
ATTEMPTS = 3
KEPT_FOR = timedelta(hours=24)
# A job nobody picked up: the broker lost its alarm.
_FORGOTTEN_AFTER = timedelta(seconds=60)
_PART_KEPT_SECONDS = 3600
_OLDEST_BAND = 90


def build(public_id: str) -> None:
    """Write the file of one export. Safe to call any number of times, from any number of workers."""
    claim_token = uuid.uuid4()
    if not _claim(public_id, claim_token):
        return
    job = ExportJob.objects.select_related("requested_by").get(public_id=public_id)
    try:
        _build(job, claim_token)
    except ClaimLost:
        return
    except ClinicError as refusal:
        _fail(job, claim_token, refusal.code)
    except Exception:
        _fail(job, claim_token, "build_failed")
        raise


def sweep() -> None:
    """Remove what has expired, and take up what no worker is building."""
    for job in ExportJob.objects.past_expiry().order_by("pk"):
        _expire(job)
    for part in _folder().glob("*.part"):
        if time.time() - part.stat().st_mtime > _PART_KEPT_SECONDS:
            part.unlink(missing_ok=True)
    left_behind = ExportJob.objects.claimable().filter(updated_at__lt=Now() - _FORGOTTEN_AFTER).order_by("pk")
    for job in left_behind:
        if job.attempt_count < ATTEMPTS:
            build(str(job.public_id))
        else:
            _give_up(job)


def _claim(public_id: str, claim_token: uuid.UUID) -> bool:
    waiting = ExportJob.objects.claimable().filter(public_id=public_id)
    claimed = waiting.update(
        state=ExportState.BUILDING,
        claim_token=claim_token,
        lease_until=Now() + LEASE,
        attempt_count=F("attempt_count") + 1,
        done_count=0,
        total_count=0,
        updated_at=Now(),
    )
    return claimed == 1


def _build(job: ExportJob, claim_token: uuid.UUID) -> None:
    cohort = _cohort(job)
    part = _folder() / f"{job.public_id}.{claim_token}.part"
    try:
        with open(part, "xb", opener=_private) as file:
            digest, byte_count, row_count = _write(file, job, cohort, claim_token)
            os.fsync(file.fileno())
        _finish(job, claim_token, part, digest=digest, byte_count=byte_count, row_count=row_count)
    finally:
        part.unlink(missing_ok=True)


def _cohort(job: ExportJob) -> Cohort:
    """What the person who asked may count now, which may be less than when they asked."""
    user = job.requested_by
    if not user.is_administrator:
        raise NotAllowed()
    location = None
    if job.parameters["location_id"]:
        location = Location.objects.visible_to(user).filter(public_id=job.parameters["location_id"]).first()
        if location is None:
            raise NotFound()
    from_on, to_on = (date.fromisoformat(job.parameters[end]) for end in ("from", "to"))
    return outcome.permitted_cohort(user=user, from_on=from_on, to_on=to_on, location=location)


def _write(file: IO[bytes], job: ExportJob, cohort: Cohort, claim_token: uuid.UUID) -> tuple[str, int, int]:
    """Write every row, renewing the lease and telling how far it is. Returns digest, bytes and rows."""
    places = {pk: f"L{number}" for number, pk in enumerate(_locations(), start=1)}
    digest, byte_count, row_count, people = hashlib.sha256(), 0, 0, 0
    header = _encode([list(OUTCOME_COLUMNS)])
    for block, rows in _blocks(header, cohort, places):
        file.write(block)
        digest.update(block)
        byte_count += len(block)
        row_count += len(rows)
        people += sum(row.is_first_episode for row in rows)
        if rows:
            _renew(job, claim_token, done=row_count, total=rows[0].total)
    if is_small(people):
        raise CohortTooSmall(minimum=minimum_cell())
    return digest.hexdigest(), byte_count, row_count


def _blocks(header: bytes, cohort: Cohort, places: dict[int, str]) -> Iterable[tuple[bytes, list[EpisodeRow]]]:
    yield header, []
    for rows in stream_rows(cohort, chunk_size=CHUNK):
        yield _encode(outcome_cells(row, places) for row in rows), rows


def outcome_cells(row: EpisodeRow, places: dict[int, str]) -> list[Any]:
    """The cells of one episode, in the order of OUTCOME_COLUMNS."""
    has_both = row.baseline is not None and row.last is not None
    flags: dict[str, bool | None] = {
        code: rule(row.baseline, row.last) if has_both and (row.baseline or not needs_pain) else None
        for code, _, rule, needs_pain in outcome.INDICATORS
    }
    return [
        row.row_code,
        places[row.location_id],
        row.is_first_episode,
        age_band(row.age),
        row.sex,
        _condition(row.condition_kind),
        row.chronicity or "not_recorded",
        row.baseline,
        row.last,
        row.last - row.baseline if row.baseline is not None and row.last is not None else None,
        row.session_count,
        row.days_to_first_treatment,
        row.days_to_last,
        flags["fell_2_points"],
        flags["fell_30_percent"],
        flags["fell_50_percent"],
        flags["rose_2_points"],
    ]


def _condition(kind: str | None) -> str:
    """Only keys of the catalogue leave, whatever the column holds."""
    if kind is None:
        return "not_recorded"
    return kind if kind in CONDITIONS else "other"


def age_band(age: int) -> str:
    """Ten years wide; everybody from 90 together."""
    if age >= _OLDEST_BAND:
        return f"{_OLDEST_BAND}+"
    start = age // 10 * 10
    return f"{start}-{start + 9}"


def _encode(rows: Iterable[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _renew(job: ExportJob, claim_token: uuid.UUID, *, done: int, total: int) -> None:
    held = ExportJob.objects.held_by(claim_token).filter(pk=job.pk)
    if held.update(done_count=done, total_count=total, lease_until=Now() + LEASE, updated_at=Now()) != 1:
        raise ClaimLost()


@transaction.atomic
def _finish(
    job: ExportJob, claim_token: uuid.UUID, part: Path, *, digest: str, byte_count: int, row_count: int
) -> None:
    """Ready and in place, or neither: the row is locked while the file takes its name."""
    now = timezone.now()
    ready = (
        ExportJob.objects.held_by(claim_token)
        .filter(pk=job.pk)
        .update(
            state=ExportState.READY,
            done_count=row_count,
            total_count=row_count,
            sha256=digest,
            byte_count=byte_count,
            manifest={**_manifest(job), "generated_at": now.isoformat(), "row_count": row_count, "sha256": digest},
            lease_until=None,
            expires_at=now + KEPT_FOR,
            updated_at=Now(),
        )
    )
    if ready != 1:
        raise ClaimLost()
    part.replace(job.path)
    record(actor=SYSTEM, action="export.built", subject=job, facts={"sha256": digest, "row_count": row_count})


def _manifest(job: ExportJob) -> dict[str, Any]:
    return {
        "kind": job.kind,
        "parameters": job.parameters,
        "columns": [{"name": name, "meaning": meaning} for name, meaning in OUTCOME_COLUMNS.items()],
        "rules": list(COHORT_RULES),
        "pitfalls": list(PITFALLS),
        "minimum_cell": minimum_cell(),
        "software_version": software_version(),
    }


@transaction.atomic
def _fail(job: ExportJob, claim_token: uuid.UUID, code: str) -> None:
    failed = ExportJob.objects.held_by(claim_token).filter(pk=job.pk)
    if failed.update(state=ExportState.FAILED, error_code=code[:40], lease_until=None, updated_at=Now()) == 1:
        record(actor=SYSTEM, action="export.failed", subject=job, facts={"code": code})


@transaction.atomic
def _give_up(job: ExportJob) -> None:
    left = ExportJob.objects.claimable().filter(pk=job.pk, attempt_count__gte=ATTEMPTS)
    if left.update(state=ExportState.FAILED, error_code="gave_up", lease_until=None, updated_at=Now()) == 1:
        record(actor=SYSTEM, action="export.failed", subject=job, facts={"code": "gave_up"})


@transaction.atomic
def _expire(job: ExportJob) -> None:
    job.path.unlink(missing_ok=True)
    if ExportJob.objects.past_expiry().filter(pk=job.pk).update(state=ExportState.EXPIRED, updated_at=Now()) == 1:
        record(actor=SYSTEM, action="export.expired", subject=job)


def _folder() -> Path:
    folder = Path(settings.PRIVATE_FILES_ROOT) / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _locations() -> Iterable[int]:
    return Location.objects.order_by("pk").values_list("pk", flat=True)


@functools.cache
def software_version() -> str:
    """The release that wrote the file."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
