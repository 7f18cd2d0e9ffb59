"""Answers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from questionnaires.form import Answers, Form, Item, in_language, is_answered


@dataclass(frozen=True)
class ReadableAnswer:
    """A question and what was said, in words."""

    link_id: str
    question: str
    answer: str
    is_missing: bool = False


@dataclass(frozen=True)
class ReadablePage:
    """A page's title and its answers."""

    link_id: str
    title: str
    answers: tuple[ReadableAnswer, ...]


def readable(form: Form, answers: Answers, language: str, *, with_missing: bool = False) -> tuple[ReadablePage, ...]:
    """Every answer given, page by page; with_missing also names required questions still open."""
    pages = []
    for page in form.pages:
        missing = set(form.missing(answers, page)) if with_missing else set()
        lines = tuple(
            ReadableAnswer(
                item.link_id,
                in_language(item.texts, language),
                answer_text(item, answers.get(item.link_id), language),
                is_missing=item.link_id in missing,
            )
            for item in page.items
            if item.is_question and form.is_visible(item, answers) and _is_listed(item, answers, missing)
        )
        if lines:
            pages.append(ReadablePage(page.link_id, page.title(language), lines))
    return tuple(pages)


def _is_listed(item: Item, answers: Answers, missing: set[str]) -> bool:
    return item.link_id in missing or is_answered(answers.get(item.link_id))


def answer_text(item: Item, value: Any, language: str) -> str:
    """One answer in words; a list with commas."""
    if isinstance(value, list):
        return ", ".join(answer_text(item, one, language) for one in value)
    if isinstance(value, Mapping):
        return str(value.get("other", ""))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if not is_answered(value):
        return ""
    return item.option_text(value, language) if item.options and isinstance(value, str) else str(value)
