"""A form as the clinic works with it: read from FHIR R4 Questionnaire JSON, no database, no FHIR library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
ITEM_CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
# A heading over some options of a long list.
OPTION_GROUP = "urn:clinic:option-group"
HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
EXCLUSIVE = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive"
MINIMUM = "http://hl7.org/fhir/StructureDefinition/minValue"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/maxValue"
# Hidden items the clinic fills from the patient's record, named by code.
PREFILL_SYSTEM = "urn:clinic:prefill"

QUESTION_TYPES = ("boolean", "choice", "open-choice", "integer", "decimal", "date", "string", "text")

Answers = Mapping[str, Any]
Texts = Mapping[str, str]


def in_language(texts: Texts, language: str) -> str:
    """The text in a language, in English where it was not translated."""
    return texts.get(language) or texts.get("en", "")


@dataclass(frozen=True)
class Option:
    """One answer to choose. An exclusive one ("none of these") stands alone."""

    code: str
    texts: Texts
    is_exclusive: bool = False
    group_texts: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Condition:
    """One enableWhen: shown only if another question was answered so."""

    question: str
    operator: str
    answer: Any

    def holds(self, value: Any) -> bool:
        """Whether the answer to the other question (None: not asked or not answered) satisfies this."""
        if self.operator == "exists":
            return is_answered(value) is bool(self.answer)
        if not is_answered(value):
            return False
        given = value if isinstance(value, list) else [value]
        if self.operator == "!=":
            return self.answer not in given
        return any(_compare(one, self.operator, self.answer) for one in given)


def _compare(given: Any, operator: str, wanted: Any) -> bool:
    if operator == "=":
        return bool(given == wanted)
    try:
        return bool(
            {
                ">": lambda: given > wanted,
                "<": lambda: given < wanted,
                ">=": lambda: given >= wanted,
                "<=": lambda: given <= wanted,
            }[operator]()
        )
    except TypeError:
        return False


@dataclass(frozen=True)
class Item:
    """A question, a heading or a text to read, with the groups and questions it hangs under."""

    link_id: str
    type: str
    texts: Texts
    help_texts: Texts = field(default_factory=dict)
    # What the ends of a scale mean.
    low_texts: Texts = field(default_factory=dict)
    high_texts: Texts = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    is_required: bool = False
    repeats: bool = False
    is_hidden: bool = False
    conditions: tuple[Condition, ...] = ()
    needs_all: bool = True
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    control: str = ""
    prefill: str = ""
    # What stands there from the start; a list where several answers may be given.
    initial: Any = None
    parents: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        return self.type in QUESTION_TYPES

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(option.code for option in self.options)

    def option_text(self, code: str, language: str) -> str:
        """An answer's words; the code itself if the form does not know it."""
        return next((in_language(option.texts, language) for option in self.options if option.code == code), code)


@dataclass(frozen=True)
class Page:
    """A top-level group: what the patient sees at once."""

    group: Item
    items: tuple[Item, ...]

    @property
    def link_id(self) -> str:
        return self.group.link_id

    def title(self, language: str) -> str:
        return in_language(self.group.texts, language)


@dataclass(frozen=True)
class Form:
    """A whole form in reading order."""

    pages: tuple[Page, ...]
    items: Mapping[str, Item]

    def questions(self) -> Iterator[Item]:
        """Everything that can be answered, in order."""
        return (item for page in self.pages for item in page.items if item.is_question)

    def is_enabled(self, link_id: str, answers: Answers) -> bool:
        """Whether a question is asked, given the other answers. A question not asked counts as not answered."""
        return self._is_enabled(link_id, answers, {})

    def _is_enabled(self, link_id: str, answers: Answers, known: dict[str, bool]) -> bool:
        """Each question is decided once: conditions on conditions would otherwise double with every step."""
        if link_id not in known:
            chain = (*(self.items[parent] for parent in self.items[link_id].parents), self.items[link_id])
            known[link_id] = all(self._own_conditions_hold(item, answers, known) for item in chain)
        return known[link_id]

    def _own_conditions_hold(self, item: Item, answers: Answers, known: dict[str, bool]) -> bool:
        if not item.conditions:
            return True
        held = [
            condition.holds(
                answers.get(condition.question) if self._is_enabled(condition.question, answers, known) else None
            )
            for condition in item.conditions
        ]
        return all(held) if item.needs_all else any(held)

    def enabled(self, answers: Answers) -> frozenset[str]:
        """linkIds of every question asked, given the answers."""
        known: dict[str, bool] = {}
        return frozenset(item.link_id for item in self.questions() if self._is_enabled(item.link_id, answers, known))

    def open_pages(self, answers: Answers) -> tuple[Page, ...]:
        """Pages with at least something to see."""
        return tuple(page for page in self.pages if any(self.is_visible(item, answers) for item in page.items))

    def is_visible(self, item: Item, answers: Answers) -> bool:
        return not item.is_hidden and self.is_enabled(item.link_id, answers)

    def missing(self, answers: Answers, page: Page | None = None) -> tuple[str, ...]:
        """linkIds of required questions that are asked and not answered."""
        questions = page.items if page else tuple(self.questions())
        return tuple(
            item.link_id
            for item in questions
            if item.is_question
            and item.is_required
            and not is_answered(answers.get(item.link_id))
            and self.is_enabled(item.link_id, answers)
        )


def is_answered(value: Any) -> bool:
    """No answer, an empty text and an empty list are the same: nothing was said."""
    return value is not None and value not in ("", [])


def read_form(definition: Mapping[str, Any]) -> Form:
    """The form in a FHIR Questionnaire. The definition was checked when it was published."""
    value_sets = {
        resource["id"]: tuple(_value_set_options(resource))
        for resource in definition.get("contained", [])
        if resource.get("resourceType") == "ValueSet" and "id" in resource
    }
    pages, items = [], {}
    for group in definition.get("item", []):
        page = Page(group=_read_item(group, (), value_sets), items=tuple(_walk(group, (), value_sets)))
        pages.append(page)
        for item in (page.group, *page.items):
            items[item.link_id] = item
    return Form(pages=tuple(pages), items=items)


def _walk(parent: Mapping[str, Any], above: tuple[str, ...], value_sets: Mapping[str, Any]) -> Iterator[Item]:
    parents = (*above, parent["linkId"])
    is_question = parent.get("type") in QUESTION_TYPES
    for child in parent.get("item", []):
        if is_question and child.get("type") == "display":
            continue  # a question's display child is its help text
        yield _read_item(child, parents, value_sets)
        yield from _walk(child, parents, value_sets)


def _read_item(item: Mapping[str, Any], parents: tuple[str, ...], value_sets: Mapping[str, Any]) -> Item:
    beside = _texts_beside(item) if item.get("type") in QUESTION_TYPES else {}
    options = _options(item, value_sets)
    return Item(
        link_id=item["linkId"],
        type=item["type"],
        texts=_texts(item, "text"),
        help_texts=beside.get("help", {}),
        low_texts=beside.get("lower", {}),
        high_texts=beside.get("upper", {}),
        options=options,
        is_required=bool(item.get("required", False)),
        repeats=bool(item.get("repeats", False)),
        is_hidden=bool(extension_value(item, HIDDEN) or False),
        conditions=tuple(_condition(one) for one in item.get("enableWhen", [])),
        needs_all=item.get("enableBehavior", "all") == "all",
        minimum=extension_value(item, MINIMUM),
        maximum=extension_value(item, MAXIMUM),
        max_length=item.get("maxLength"),
        control=_control(item),
        prefill=next(
            (code.get("code", "") for code in item.get("code", []) if code.get("system") == PREFILL_SYSTEM), ""
        ),
        initial=_initial(item, options),
        parents=parents,
    )


def _texts_beside(item: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """A question's display children: its help, and what the lower and upper end of its scale mean."""
    displays = [child for child in item.get("item", []) if child.get("type") == "display"]
    return {_control(child) or "help": _texts(child, "text") for child in displays}


def _texts(element: Mapping[str, Any], name: str) -> dict[str, str]:
    """A text and its translations (extension `translation` on `_text` or `_display`)."""
    texts = {"en": element.get(name, "")}
    for extension in element.get(f"_{name}", {}).get("extension", []):
        if extension.get("url") == TRANSLATION:
            parts = {part.get("url"): part for part in extension.get("extension", [])}
            language = parts.get("lang", {}).get("valueCode", "")
            content = parts.get("content", {})
            texts[language] = content.get("valueString") or content.get("valueMarkdown") or ""
    return texts


def _options(item: Mapping[str, Any], value_sets: Mapping[str, Any]) -> tuple[Option, ...]:
    inline = []
    for option in item.get("answerOption", []):
        coding = option.get("valueCoding")
        if coding is not None:
            inline.append(
                Option(coding["code"], _texts(coding, "display"), bool(extension_value(option, EXCLUSIVE) or False))
            )
        else:
            text = str(option.get("valueString", option.get("valueInteger", option.get("valueDate", ""))))
            inline.append(Option(text, {"en": text}))
    named = value_sets.get(str(item.get("answerValueSet", "")).removeprefix("#"), ())
    return tuple(inline) or tuple(named)


def _initial(item: Mapping[str, Any], options: tuple[Option, ...]) -> Any:
    """The answer a form brings along: `initial`, or the options that are selected at first."""
    offered = item.get("answerOption", [])
    chosen = [option.code for option, raw in zip(options, offered, strict=False) if raw.get("initialSelected", False)]
    given = chosen or [_initial_value(item, one) for one in item.get("initial", [])]
    if not given:
        return None
    return given if item.get("repeats", False) or len(given) > 1 else given[0]


def _initial_value(item: Mapping[str, Any], initial: Mapping[str, Any]) -> Any:
    value = next((value for key, value in initial.items() if key.startswith("value")), None)
    if isinstance(value, Mapping):
        return value.get("code")
    return {"other": value} if item.get("type") == "open-choice" else value


def _value_set_options(value_set: Mapping[str, Any]) -> Iterator[Option]:
    for include in value_set.get("compose", {}).get("include", []):
        for concept in include.get("concept", []):
            texts = {"en": concept.get("display", concept["code"])}
            for designation in concept.get("designation", []):
                texts[designation.get("language", "")] = designation.get("value", "")
            group = extension_value(concept, OPTION_GROUP) or {}
            yield Option(concept["code"], texts, group_texts=_texts(group, "display"))


def _condition(enable_when: Mapping[str, Any]) -> Condition:
    answer = next((value for key, value in enable_when.items() if key.startswith("answer")), None)
    if isinstance(answer, Mapping):
        answer = answer.get("code")
    return Condition(enable_when["question"], enable_when["operator"], answer)


def extension_value(element: Mapping[str, Any], url: str) -> Any:
    """The value of an extension, None where it is absent."""
    for extension in element.get("extension", []):
        if extension.get("url") == url:
            return next((value for key, value in extension.items() if key.startswith("value")), None)
    return None


def _control(item: Mapping[str, Any]) -> str:
    concept = extension_value(item, ITEM_CONTROL) or {}
    return next((str(coding.get("code", "")) for coding in concept.get("coding", [])), "")
