"""Reads the forms of a page as a browser would, so that a test can fill them in over plain HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """A form of a page: where it goes, what is in it, and which choices each field offers."""

    action: str = ""
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._textarea = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict) -> None:
        name = given.get("name") or ""
        if tag == "input" and name:
            self._input(form, name, given)
        elif tag == "textarea" and name:
            self._textarea = name
            form.kinds[name] = "text"
            form.values.setdefault(name, [""])
        elif tag == "select" and name:
            self._select = name
            form.kinds[name] = "select"
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(given.get("value") or "")
            if "selected" in given:
                form.values[self._select] = [given.get("value") or ""]

    def _input(self, form: Form, name: str, given: dict) -> None:
        kind = given.get("type") or "text"
        form.kinds[name] = kind
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value") or "on")
            if "checked" in given:
                form.values.setdefault(name, []).append(given.get("value") or "on")
        else:
            form.values[name] = [given.get("value") or ""]

    def handle_data(self, text: str) -> None:
        if self._textarea and self._form is not None:
            self._form.values[self._textarea] = [text.strip("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""


def forms_of(html: str) -> list[Form]:
    """All forms of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form_with(html: str, name: str) -> Form:
    """The form that has a field of this name."""
    for form in forms_of(html):
        if name in form.kinds:
            return form
    raise AssertionError(f"No form on the page has a field called {name}.")


def text_of(answer: Any) -> str:
    """A page as it is written, without the escapes."""
    return unescape(answer.content.decode())
