"""One page as a Django form: every type drawn, parsed and drawn again; conditions handed to the script."""

from __future__ import annotations

import json

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from questionnaires.form import read_form
from questionnaires.forms import PageForm
from questionnaires.presenting import readable
from tests.questionnaires.test_form import form_of, question, when

OPEN = {"answerOption": [{"valueCoding": {"code": "x", "display": "An answer"}}]}


def page_form(form, posted=None, answers=None, language="en", page=0):
    data = None
    if posted is not None:
        data = QueryDict(mutable=True)
        for name, value in posted.items():
            data.setlist(name, value if isinstance(value, list) else [value])
    return PageForm(data, form=form, page=form.pages[page], answers=answers or {}, language=language)


@pytest.mark.parametrize(
    ("item", "posted", "expected"),
    [
        (question("q"), "yes", "yes"),
        (question("q"), "", None),
        (question("q", repeats=True), ["yes", "no"], ["yes", "no"]),
        (question("q", "boolean"), "true", True),
        (question("q", "boolean"), "false", False),
        (question("q", "integer"), "7", 7),
        (question("q", "decimal"), "7.5", 7.5),
        (question("q", "date"), "2026-11-23", "2026-11-23"),
        (question("q", "string"), " words ", "words"),
        (question("q", "string", repeats=True), "one\r\n\r\ntwo", ["one", "two"]),
        (question("q", "text"), "two\r\nlines", "two\r\nlines"),
        (question("q", "open-choice", **OPEN), "x", "x"),
    ],
)
def test_every_type_is_parsed_and_drawn_with_its_answer(item, posted, expected):
    form = form_of(item)
    filled = page_form(form, {"q": posted})
    assert filled.is_valid(), filled.errors
    assert filled.entries() == {"q": expected}
    again = page_form(form, answers={"q": expected} if expected is not None else {})
    assert 'data-question="q"' in render_to_string("questionnaires/_page_lines.html", {"form": again})


def test_something_else_carries_its_words():
    form = form_of(question("q", "open-choice", **OPEN))
    filled = page_form(form, {"q": "other:", "q.other": "my own"})
    assert filled.is_valid()
    assert filled.entries() == {"q": {"other": "my own"}}
    drawn = page_form(form, answers={"q": {"other": "my own"}})
    assert drawn.initial["q"] == "other:"
    assert drawn.initial["q.other"] == "my own"
    many = form_of(question("q", "open-choice", repeats=True, **OPEN))
    filled = page_form(many, {"q": ["x", "other:"], "q.other": "my own"})
    assert filled.is_valid()
    assert filled.entries() == {"q": ["x", {"other": "my own"}]}
    assert page_form(many, answers={"q": ["x", {"other": "my own"}]}).initial["q"] == ["x", "other:"]


def test_answers_to_questions_left_unasked_are_left_out():
    form = form_of(question("a"), question("b", enableWhen=[when("a")]))
    filled = page_form(form, {"a": "no", "b": "yes"})
    assert filled.is_valid()
    assert filled.entries() == {"a": "no"}


def test_conditions_on_the_page_go_to_the_script_and_others_are_decided_here():
    first = {"linkId": "one", "text": "1", "type": "group", "item": [question("a")]}
    both = [when("a"), when("b")]
    second = {
        "linkId": "two",
        "text": "2",
        "type": "group",
        "item": [
            question("b"),
            question("here", enableWhen=[when("b")]),
            question("elsewhere", enableWhen=[when("a")]),
            question("any", enableWhen=both, enableBehavior="any"),
            question("all", enableWhen=both, enableBehavior="all"),
        ],
    }
    form = read_form({"item": [first, second]})

    def shown(answers):
        lines = page_form(form, answers=answers, page=1).lines()
        return {line.field.name: json.loads(line.shown_when) if line.shown_when else None for line in lines}

    on_b = {"question": "b", "operator": "=", "answer": "yes"}
    assert shown({"a": "yes"}) == {
        "b": None,
        "here": [{"all": True, "of": [on_b]}],
        "elsewhere": None,
        "any": None,
        "all": [{"all": True, "of": [on_b]}],
    }
    assert shown({"a": "no"}) == {
        "b": None,
        "here": [{"all": True, "of": [on_b]}],
        "any": [{"all": False, "of": [on_b]}],
    }


def test_headings_and_texts_stand_in_order():
    group = {"linkId": "g", "text": "Heading", "type": "group", "item": [question("b")]}
    form = form_of({"linkId": "t", "text": "Read this", "type": "display"}, question("a"), group)
    assert [(line.kind, line.text or line.field.name) for line in page_form(form).lines()] == [
        ("text", "Read this"),
        ("field", "a"),
        ("heading", "Heading"),
        ("field", "b"),
    ]


def test_what_is_refused_stands_beside_its_question_and_the_rest_on_top():
    filled = page_form(form_of(question("a")), {"a": "yes"})
    assert filled.is_valid()
    filled.refuse({"a": "Wrong", "zzz": "Unknown"})
    assert filled.errors["a"] == ["Wrong"]
    assert filled.non_field_errors() == ["Unknown"]


def test_user_text_is_escaped():
    drawn = page_form(form_of(question("q", "text")), answers={"q": "</textarea><script>x</script>"})
    assert "<script>" not in render_to_string("questionnaires/_page_lines.html", {"form": drawn})


def test_answers_are_read_back_in_words():
    form = form_of(
        question("a", required=True),
        question("b", repeats=True),
        question("c", "boolean"),
        question("d", "open-choice", **OPEN),
        question("e", "integer"),
        question("f", required=True),
    )
    answers = {"a": "yes", "b": ["yes", "no"], "c": False, "d": {"other": "mine"}, "e": 0}
    lines = readable(form, answers, "en", with_missing=True)[0].answers
    assert [(line.link_id, line.answer, line.is_missing) for line in lines] == [
        ("a", "yes", False),
        ("b", "yes, no", False),
        ("c", "No", False),
        ("d", "mine", False),
        ("e", "0", False),
        ("f", "", True),
    ]
    assert [line.link_id for line in readable(form, answers, "en")[0].answers] == ["a", "b", "c", "d", "e"]
