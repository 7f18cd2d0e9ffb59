"""JSON as it comes in: what no field could name or hold is refused at the door, by its path."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

DEEPEST = 64
_TOO_DEEP = f"JSON parse error - nested deeper than {DEEPEST} levels."


class ClinicJSONParser(JSONParser):
    """Strict JSON: not endlessly deep, no endless numbers, no names with half a character, which no answer quotes."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            body = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None
        for path, value in _walk(body):
            if len(path) > DEEPEST:
                raise ParseError(_TOO_DEEP)
            if isinstance(value, float) and not math.isfinite(value):
                _refuse(path, "This number is too large.")
            if path and _is_broken(path[-1]):
                _refuse(path, "This name contains a character that cannot be stored.")
        return body


def _walk(body: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with the way to it; no recursion, whatever the depth."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), body)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend(((*path, name), one) for name, one in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, str(number)), one) for number, one in enumerate(value))


def _is_broken(name: str) -> bool:
    return not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name)


def _refuse(path: tuple[str, ...], words: str) -> NoReturn:
    name = ".".join(path).encode("utf-8", "replace").decode()[:200]
    raise ValidationError({name or "non_field_errors": [words]})
