"""The acts: ask for an export, take its file, and note who read a report."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Location
from reports.errors import ExportExpired, ExportNotReady
from reports.models import ExportJob, ExportKind, ExportState
from reports.outcome import permitted_cohort
from reports.tasks import build_export
from staff.models import User

# Longer than a job can wait, be built three times and be fetched; `build` sets the real one.
_PROVISIONAL_EXPIRY = timedelta(hours=48)


@transaction.atomic
def request_export(*, parameters: dict[str, Any], by: User, kind: str = ExportKind.OUTCOMES) -> ExportJob:
    """Ask the worker for a file. `parameters`: from and to (dates), location_id (or None for all you see)."""
    if not by.is_administrator:
        raise NotAllowed()
    if kind not in ExportKind.values:
        raise Invalid(fields={"kind": "One of: " + ", ".join(ExportKind.values) + "."})
    stored = _checked(parameters, by)
    job = ExportJob.objects.create(
        requested_by=by, kind=kind, parameters=stored, expires_at=timezone.now() + _PROVISIONAL_EXPIRY
    )
    record(actor=by, action="export.requested", subject=job, facts={"kind": str(kind), **stored})
    # The row is the promise: without a broker the next sweep builds it.
    transaction.on_commit(partial(build_export.delay, str(job.public_id)), robust=True)
    return job


@transaction.atomic
def open_export(*, job: ExportJob, by: User) -> IO[bytes]:
    """Hand the file to whoever asked for it, while they may export and it is kept."""
    if not by.is_administrator:
        raise NotAllowed()
    if job.requested_by_id != by.pk:
        raise NotFound()
    if job.state == ExportState.EXPIRED or (job.state == ExportState.READY and job.has_expired):
        raise ExportExpired(export_id=str(job.public_id))
    if job.state != ExportState.READY:
        raise ExportNotReady(export_id=str(job.public_id), state=job.state)
    try:
        file = job.path.open("rb")
    except FileNotFoundError:
        raise ExportExpired(export_id=str(job.public_id)) from None
    record(actor=by, action="export.downloaded", subject=job, facts={"sha256": job.sha256})
    return file


@transaction.atomic
def note_report_read(*, from_on: date, to_on: date, location: Location | None, by: User) -> None:
    """One row in the trail for each report: nested ranges could single a person out."""
    record(
        actor=by,
        action="report.read",
        subject=by,
        locations=[location] if location else [],
        facts={"from": from_on.isoformat(), "to": to_on.isoformat()},
    )


def _checked(parameters: dict[str, Any], by: User) -> dict[str, Any]:
    unknown = set(parameters) - {"from", "to", "location_id"}
    if unknown:
        raise Invalid(fields=dict.fromkeys(sorted(unknown), "There is no such parameter."))
    from_on, to_on = _day(parameters, "from"), _day(parameters, "to")
    location = None
    if parameters.get("location_id"):
        location = Location.objects.visible_to(by).filter(public_id=parameters["location_id"]).first()
        if location is None:
            raise NotFound()
    permitted_cohort(user=by, from_on=from_on, to_on=to_on, location=location)
    return {
        "from": from_on.isoformat(),
        "to": to_on.isoformat(),
        "location_id": str(location.public_id) if location else None,
    }


def _day(parameters: dict[str, Any], name: str) -> date:
    value = parameters.get(name)
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise Invalid(fields={name: "A date such as 2026-11-23."}) from None
