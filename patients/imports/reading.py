"""A CSV file as rows of cells, or BrokenFile. Streams: the file is never in memory as a whole."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from patients.errors import BrokenFile

LONGEST_LINE = 200_000
LONGEST_CELL = 10_000
MOST_COLUMNS = 100
_CHARACTERS_AT_ONCE = LONGEST_LINE + 1


class TextFile(Protocol):
    """Anything opened as text; ends of lines left as they are (newline="")."""

    def readline(self, limit: int = -1, /) -> str: ...


@dataclass
class Table:
    """The heading, then the rows: each with the number a spreadsheet shows."""

    file: TextFile
    header: list[str] = field(default_factory=list)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self._reader = csv.reader(self._lines(), strict=True)
        first = self._next_row()
        if first is None:
            raise BrokenFile("The file is empty.")
        self.header = _checked_header(first)

    @property
    def digest(self) -> str:
        """SHA-256 of what was read so far."""
        return self._hash.hexdigest()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not blank, with its number."""
        number = 1
        while (cells := self._next_row()) is not None:
            number += 1
            if any(cell.strip() for cell in cells):
                yield number, cells

    def _next_row(self) -> list[str] | None:
        try:
            cells = next(self._reader, None)
        except csv.Error:
            raise BrokenFile(f"Line {self._reader.line_num} has a quotation mark that is never closed.") from None
        except UnicodeDecodeError:
            raise BrokenFile("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from None
        if cells is not None and any(len(cell) > LONGEST_CELL for cell in cells):
            raise BrokenFile(f"Line {self._reader.line_num} has a cell of more than {LONGEST_CELL} characters.")
        return cells

    def _lines(self) -> Iterator[str]:
        number = 0
        while read := self.file.readline(_CHARACTERS_AT_ONCE):
            number += 1
            line = read.removeprefix("\ufeff") if number == 1 else read
            if len(line) > LONGEST_LINE:
                raise BrokenFile(f"Line {number} has more than {LONGEST_LINE} characters.")
            if "\x00" in line:
                raise BrokenFile(f"Line {number} has a NUL character: this is not a text file.")
            try:
                self._hash.update(line.encode())
            except UnicodeEncodeError:
                raise BrokenFile(f"Line {number} holds half a character: this is not text.") from None
            yield line


def _checked_header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise BrokenFile(f"The file has more than {MOST_COLUMNS} columns.")
    if "" in names:
        raise BrokenFile(f"Column {names.index('') + 1} has no name.")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if name.casefold() in seen:
            raise BrokenFile(f"Column {number} has the name of an earlier column.", column=number)
        seen.add(name.casefold())
    return names
