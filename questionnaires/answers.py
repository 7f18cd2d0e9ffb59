"""Whether an answer fits its question. The one place that decides, for pages and API alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from questionnaires.form import Form, Item

MAX_STRING = 200
MAX_TEXT = 4000
MAX_REPEATS = 60
MAX_NUMBER = 1_000_000


class Misfit(Exception):
    """An answer that does not fit; its message is for the person who gave it."""


def check_answers(form: Form, answers: Mapping[str, Any], *, by_patient: bool = True) -> dict[str, str]:
    """What is wrong, by linkId; empty when all is well. None takes an answer back."""
    problems = {}
    for link_id, value in answers.items():
        item = form.items.get(link_id)
        if item is None or not item.is_question or (by_patient and item.is_hidden):
            problems[_printable(link_id)] = _("There is no such question in this form.")
            continue
        try:
            check_answer(item, value)
        except Misfit as misfit:
            problems[link_id] = str(misfit)
    return problems


def _printable(link_id: Any) -> str:
    """What was sent as a name, short and without what no answer of ours could carry."""
    return str(link_id)[:60].encode("utf-8", "replace").decode().replace("\x00", "?")


def check_answer(item: Item, value: Any) -> None:
    """Raise Misfit unless the value answers the question."""
    if value is None:
        return
    if not item.repeats:
        if isinstance(value, list):
            raise Misfit(_("Give one answer only."))
        _CHECKS[item.type](item, value)
        return
    if not isinstance(value, list):
        raise Misfit(_("Give a list of answers."))
    _check_list(item, value)


def _check_list(item: Item, values: list[Any]) -> None:
    if len(values) > MAX_REPEATS:
        raise Misfit(_("That is too many answers."))
    for value in values:
        _CHECKS[item.type](item, value)
    if any(values.count(value) > 1 for value in values):
        raise Misfit(_("The same answer is given twice."))
    exclusive = {option.code for option in item.options if option.is_exclusive}
    if len(values) > 1 and any(isinstance(value, str) and value in exclusive for value in values):
        raise Misfit(_("“None of these” cannot be combined with another answer."))


def _check_boolean(item: Item, value: Any) -> None:
    if not isinstance(value, bool):
        raise Misfit(_("Answer true or false."))


def _check_choice(item: Item, value: Any) -> None:
    if not isinstance(value, str) or value not in item.codes:
        raise Misfit(_("Choose one of the answers offered."))


def _check_open_choice(item: Item, value: Any) -> None:
    if isinstance(value, Mapping) and set(value) == {"other"}:
        _check_words(value["other"], item.max_length or MAX_STRING, one_line=True)
        return
    _check_choice(item, value)


def _check_integer(item: Item, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misfit(_("Enter a whole number."))
    _check_range(item, value)


def _check_decimal(item: Item, value: Any) -> None:
    # A whole number may be too long for isfinite; its range is looked at next.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)):
        raise Misfit(_("Enter a number."))
    _check_range(item, value)


def _check_range(item: Item, value: float) -> None:
    low = -MAX_NUMBER if item.minimum is None else item.minimum
    high = MAX_NUMBER if item.maximum is None else item.maximum
    if not low <= value <= high:
        raise Misfit(_("Enter a number from %(low)s to %(high)s.") % {"low": low, "high": high})


def _check_date(item: Item, value: Any) -> None:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-23") else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2200:
        raise Misfit(_("Enter a date such as 2026-11-23."))


def _check_string(item: Item, value: Any) -> None:
    _check_words(value, item.max_length or MAX_STRING, one_line=True)


def _check_text(item: Item, value: Any) -> None:
    _check_words(value, item.max_length or MAX_TEXT, one_line=False)


def _check_words(value: Any, longest: int, *, one_line: bool) -> None:
    if not isinstance(value, str):
        raise Misfit(_("Answer in words."))
    if len(value) > longest:
        raise Misfit(_("At most %(longest)s characters, please.") % {"longest": longest})
    forbidden = set("\x00") | (set("\r\n") if one_line else set())
    # A lone surrogate can be typed into JSON but never stored.
    if forbidden & set(value) or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Misfit(_("This contains a character that cannot be stored."))


_CHECKS: dict[str, Callable[[Item, Any], None]] = {
    "boolean": _check_boolean,
    "choice": _check_choice,
    "open-choice": _check_open_choice,
    "integer": _check_integer,
    "decimal": _check_decimal,
    "date": _check_date,
    "string": _check_string,
    "text": _check_text,
}
