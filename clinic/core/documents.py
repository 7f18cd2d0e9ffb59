"""Printed documents: a Typst template of ours and the facts it prints become a PDF.

Facts travel as JSON and stay text: nothing a person typed is read as markup. The same facts give the same bytes: only
the fonts inside the typesetter (and those a clinic adds) are used, and the time is the document's own.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal

import typst
from django.conf import settings

# Control characters and halves of characters.
_WITHOUT_SHAPE = {"Cc", "Cs"}
_NO_SIGN = "could not be displayed with font"


class DocumentFailed(RuntimeError):
    """A template of ours is broken. Says which; never what was to be printed."""


def pdf(*, template: str, facts: Mapping[str, Any], written_at: datetime) -> bytes:
    """The document of a template, such as `screening/documents/clearance_request.typ`.

    A sign no font has is printed as a box, where a person sees it, rather than no document at all; such a document is
    not tagged. Further fonts: `DOCUMENT_FONTS_ROOT`.
    """
    printed = json.dumps(_printable(facts), sort_keys=True)
    try:
        return _set(template, printed, written_at, "ua-1")  # tagged: a screen reader can read it
    except typst.TypstError as error:
        is_without_sign = _NO_SIGN in str(error)
    if not is_without_sign:
        raise DocumentFailed(template)
    return _set(template, printed, written_at, None)


def _set(template: str, printed: str, written_at: datetime, standard: Literal["ua-1"] | None) -> bytes:
    return typst.compile(
        settings.BASE_DIR / template,
        root=settings.BASE_DIR,
        font_paths=_fonts(settings.DOCUMENT_FONTS_ROOT),
        sys_inputs={"facts": printed},
        format="pdf",
        pdf_standards=standard,
        timestamp=int(written_at.timestamp()),
    )


@cache
def _fonts(further: str) -> typst.Fonts:
    """Read once. Fonts that happen to be installed would make every machine print another letter."""
    return typst.Fonts(include_system_fonts=False, font_paths=[further] if further else [])


def _printable(value: Any) -> Any:
    """Without control characters, which no font can show."""
    if isinstance(value, str):
        return "".join(sign for sign in value if sign in "\n\t" or unicodedata.category(sign) not in _WITHOUT_SHAPE)
    if isinstance(value, Mapping):
        return {key: _printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value
