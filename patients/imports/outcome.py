"""What became of each row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from clinic.core.errors import Invalid
from patients.errors import BrokenFile
from patients.imports.columns import Layout
from patients.models import ImportBatch, ImportRefusal

# Beyond this the columns are mixed up, and nobody would read the list.
MOST_REFUSALS = 20_000


class RowRefused(Exception):
    """One row that is not taken: a stable code, a sentence, and the fields it is about."""

    def __init__(self, code: str, message: str, *fields: str, candidate_ids: Sequence[UUID] = ()) -> None:
        self.code, self.message, self.fields, self.candidate_ids = code, message, fields, tuple(candidate_ids)
        super().__init__(code)

    @classmethod
    def from_invalid(cls, problem: Invalid) -> RowRefused:
        """The fields that break their rules, in one row's words."""
        return cls("invalid", " ".join(dict.fromkeys(problem.fields.values())), *problem.fields)


@dataclass
class Tally:
    """Counts every row once; keeps the refused ones."""

    layout: Layout
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: list[ImportRefusal] = field(default_factory=list)

    def refuse(self, number: int, refusal: RowRefused) -> None:
        if len(self.refusals) == MOST_REFUSALS:
            raise BrokenFile(f"More than {MOST_REFUSALS} rows cannot be taken. Are the columns in the right place?")
        self.refusals.append(
            ImportRefusal(
                row_number=number,
                code=refusal.code,
                message=refusal.message[:300],
                fields=[self.layout.heading(name) for name in refusal.fields],
                candidate_ids=list(refusal.candidate_ids),
            )
        )

    def write_to(self, batch: ImportBatch) -> None:
        """Put the counts on the batch; the database checks that they add up."""
        batch.created_count, batch.updated_count = self.created, self.updated
        batch.unchanged_count, batch.refused_count = self.unchanged, len(self.refusals)
        batch.row_count = self.created + self.updated + self.unchanged + len(self.refusals)


def read_day(text: str, field_name: str) -> date | None:
    """A date, or the date part of an ISO time; nothing stays nothing."""
    if not text:
        return None
    day, _, clock = text.partition("T")
    try:
        if len(day) == 10 and (not clock or clock[:2].isdigit()):
            return date.fromisoformat(day)
    except ValueError:
        pass
    raise RowRefused("unreadable_date", "Write dates as year-month-day, such as 1980-05-17.", field_name)


def digest_of(*parts: object) -> str:
    """A short fingerprint of cells; the separator cannot be part of one."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def number_of(*parts: object) -> int:
    """The same as a number: half the memory where a million are kept."""
    return int(digest_of(*parts)[:16], 16)
