"""Whether a FHIR Questionnaire can be a form of this clinic. Needs the FHIR library: never on the web's hot path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from pydantic import ValidationError

from questionnaires.answers import MAX_TEXT, Misfit, check_answer
from questionnaires.definition_json import MOST_BYTES, ROOT, Problem, is_too_large, json_problems, shown
from questionnaires.form import QUESTION_TYPES, Condition, Form, Item, read_form

_TYPES = (*QUESTION_TYPES, "display", "group")
_LINK_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")
_LONGEST_KEY = 40
_MOST_DEPENDED_ON = 60
_STATUSES = {"draft", "active"}
_OPERATORS = {"exists", "=", "!=", ">", "<", ">=", "<="}
_PREFILLS = {"", "age-in-years", "sex"}
_ORDERED = {"integer", "decimal", "date"}
_ANSWER_TYPES = {"boolean": bool, "integer": int, "date": str, "choice": str, "open-choice": str}


def problems_of(definition: Any) -> dict[str, str]:
    """Everything that is wrong, by path; empty when the form can be published."""
    problems = list(json_problems(definition))
    if problems:
        return _by_path(problems)
    if is_too_large(definition):
        return {ROOT: f"A form may take {MOST_BYTES // 1024} kB at most."}
    fhir = list(_fhir_problems(definition))
    shape = list(_shape_problems(definition))
    # What is no FHIR Questionnaire cannot be read as a form: what its questions mean is looked at afterwards.
    return _by_path(fhir + shape if fhir else shape + list(_meaning_problems(read_form(definition))))


def _by_path(problems: Iterable[Problem]) -> dict[str, str]:
    """All that is wrong at a path in one text: none hides another."""
    found: dict[str, str] = {}
    for path, what in problems:
        if what not in found.get(path, ""):
            found[path] = f"{found[path]} {what}" if path in found else what
    return found


def _fhir_problems(definition: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        FhirQuestionnaire.model_validate(definition)
    except ValidationError as error:
        for one in error.errors():
            yield shown(tuple(str(part) for part in one["loc"])), one["msg"]
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # A contained resource of an unknown type ends in a KeyError.
        yield ROOT, f"Not a FHIR Questionnaire: {type(error).__name__}."


def _shape_problems(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """Our own rules on what FHIR allows. Looks at every item, also of what is no FHIR Questionnaire."""
    if not 0 < len(str(definition.get("name", ""))) <= _LONGEST_KEY:
        yield "name", f"A form needs a name of at most {_LONGEST_KEY} characters: its key."
    if str(definition.get("status")) not in _STATUSES:
        yield "status", "Only a draft or active form can be put in use."
    groups = _items_of(definition)
    if not groups:
        yield "item", "A form needs at least one group."
    seen: set[str] = set()
    for number, group in groups:
        if group.get("type") != "group":
            yield f"item.{number}.type", "The top level holds groups only: each is a page."
        yield from _item_problems(group, f"item.{number}", seen)


def _items_of(element: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    items = element.get("item", [])
    listed = enumerate(items) if isinstance(items, list) else ()
    return [(number, item) for number, item in listed if isinstance(item, Mapping)]


def _item_problems(item: Mapping[str, Any], path: str, seen: set[str]) -> Iterator[Problem]:
    link_id, kind = item.get("linkId"), item.get("type")
    if isinstance(link_id, str):
        yield from ((f"{path}.linkId", what) for what in _of_link_id(link_id, seen))
        seen.add(link_id)
    if isinstance(kind, str) and kind not in _TYPES:
        yield f"{path}.type", f"{kind} is not supported; use one of {', '.join(_TYPES)}."
    if str(item.get("enableBehavior", "all")) not in {"all", "any"}:
        yield f"{path}.enableBehavior", "Use all or any."
    for number, child in _items_of(item):
        yield from _item_problems(child, f"{path}.item.{number}", seen)


def _of_link_id(link_id: str, seen: set[str]) -> Iterator[str]:
    if link_id in seen:
        yield f"{link_id} is used twice."
    if not _LINK_ID.fullmatch(link_id):
        yield "Use lower-case letters, digits, dots and hyphens, at most 60."


def _meaning_problems(form: Form) -> Iterator[Problem]:
    for item in form.items.values():
        for check in (_of_item, _of_limits, _of_initial):
            yield from ((f"{item.link_id}.{where}", what) for where, what in check(item))
        yield from ((f"{item.link_id}.enableWhen", what) for what in _of_conditions(form, item))


def _of_item(item: Item) -> Iterator[Problem]:
    if not item.texts.get("en") and not item.is_hidden:
        yield "text", "Every item needs a text."
    if item.type in {"choice", "open-choice"} and not item.options:
        yield "answerOption", "A choice needs answers: answerOption, or answerValueSet naming a contained ValueSet."
    if len(item.codes) != len(item.options):
        yield "answerOption", "An answer is offered twice."
    if item.prefill not in _PREFILLS:
        yield "code", f"Nothing is known to prefill {item.prefill}."
    if item.is_hidden and item.is_question and not item.prefill and item.initial is None:
        yield "extension", "A hidden question must be prefilled."


def _of_limits(item: Item) -> Iterator[Problem]:
    low, high = item.minimum, item.maximum
    if (low, high) != (None, None) and item.type not in {"integer", "decimal"}:
        yield "extension", "Only numbers have a smallest and a largest."
    elif low is not None and high is not None and low > high:
        yield "extension", "The smallest number allowed is above the largest."
    if item.max_length is not None and not 0 < item.max_length <= MAX_TEXT:
        yield "maxLength", f"Use 1 to {MAX_TEXT}."


def _of_initial(item: Item) -> Iterator[Problem]:
    """An answer that stands there from the start has to fit like any other."""
    if item.initial is None:
        return
    if not item.is_question:
        yield "initial", "Only a question has an initial answer."
        return
    try:
        check_answer(item, item.initial)
    except Misfit as misfit:
        yield "initial", str(misfit)


def _of_conditions(form: Form, item: Item) -> Iterator[str]:
    for condition in item.conditions:
        other = form.items.get(condition.question)
        if other is None or not other.is_question:
            yield f"There is no question {condition.question}."
        else:
            yield from _of_comparison(condition, other)
    reached = _reachable(form, item.link_id)
    if item.link_id in reached:
        yield "This question depends on itself."
    elif len(reached) > _MOST_DEPENDED_ON:
        yield f"This depends on more than {_MOST_DEPENDED_ON} other questions."


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
