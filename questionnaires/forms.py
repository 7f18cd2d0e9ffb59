"""One page of a form as a Django form: parses a post, draws itself again with what was entered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext as _

from questionnaires.form import Answers, Condition, Form, Item, Page, in_language, is_answered

_OTHER = "other:"
_SHORT = 24
_MANY = 8


@dataclass(frozen=True)
class OptionGroup:
    """Some options of a long list under one heading, open where something is chosen."""

    title: str
    options: tuple[Any, ...]
    is_open: bool


@dataclass(frozen=True)
class Line:
    """Something to show: a text, a heading or a field, and when it is shown."""

    kind: str
    link_id: str
    text: str = ""
    field: forms.BoundField | None = None
    look: str = ""
    css: str = ""
    mark: str = ""
    shown_when: str = ""
    groups: tuple[OptionGroup, ...] = ()
    low: str = ""
    high: str = ""
    # Answers that stand alone, such as "none of these".
    alone: str = ""


class PageForm(forms.Form):
    """The questions of a page. Whether an answer fits is decided by `questionnaires.answers` alone."""

    use_required_attribute = False

    def __init__(self, *args: Any, form: Form, page: Page, answers: Answers, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form, self.page, self.answers, self.language = form, page, answers, language
        for item in self._questions():
            self.fields[item.link_id] = _field(item, language)
            self.initial[item.link_id] = _shown(item, answers.get(item.link_id))
            if item.type == "open-choice":
                self.fields[f"{item.link_id}.other"] = forms.CharField(
                    required=False, max_length=item.max_length or 200, label=_("Something else")
                )
                self.initial[f"{item.link_id}.other"] = _other_words(answers.get(item.link_id))

    def entries(self) -> dict[str, Any]:
        """What was answered, by linkId; None where an answer was left or taken away.

        Questions that these answers leave unasked are left out: what was said to them before stays.
        """
        given = {item.link_id: self._entry(item) for item in self._questions()}
        together = {**self.answers, **given}
        return {link_id: value for link_id, value in given.items() if self.form.is_enabled(link_id, together)}

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong beside each question; what belongs to no field stands on top."""
        for link_id, problem in problems.items():
            self.add_error(link_id if link_id in self.fields else None, problem)

    def lines(self) -> Iterator[Line]:
        """The page from top to bottom."""
        for item in self.page.items:
            if item.is_hidden or not self._may_be_shown(item):
                continue
            if not item.is_question:
                kind = "heading" if item.type == "group" else "text"
                words = in_language(item.texts, self.language)
                yield Line(kind, item.link_id, words, shown_when=self._shown_when(item))
                continue
            yield self._question_line(item)
            if item.type == "open-choice":
                other = self[f"{item.link_id}.other"]
                yield Line("field", item.link_id, field=other, shown_when=self._shown_when(item))

    def _question_line(self, item: Item) -> Line:
        return Line(
            "field",
            item.link_id,
            field=self[item.link_id],
            look=_look(item, self.language),
            css="field-short" if item.type in {"integer", "decimal", "date"} and item.control != "slider" else "",
            mark="none" if item.is_required else "optional",
            shown_when=self._shown_when(item),
            groups=_groups(item, self[item.link_id], self.language),
            low=in_language(item.low_texts, self.language),
            high=in_language(item.high_texts, self.language),
            alone=" ".join(option.code for option in item.options if option.is_exclusive),
        )

    def _questions(self) -> Iterator[Item]:
        return (item for item in self.page.items if item.is_question and not item.is_hidden)

    def _entry(self, item: Item) -> Any:
        value = self.cleaned_data.get(item.link_id)
        if item.type == "open-choice":
            value = _with_other(value, self.cleaned_data.get(f"{item.link_id}.other"))
        if item.type in {"string", "text"} and item.repeats:
            value = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        if item.type == "date" and value:
            value = value.isoformat()
        return value if is_answered(value) else None

    def _may_be_shown(self, item: Item) -> bool:
        """Not when an answer on another page rules it out."""
        return not any("never" in condition for condition in self._conditions(item))

    def _shown_when(self, item: Item) -> str:
        """For the script that hides questions which do not apply; empty: always shown."""
        conditions = [condition for condition in self._conditions(item) if condition]
        return json.dumps(conditions) if conditions else ""

    def _conditions(self, item: Item) -> list[dict[str, Any]]:
        """Of the item and everything above it: groups of which each must hold. {"never": true} rules it out."""
        chain = [*(self.form.items[parent] for parent in item.parents), item]
        return [self._group_of(one) for one in chain if one.conditions]

    def _group_of(self, item: Item) -> dict[str, Any]:
        here, elsewhere = [], []
        for condition in item.conditions:
            if condition.question in self.fields:
                here.append(_for_script(condition))
            else:
                elsewhere.append(self._holds_already(condition))
        if not here:
            holds = all(elsewhere) if item.needs_all else any(elsewhere)
            return {} if holds else {"never": True}
        if item.needs_all and not all(elsewhere):
            return {"never": True}
        if not item.needs_all and any(elsewhere):
            return {}
        return {"all": item.needs_all, "of": here}

    def _holds_already(self, condition: Condition) -> bool:
        is_asked = self.form.is_enabled(condition.question, self.answers)
        return condition.holds(self.answers.get(condition.question) if is_asked else None)


def _for_script(condition: Condition) -> dict[str, Any]:
    return {"question": condition.question, "operator": condition.operator, "answer": condition.answer}


def _field(item: Item, language: str) -> forms.Field:
    label = in_language(item.texts, language)
    help_text = escape(in_language(item.help_texts, language))  # a field's help is printed as markup
    common: dict[str, Any] = {"required": False, "label": label, "help_text": help_text}
    if item.type in {"choice", "open-choice"}:
        return _choice_field(item, language, common)
    if item.type == "boolean":
        return forms.TypedChoiceField(
            choices=[("true", _("Yes")), ("false", _("No"))],
            coerce=lambda value: value == "true",
            empty_value=None,
            widget=forms.RadioSelect,
            **common,
        )
    if item.type == "integer":
        return forms.IntegerField(widget=forms.NumberInput(attrs={"inputmode": "numeric"}), **common)
    if item.type == "decimal":
        return forms.FloatField(**common)
    if item.type == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    many_lines = item.type == "text" or item.repeats
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}) if many_lines else None, **common)


def _choice_field(item: Item, language: str, common: dict[str, Any]) -> forms.Field:
    choices = [(option.code, in_language(option.texts, language)) for option in item.options]
    if item.type == "open-choice":
        choices.append((_OTHER, _("Something else")))
    if item.repeats:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)


def _look(item: Item, language: str) -> str:
    if item.control == "slider":
        return "pain"
    if item.type == "boolean":
        return "segmented"
    if item.type in {"choice", "open-choice"}:
        longest = max(len(in_language(option.texts, language)) for option in item.options)
        if not item.repeats and len(item.options) <= 3 and longest <= _SHORT / 2:
            return "segmented"
        if longest <= _SHORT or len(item.options) > _MANY:
            return "row"
    return ""


def _groups(item: Item, field: forms.BoundField, language: str) -> tuple[OptionGroup, ...]:
    """A long list cut into its headings; nothing for a list without them."""
    titles = {option.code: in_language(option.group_texts, language) for option in item.options}
    if not any(titles.values()):
        return ()
    chosen = {str(one) for one in (field.value() or [])}
    drawn = {str(widget.data["value"]): widget for widget in field}
    return tuple(
        OptionGroup(
            title=title,
            options=tuple(drawn[code] for code, its_title in titles.items() if its_title == title),
            is_open=any(code in chosen for code, its_title in titles.items() if its_title == title),
        )
        for title in dict.fromkeys(titles.values())
    )


def _shown(item: Item, value: Any) -> Any:
    """An answer as its field shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if item.type == "open-choice" and value is not None:
        values = [_OTHER if isinstance(one, Mapping) else one for one in (value if item.repeats else [value])]
        return values if item.repeats else values[0]
    if isinstance(value, list) and item.type in {"string", "text"}:
        return "\n".join(value)
    return value


def _other_words(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return next((str(one.get("other", "")) for one in values if isinstance(one, Mapping)), "")


def _with_other(value: Any, words: Any) -> Any:
    """A choice whose "something else" carries the words written beside it."""
    other = {"other": words} if words else None
    if isinstance(value, list):
        kept = [one for one in value if one != _OTHER]
        return [*kept, other] if _OTHER in value and other else kept
    return other if value == _OTHER else value
