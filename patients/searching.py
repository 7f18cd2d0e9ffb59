"""What somebody typed into the search box: a name, a birth date, a phone number, or a name and a date. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import phonenumbers

from patients.names import name_key

# Where dates are written month first.
MONTH_FIRST = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
_MOST_WORDS = 4
_WRITTEN_DATE = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})\.?")
HINT_SHORT = "Write at least 2 letters of a name, a birth date such as 1980-05-17, or 4 digits of a phone number."
HINT_DATE = "Write the birth date as year-month-day, such as 1980-05-17."


@dataclass(frozen=True)
class SearchTerm:
    """A readable term, or a `hint` how to write one."""

    words: tuple[str, ...] = ()
    birth_on: date | None = None
    digits: str = ""
    hint: str = ""

    @property
    def kind(self) -> str:
        """What was searched by, for the trail."""
        if self.hint:
            return "unreadable"
        parts = {"name": self.words, "birth_on": self.birth_on, "phone": self.digits}
        return "+".join(name for name, part in parts.items() if part)


def read_term(text: str, *, countries: Collection[str] = ("US",)) -> SearchTerm:
    """Understand a search text the way people of these countries write dates."""
    pieces = text.replace("\x00", " ").split()
    dates = [piece for piece in pieces if _WRITTEN_DATE.fullmatch(piece)]
    if dates:
        born = read_date(dates[0], countries=countries)
        words = _words(" ".join(piece for piece in pieces if piece not in dates))
        return SearchTerm(words, birth_on=born) if born and len(dates) == 1 else SearchTerm(hint=HINT_DATE)
    digits = "".join(letter for letter in text if letter.isdecimal() and letter.isascii())
    if digits and not any(letter.isalpha() for letter in text):
        return SearchTerm(digits=digits) if len(digits) >= 4 else SearchTerm(hint=HINT_SHORT)
    words = _words(text)
    return SearchTerm(words) if len("".join(words)) >= 2 else SearchTerm(hint=HINT_SHORT)


def read_date(text: str, *, countries: Collection[str]) -> date | None:
    """A date as written; None when it could be two dates, or is none."""
    found = _WRITTEN_DATE.fullmatch(text)
    if found is None:
        return None
    first, mark, second, third = found.groups()
    if len(first) == 4:
        return _date(first, second, third)
    if len(third) != 4:
        return None
    if mark == ".":
        return _date(third, second, first)
    readings = {
        _date(third, first, second) if month_first else _date(third, second, first)
        for month_first in _orders(first, second, countries)
    }
    return readings.pop() if len(readings) == 1 else None


def _orders(first: str, second: str, countries: Collection[str]) -> set[bool]:
    if int(first) > 12:
        return {False}
    if int(second) > 12:
        return {True}
    return {country in MONTH_FIRST for country in countries} or {True, False}


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(name_key(text).split()[:_MOST_WORDS])


def beginnings(digits: str, countries: Collection[str]) -> list[str]:
    """How a stored number may begin when these digits begin it, with or without the country code."""
    national = digits.lstrip("0") or digits
    codes = {phonenumbers.country_code_for_region(country) for country in countries} - {0}
    return [f"+{national}", *(f"+{code}{national}" for code in sorted(codes))]
