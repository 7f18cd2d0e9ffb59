"""A form read from FHIR JSON: what is asked when, in which language, and what is missing."""

from __future__ import annotations

import pytest

from questionnaires.form import read_form

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def spanish(text):
    parts = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": text}]
    return {"extension": [{"url": TRANSLATION, "extension": parts}]}


def question(link_id, kind="choice", **more):
    options = [{"valueCoding": {"code": code, "display": code}} for code in ("yes", "no")]
    return {
        "linkId": link_id,
        "text": link_id,
        "type": kind,
        **({"answerOption": options} if kind == "choice" else {}),
        **more,
    }


def when(link_id, operator="=", **answer):
    return {"question": link_id, "operator": operator, **(answer or {"answerCoding": {"code": "yes"}})}


def form_of(*items, **more):
    return read_form({"item": [{"linkId": "page", "text": "Page", "type": "group", "item": list(items)}], **more})


def enabled(form, answers):
    return form.enabled(answers)


def test_any_and_all_of_several_conditions():
    conditions = [when("a"), when("b")]
    form = form_of(
        question("a"),
        question("b"),
        question("either", enableWhen=conditions, enableBehavior="any"),
        question("both", enableWhen=conditions, enableBehavior="all"),
    )
    assert enabled(form, {"a": "yes"}) == {"a", "b", "either"}
    assert enabled(form, {"a": "yes", "b": "yes"}) == {"a", "b", "either", "both"}
    assert enabled(form, {}) == {"a", "b"}


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("=", {"answerInteger": 3}, 3, True),
        ("=", {"answerInteger": 3}, 4, False),
        ("!=", {"answerInteger": 3}, 4, True),
        ("!=", {"answerInteger": 3}, None, False),
        (">", {"answerInteger": 3}, 4, True),
        (">", {"answerInteger": 3}, 3, False),
        (">=", {"answerInteger": 3}, 3, True),
        ("<", {"answerInteger": 3}, 2, True),
        ("<=", {"answerInteger": 3}, 4, False),
        (">", {"answerInteger": 3}, None, False),
        (">", {"answerInteger": 3}, "x", False),
        ("exists", {"answerBoolean": True}, 3, True),
        ("exists", {"answerBoolean": True}, None, False),
        ("exists", {"answerBoolean": False}, None, True),
        ("exists", {"answerBoolean": False}, 3, False),
    ],
)
def test_every_operator(operator, wanted, given, holds):
    form = form_of(question("n", "integer"), question("after", enableWhen=[when("n", operator, **wanted)]))
    assert form.is_enabled("after", {"n": given} if given is not None else {}) is holds


def test_a_list_of_answers_holds_if_one_does():
    form = form_of(question("a", repeats=True), question("after", enableWhen=[when("a")]))
    assert form.is_enabled("after", {"a": ["no", "yes"]})
    assert not form.is_enabled("after", {"a": ["no"]})


def test_the_answer_to_a_question_not_asked_counts_as_none():
    form = form_of(question("a"), question("b", enableWhen=[when("a")]), question("c", enableWhen=[when("b")]))
    assert enabled(form, {"a": "no", "b": "yes"}) == {"a"}
    assert enabled(form, {"a": "yes", "b": "yes"}) == {"a", "b", "c"}


def test_what_hangs_under_a_group_or_question_is_asked_with_it_only():
    inner = {**question("inner"), "enableWhen": [when("a")]}
    group = {"linkId": "g", "text": "G", "type": "group", "enableWhen": [when("a")], "item": [question("in-group")]}
    form = form_of(question("a", item=[question("below", enableWhen=[when("a")])]), group, inner)
    assert enabled(form, {"a": "no"}) == {"a"}
    assert enabled(form, {"a": "yes"}) == {"a", "below", "in-group", "inner"}


def test_missing_names_required_questions_that_are_asked():
    form = form_of(
        question("a", required=True),
        question("b", required=True, enableWhen=[when("a")]),
        question("c"),
    )
    assert form.missing({}) == ("a",)
    assert form.missing({"a": "no"}) == ()
    assert form.missing({"a": "yes"}) == ("b",)
    assert form.missing({"a": "yes", "b": ""}) == ("b",)


def test_a_page_with_nothing_to_ask_is_not_shown():
    first = {"linkId": "one", "text": "1", "type": "group", "item": [question("a")]}
    second = {"linkId": "two", "text": "2", "type": "group", "enableWhen": [when("a")], "item": [question("b")]}
    form = read_form({"item": [first, second]})
    assert [page.link_id for page in form.open_pages({})] == ["one"]
    assert [page.link_id for page in form.open_pages({"a": "yes"})] == ["one", "two"]


def test_texts_and_options_are_translated_and_fall_back_to_english():
    option = {"valueCoding": {"code": "x", "display": "Left", "_display": spanish("Izquierdo")}}
    form = form_of(
        {"linkId": "q", "text": "Side?", "_text": spanish("¿Lado?"), "type": "choice", "answerOption": [option]}
    )
    item = form.items["q"]
    assert (item.texts["es"], item.texts["en"]) == ("¿Lado?", "Side?")
    assert item.option_text("x", "es") == "Izquierdo"
    assert item.option_text("x", "de") == "Left"
    assert item.option_text("unknown", "es") == "unknown"


def test_answers_come_from_a_contained_value_set():
    concept = {"code": "y", "display": "Yes", "designation": [{"language": "es", "value": "Sí"}]}
    value_set = {"resourceType": "ValueSet", "id": "yn", "compose": {"include": [{"concept": [concept]}]}}
    form = form_of({"linkId": "q", "text": "Q", "type": "choice", "answerValueSet": "#yn"}, contained=[value_set])
    assert form.items["q"].option_text("y", "es") == "Sí"
    assert form.items["q"].codes == {"y"}


def test_a_display_below_a_question_is_its_help_and_elsewhere_a_text():
    help_text = {"linkId": "q.help", "text": "Help", "type": "display"}
    form = form_of({**question("q"), "item": [help_text]}, {"linkId": "note", "text": "Read", "type": "display"})
    assert form.items["q"].help_texts["en"] == "Help"
    assert [item.link_id for item in form.pages[0].items] == ["q", "note"]
    assert [item.link_id for item in form.questions()] == ["q"]
