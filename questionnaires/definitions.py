"""Whether a FHIR Questionnaire can be a form of this clinic. Needs the FHIR library: never on the web's hot path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from pydantic import ValidationError

from questionnaires.form import QUESTION_TYPES, Condition, Form, Item, read_form

_TYPES = (*QUESTION_TYPES, "display", "group")
_LINK_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")
_STATUSES = {"draft", "active"}
_OPERATORS = {"exists", "=", "!=", ">", "<", ">=", "<="}
_PREFILLS = {"", "age-in-years", "sex"}
_ORDERED = {"integer", "decimal", "date"}
_ANSWER_TYPES = {"boolean": bool, "integer": int, "date": str, "choice": str, "open-choice": str}


def problems_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by path; empty when the form can be published."""
    problems = _fhir_problems(definition)
    if problems:
        return problems
    problems = dict(_shape_problems(definition))
    return problems or dict(_meaning_problems(read_form(definition)))


def _fhir_problems(definition: Mapping[str, Any]) -> dict[str, str]:
    try:
        FhirQuestionnaire.model_validate(definition)
    except ValidationError as error:
        return {".".join(str(part) for part in one["loc"]) or "Questionnaire": one["msg"] for one in error.errors()}
    except (TypeError, ValueError, AttributeError) as error:
        return {"Questionnaire": f"Not a FHIR Questionnaire: {type(error).__name__}."}
    return {}


def _shape_problems(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if definition.get("status") not in _STATUSES:
        yield "status", "Only a draft or active form can be put in use."
    if not definition.get("item"):
        yield "item", "A form needs at least one group."
    seen: set[str] = set()
    for number, group in enumerate(definition.get("item", [])):
        if group.get("type") != "group":
            yield f"item.{number}.type", "The top level holds groups only: each is a page."
        yield from _item_problems(group, f"item.{number}", seen)


def _item_problems(item: Mapping[str, Any], path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    link_id = item["linkId"]
    if link_id in seen:
        yield f"{path}.linkId", f"{link_id} is used twice."
    if not _LINK_ID.fullmatch(link_id):
        yield f"{path}.linkId", "Use lower-case letters, digits, dots and hyphens, at most 60."
    if item["type"] not in _TYPES:
        yield f"{path}.type", f"{item['type']} is not supported; use one of {', '.join(_TYPES)}."
    if item.get("enableBehavior", "all") not in {"all", "any"}:
        yield f"{path}.enableBehavior", "Use all or any."
    seen.add(link_id)
    for number, child in enumerate(item.get("item", [])):
        yield from _item_problems(child, f"{path}.item.{number}", seen)


def _meaning_problems(form: Form) -> Iterator[tuple[str, str]]:
    for item in form.items.values():
        yield from ((f"{item.link_id}.{where}", what) for where, what in _of_item(item))
        yield from ((f"{item.link_id}.enableWhen", what) for what in _of_conditions(form, item))


def _of_item(item: Item) -> Iterator[tuple[str, str]]:
    if not item.texts.get("en") and not item.is_hidden:
        yield "text", "Every item needs a text."
    if item.type in {"choice", "open-choice"} and not item.options:
        yield "answerOption", "A choice needs answers: answerOption, or answerValueSet naming a contained ValueSet."
    if len(item.codes) != len(item.options):
        yield "answerOption", "An answer is offered twice."
    if item.prefill not in _PREFILLS:
        yield "code", f"Nothing is known to prefill {item.prefill}."
    if item.is_hidden and item.is_question and not item.prefill:
        yield "extension", "A hidden question must be prefilled."
    if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
        yield "extension", "The smallest number allowed is above the largest."


def _of_conditions(form: Form, item: Item) -> Iterator[str]:
    for condition in item.conditions:
        other = form.items.get(condition.question)
        if other is None or not other.is_question:
            yield f"There is no question {condition.question}."
        else:
            yield from _of_comparison(condition, other)
    if item.link_id in _reachable(form, item.link_id):
        yield "This question depends on itself."


def _of_comparison(condition: Condition, other: Item) -> Iterator[str]:
    if condition.operator not in _OPERATORS:
        yield f"There is no operator {condition.operator}."
    elif condition.operator == "exists":
        if not isinstance(condition.answer, bool):
            yield "exists needs answerBoolean."
    elif condition.operator in {">", "<", ">=", "<="} and other.type not in _ORDERED:
        yield f"{condition.question} cannot be compared by {condition.operator}."
    elif other.options and condition.answer not in other.codes:
        yield f"{condition.question} offers no answer {condition.answer}."
    elif not isinstance(condition.answer, _ANSWER_TYPES.get(other.type, object)):
        yield f"{condition.question} is a {other.type}; compare it with an answer of that type."


def _reachable(form: Form, link_id: str) -> set[str]:
    """Every question an item's being asked depends on, however far."""
    reached: set[str] = set()
    waiting = list(_direct(form, link_id))
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting.extend(_direct(form, one))
    return reached


def _direct(form: Form, link_id: str) -> Iterator[str]:
    item = form.items.get(link_id)
    if item is not None:
        for one in (item, *(form.items[parent] for parent in item.parents)):
            yield from (condition.question for condition in one.conditions)
