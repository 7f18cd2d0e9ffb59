"""A form as patients will see it, for whoever puts it in use: every page, every question, nothing to be filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import override

from questionnaires.form import Condition, Form, Item, Page, in_language
from questionnaires.forms import Line, PageForm
from questionnaires.presenting import answer_text

# How a condition compares, in a staff member's words.
_WORDS = {"=": "is", "!=": "is not", ">": "is more than", "<": "is less than", ">=": "is at least", "<=": "is at most"}


@dataclass(frozen=True)
class PreviewLine:
    """A line as patients see it, and when it is asked; empty: always."""

    line: Line
    asked_if: str


@dataclass(frozen=True)
class PreviewPage:
    """A page from top to bottom."""

    link_id: str
    title: str
    asked_if: str
    lines: tuple[PreviewLine, ...]


class _ShownPage(PageForm):
    """A page on which nothing hides: what depends on answers is shown with the condition in words."""

    def _may_be_shown(self, item: Item) -> bool:
        return True

    def _shown_when(self, item: Item) -> str:
        return ""


def preview(form: Form, language: str) -> tuple[PreviewPage, ...]:
    """Every page in a language. The conditions are for staff, in English."""
    with override(language):
        return tuple(_page(form, page, language) for page in form.pages)


def untranslated(form: Form, language: str) -> tuple[str, ...]:
    """linkIds of what patients would read in English although they read another language."""
    return tuple(
        item.link_id
        for page in form.pages
        for item in (page.group, *page.items)
        if not item.is_hidden and not all(_is_in(item, language))
    )


def _is_in(item: Item, language: str) -> Iterator[bool]:
    texts = (item.texts, item.help_texts, item.low_texts, item.high_texts, *(option.texts for option in item.options))
    return (bool(one.get(language)) for one in texts if one.get("en"))


def _page(form: Form, page: Page, language: str) -> PreviewPage:
    drawn = _ShownPage(form=form, page=page, answers={}, language=language, auto_id="preview-%s")
    lines = tuple(PreviewLine(line, _asked_if(form, form.items[line.link_id])) for line in drawn.lines())
    return PreviewPage(page.link_id, page.title(language), _asked_if(form, page.group), lines)


def _asked_if(form: Form, item: Item) -> str:
    joined = " and " if item.needs_all else " or "
    return joined.join(_condition(form, condition) for condition in item.conditions)


def _condition(form: Form, condition: Condition) -> str:
    other = form.items[condition.question]
    question = in_language(other.texts, "en") or other.link_id
    if condition.operator == "exists":
        return f"“{question}” is {'answered' if condition.answer else 'not answered'}"
    with override("en"):
        return f"“{question}” {_WORDS[condition.operator]} {answer_text(other, condition.answer, 'en')}"
