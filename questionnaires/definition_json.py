"""Whether JSON can be read as a form at all: written as FHIR writes it, and storable. Stands before the FHIR library,
which forgives `"required": "false"` and stumbles over depth."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from questionnaires.form import EXCLUSIVE, HIDDEN, ITEM_CONTROL, MAXIMUM, MINIMUM, OPTION_GROUP

Problem = tuple[str, str]

MOST_BYTES = 1024 * 1024
DEEPEST = 40
_LONGEST_NUMBER = 30
ROOT = "Questionnaire"

_TOO_DEEP = f"This is nested too deeply: more than {DEEPEST} levels."


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_coding(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("code"), str) and value["code"] != ""


def _is_concept(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.get("coding", []))


_Written = tuple[Callable[[Any], bool], str]
_BOOLEAN: _Written = (lambda value: isinstance(value, bool), "Write true or false, without quotation marks.")
_WHOLE: _Written = (_is_whole, "Write a whole number, without quotation marks.")
_NUMBER: _Written = (_is_number, "Write a number, without quotation marks.")
_CODING: _Written = (_is_coding, "A Coding needs a code.")
_WRITTEN: dict[str, _Written] = {
    **dict.fromkeys(("required", "repeats", "readOnly", "initialSelected", "valueBoolean", "answerBoolean"), _BOOLEAN),
    **dict.fromkeys(("maxLength", "valueInteger", "answerInteger"), _WHOLE),
    **dict.fromkeys(("valueDecimal", "answerDecimal"), _NUMBER),
    **dict.fromkeys(("valueCoding", "answerCoding"), _CODING),
    "valueCodeableConcept": (_is_concept, "A CodeableConcept holds a list of codings."),
}
# Extensions that mean something here, and how their value is written.
_EXTENSIONS = {
    HIDDEN: ("valueBoolean",),
    EXCLUSIVE: ("valueBoolean",),
    MINIMUM: ("valueInteger", "valueDecimal"),
    MAXIMUM: ("valueInteger", "valueDecimal"),
    ITEM_CONTROL: ("valueCodeableConcept",),
    OPTION_GROUP: ("valueCoding",),
}


def read_json(text: str) -> Any:
    """The value in a JSON text. Raises ValueError with a sentence that says where it is broken."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_whole, object_pairs_hook=_each_name_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"Not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("Not JSON: a number is too long.")
    return int(digits)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"Not JSON: {name} is not a number.")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values with one name only the last would count, without a word."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"Not clear: “{twice[:60]}” stands twice in one object.")
    return made


def json_problems(definition: Any) -> Iterator[Problem]:
    """What neither we nor the database could read, each by its path."""
    if not isinstance(definition, Mapping):
        yield ROOT, "A Questionnaire is a JSON object."
        return
    waiting: list[tuple[tuple[str, ...], Any]] = [((), definition)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEEPEST:
            yield shown(path[:6]) + "…", _TOO_DEEP
            return
        wrong = _of_value(path, value)
        if wrong:
            yield shown(path), wrong
        if isinstance(value, Mapping):
            waiting.extend(((*path, str(name)), one) for name, one in reversed(list(value.items())))
        elif isinstance(value, list):
            waiting.extend(((*path, str(number)), one) for number, one in reversed(list(enumerate(value))))


def is_too_large(definition: Any) -> bool:
    """Whether a definition read without problems takes more room than a form may."""
    return len(json.dumps(definition)) > MOST_BYTES


def shown(path: tuple[str, ...]) -> str:
    """A path as people read it: item.0.linkId. What cannot be printed is left out."""
    return ".".join(path).encode("utf-8", "replace").decode()[:200] or ROOT


def _of_value(path: tuple[str, ...], value: Any) -> str:
    if path and _cannot_be_stored(path[-1]):
        return "The name contains a character that cannot be stored."
    if value is None:
        return "FHIR JSON has no null: leave it out."
    if isinstance(value, str) and _cannot_be_stored(value):
        return "This contains a character that cannot be stored."
    if isinstance(value, float) and not math.isfinite(value):
        return "This number is too large."
    if isinstance(value, Mapping):
        return _of_extension(value) or _of_written(path, value)
    return _of_written(path, value)


def _of_extension(value: Mapping[str, Any]) -> str:
    allowed = _EXTENSIONS.get(str(value.get("url")))
    return "" if allowed is None or set(allowed) & set(value) else f"Write its value as {' or '.join(allowed)}."


def _of_written(path: tuple[str, ...], value: Any) -> str:
    fits, words = _WRITTEN.get(path[-1] if path else "", (None, ""))
    return words if fits is not None and not fits(value) else ""


def _cannot_be_stored(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
