"""One import from the first line to the account of every row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from django.db import connection, transaction

from audit.actors import Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Location
from patients.errors import ImportOvertaken, OtherFile
from patients.identity import clean_text
from patients.imports.columns import find_layout
from patients.imports.history import HistoryRows
from patients.imports.outcome import RowRefused, Tally
from patients.imports.people import PatientRows
from patients.imports.reading import Table, TextFile
from patients.models import ImportBatch, ImportKind, ImportRefusal, Patient

ROWS_AT_ONCE = 500
_LOCK_FAMILY = 0x696D  # keeps our advisory locks apart from others'


class Taker(Protocol):
    """Takes some rows of one kind and tallies each."""

    def take(self, rows: list[tuple[int, dict[str, str]]], tally: Tally) -> None: ...


class _OnlyTried(Exception):
    """Ends a dry run: everything done since the savepoint is undone."""


@transaction.atomic
def run_import(
    *,
    file: TextFile,
    kind: str,
    source: str,
    location: Location,
    is_dry_run: bool,
    by: Actor,
    expected_digest: str = "",
) -> ImportBatch:
    """Take the good rows of a file and account for all; a file broken as a whole leaves nothing behind.

    A dry run does the same work and undoes it, keeping only the account. The same file again changes nothing.
    `expected_digest`: refuse any other file than the one tried.
    """
    _may(by, location)
    batch = ImportBatch(kind=_known(kind), source=_named(source), location=location, is_dry_run=is_dry_run)
    _queue_behind_imports_of(batch.source)
    table = Table(file)
    tally = Tally(find_layout(kind, table.header))
    taker: Taker = (
        PatientRows(batch, by, tally.layout) if kind == ImportKind.PATIENTS else HistoryRows(batch, by, tally.layout)
    )
    overtaken = ImportOvertaken()
    with translate_constraints(patient_same_name_and_birth_date_once=overtaken, patient_imported_once=overtaken):
        _take_all(table, taker, tally, is_dry_run=is_dry_run)
    batch.file_digest = table.digest
    if expected_digest and table.digest != expected_digest:
        raise OtherFile()
    batch.ignored_columns = tally.layout.ignored
    tally.write_to(batch)
    batch.save()
    _keep_refusals(batch, tally)
    _note(batch, by)
    return batch


def _take_all(table: Table, taker: Taker, tally: Tally, *, is_dry_run: bool) -> None:
    try:
        with transaction.atomic():
            rows = _readable(table, tally)
            while some := list(islice(rows, ROWS_AT_ONCE)):
                taker.take(some, tally)
            if is_dry_run:
                raise _OnlyTried()
    except _OnlyTried:
        return


def _readable(table: Table, tally: Tally) -> Iterator[tuple[int, dict[str, str]]]:
    for number, row in table.rows():
        if len(row) == len(table.header):
            yield number, tally.layout.cells(row)
        else:
            message = f"The row has {len(row)} cells, the heading {len(table.header)}."
            tally.refuse(number, RowRefused("wrong_cell_count", message))


def _keep_refusals(batch: ImportBatch, tally: Tally) -> None:
    # A dry run's own rows are gone by now: they are no candidates anybody could open.
    named = {candidate for refusal in tally.refusals for candidate in refusal.candidate_ids}
    standing = set(Patient.objects.filter(public_id__in=named).values_list("public_id", flat=True)) if named else set()
    for refusal in tally.refusals:
        refusal.batch = batch
        refusal.candidate_ids = [candidate for candidate in refusal.candidate_ids if candidate in standing]
    ImportRefusal.objects.bulk_create(tally.refusals, batch_size=ROWS_AT_ONCE)


def _may(by: Actor, location: Location) -> None:
    if by.actor_kind == "system":
        return
    if not getattr(by, "is_administrator", False):
        raise NotAllowed()
    if not Location.objects.visible_to(by).filter(pk=location.pk).exists():
        raise NotFound()


def _queue_behind_imports_of(source: str) -> None:
    # Two imports of one source at once would both see a row as new.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_FAMILY, source])


def _known(kind: str) -> str:
    if kind not in ImportKind.values:
        raise Invalid(fields={"kind": f"Choose one of: {', '.join(ImportKind.values)}."})
    return kind


def _named(source: str) -> str:
    try:
        return clean_text(source, longest=40, is_required=True)
    except ValueError as problem:
        raise Invalid(fields={"source": str(problem)}) from None


def _note(batch: ImportBatch, by: Actor) -> None:
    counts = {name: getattr(batch, f"{name}_count") for name in ("row", "created", "updated", "unchanged", "refused")}
    record(
        actor=by,
        action="patients.import_tried" if batch.is_dry_run else "patients.imported",
        subject=batch,
        locations=[batch.location],
        facts={"kind": str(batch.kind), **counts},
    )
