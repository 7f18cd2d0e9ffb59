"""One page of patients by name, from either edge. No counting, no skipping."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from patients.models import Patient, PatientQuerySet

ROWS = 25


@dataclass(frozen=True)
class Page:
    """The rows, and the addresses of the pages beside them; empty where there is none."""

    rows: list[Patient]
    previous: str = ""
    next: str = ""


def page_by_name(patients: PatientQuerySet, *, after: Patient | None, before: Patient | None, text: str) -> Page:
    """The page after or before a row, or the first. `text` is the search the addresses keep."""
    if before is not None:
        rows = list(patients.before(before)[: ROWS + 1])
        has_previous, has_next = len(rows) > ROWS, True
        rows = rows[:ROWS][::-1]
    else:
        rows = list((patients.after(after) if after else patients.by_name())[: ROWS + 1])
        has_previous, has_next = after is not None, len(rows) > ROWS
        rows = rows[:ROWS]
    kept = {"q": text} if text else {}

    def address(edge: str, row: Patient) -> str:
        return "?" + urlencode({**kept, edge: row.public_id})

    return Page(
        rows,
        previous=address("before", rows[0]) if rows and has_previous else "",
        next=address("after", rows[-1]) if rows and has_next else "",
    )
