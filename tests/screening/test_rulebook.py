"""Rule files: read, checked, and the small grammar of their conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from questionnaires.form import is_answered
from screening.at_visit import WORDS
from screening.engine import holds
from screening.facts import Facts
from screening.rulebook import RULES, SEVERITIES, BadRule, read_rulebook, rulebook
from tests.screening.facts import facts_of, shipped_form

TODAY = date(2027, 1, 11)


def book_with(folder, when, **more):
    case = {"severity": "caution", "when": when, "action": "x"}
    rule = {"id": "X-1", "version": 1, "title": "x", "source": "x", "cases": [case], **more}
    (folder / "X-1.json").write_text(json.dumps(rule))
    return read_rulebook(folder)


def held(when, *, strict=False, **answers):
    facts = Facts(today=TODAY, age=40, answers={name.replace("_", "-"): value for name, value in answers.items()})
    return holds(when, facts, takes_not_sure_for_yes=strict) is not None


def test_every_shipped_rule_is_titled_sourced_and_acts():
    for rule in rulebook().rules:
        assert rule.title
        assert rule.source
        assert rule.version >= 1
        for case in rule.cases:
            assert case.action
            if case.regions_from:
                assert case.regions_from in shipped_form().items


def test_general_knowledge_is_marked_for_review():
    for rule in rulebook().rules:
        if rule.source == "general knowledge":
            assert rule.needs_clinical_review, rule.id


def test_the_first_case_of_a_rule_is_never_milder_than_the_next():
    order = ["absolute", "relative", "local", "caution"]
    for rule in rulebook().rules:
        ranks = [order.index(case.severity) for case in rule.cases]
        assert ranks == sorted(ranks), rule.id


def leaves(expression):
    """The operators of an expression that look at something, with what they look for."""
    ((operator, body),) = expression.items()
    parts = {"any": body, "all": body, "not": [body], "at_least": body["of"] if operator == "at_least" else []}
    if operator not in parts:
        yield operator, body
    for part in parts.get(operator, []):
        yield from leaves(part)


def test_every_answer_a_rule_looks_for_can_be_given():
    items = shipped_form().items
    looked_for = [leaf for rule in rulebook().rules for case in rule.cases for leaf in leaves(case.when)]
    visit_forms = [shipped_form(name) for name in ("at-visit.v1", "change-check.v1")]
    at_visit = {link_id: item for form in visit_forms for link_id, item in form.items.items()}
    for operator, body in looked_for:
        if operator == "at_visit":
            assert set(body["in"]) <= at_visit[body["of"]].codes, body
            assert body["of"] in WORDS
        elif operator == "found":
            assert {*body.get("rules", ()), *body.get("not_rules", ())} <= {rule.id for rule in rulebook().rules}
            assert set(body.get("severities", ())) <= set(SEVERITIES)
        elif operator == "answer":
            assert set(body["in"]) <= items[body["of"]].codes, body
        elif operator == "ticked":
            assert body["code"] in items[body["of"]].codes & items[body["unsure"]].codes
        elif operator in {"yes", "unsure"}:
            assert {"yes", "not-sure"} <= items[body].codes, body
        elif operator in {"number", "date", "answered", "only_medicines"}:
            assert (body if isinstance(body, str) else body["of"]) in items


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "exactly one operator"),
        ({"yes": "a", "unsure": "b"}, "exactly one operator"),
        ({"maybe": {"of": "a"}}, "no operator maybe"),
        ({"yes": ["a"]}, "names a question"),
        ({"answer": {"of": "a"}}, "takes"),
        ({"answer": {"of": "a", "in": ["x"], "or": 1}}, "takes"),
        ({"condition": {}}, "takes"),
        ({"ref": "nothing"}, "no definition"),
        ({"not": {"yes": "a"}}, "not over yes"),
        ({"not": {"any": [{"ticked": {"of": "a", "code": "b", "unsure": "c"}}]}}, "not over yes"),
        ({"all": [{"any": [{"nope": 1}]}]}, "no operator nope"),
        ({"at_visit": {"of": "a"}}, "takes"),
        ({"found": {}}, "takes"),
        ({"found": {"rule": ["CI-01"]}}, "takes"),
    ],
)
def test_a_bad_condition_is_refused_where_it_is_read(tmp_path, when, words):
    with pytest.raises(BadRule, match=words):
        book_with(tmp_path, when)


def test_a_bad_rule_is_refused(tmp_path):
    for more, words in (
        ({"id": "X-2"}, "named for its rule"),
        ({"cases": []}, "needs a case"),
        ({"cases": [{"severity": "fatal", "when": {"yes": "a"}, "action": "x"}]}, "unknown severity"),
        (
            {"cases": [{"severity": "absolute", "urgency": "emergency", "when": {"yes": "a"}, "action": "x"}]},
            "tells the patient",
        ),
    ):
        with pytest.raises(BadRule, match=words):
            book_with(tmp_path, {"yes": "a"}, **more)


def test_the_version_of_the_set_changes_with_any_rule(tmp_path):
    first = book_with(tmp_path, {"yes": "a"}).version
    assert book_with(tmp_path, {"yes": "a"}).version == first
    assert book_with(tmp_path, {"yes": "b"}).version != first
    (tmp_path / "definitions.json").write_text(json.dumps({"new": {"yes": "a"}}))
    assert book_with(tmp_path, {"yes": "a"}).version != first


def test_definitions_are_filled_in(tmp_path):
    (tmp_path / "definitions.json").write_text(json.dumps({"bad legs": {"yes": "legs"}}))
    assert book_with(tmp_path, {"ref": "bad legs"}).rules[0].asks == {"legs"}


def test_not_sure_is_yes_only_where_the_case_is_strict():
    assert held({"yes": "a"}, a="yes")
    assert held({"yes": "a"}, a=True)
    assert not held({"yes": "a"}, a="not-sure")
    assert held({"yes": "a"}, strict=True, a="not-sure")
    assert not held({"yes": "a"}, strict=True, a="no")
    assert not held({"yes": "a"}, strict=True)
    assert held({"unsure": "a"}, a="not-sure")


def test_a_tick_not_sure_of_counts_only_where_the_case_is_strict():
    tick = {"ticked": {"of": "list", "code": "x", "unsure": "list-unsure"}}
    assert held(tick, list=["x", "y"])
    assert not held(tick, list=["y"])
    unsure = {"list": ["not-sure"], "list_unsure": ["x"]}
    assert not held(tick, **unsure)
    assert held(tick, strict=True, **unsure)
    assert held({"tick_unsure": {"code": "x", "unsure": "list-unsure"}}, **unsure)


@pytest.mark.parametrize(("weeks", "expected"), [(13, True), (14, False), (None, False), (True, False), ("13", False)])
def test_a_number_is_compared(weeks, expected):
    assert held({"number": {"of": "weeks", "below": 14}}, weeks=weeks) is expected


def test_a_number_has_two_bounds():
    between = {"number": {"of": "n", "at_least": 2, "below": 4}}
    assert [n for n in range(6) if held(between, n=n)] == [2, 3]


@pytest.mark.parametrize(("day", "expected"), [("2027-01-11", True), ("2026-12-28", True), ("2026-12-27", False)])
def test_a_date_is_within_some_days(day, expected):
    assert held({"date": {"of": "d", "within_days": 14}}, d=day) is expected


def test_an_unanswered_date_is_not_within_any():
    assert not held({"date": {"of": "d", "within_days": 14}})


def test_at_least_counts_parts():
    two = {"at_least": {"count": 2, "of": [{"yes": "a"}, {"yes": "b"}, {"yes": "c"}]}}
    assert not held(two, a="yes", b="no", c="no")
    assert held(two, a="yes", b="no", c="yes")


def test_not_and_answered():
    assert held({"not": {"answered": "a"}})
    assert not held({"not": {"answered": "a"}}, a="x")
    assert not held({"answered": "a"}, a="")
    assert not held({"answered": "a"}, a=[])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plavix", True),
        ("Plavix 75 mg, aspirin", True),
        ("Plavix and something", False),
        ("warfarin", False),
        ("Plavix, warfarin", False),
        ("stopped Plavix", False),
        ("", False),
    ],
)
def test_only_medicines_needs_every_part_named_without_a_doubt(text, expected):
    only = {"only_medicines": {"of": "which", "class": ["antiplatelet"]}}
    assert held(only, which=text) is expected


def test_facts_can_be_told_again_from_their_snapshot():
    facts = facts_of({"clot-now": "yes"}, medicines=("Xarelto",), conditions=({"text": "Frailty", "onset_on": TODAY},))
    told = json.loads(json.dumps(facts.snapshot()))
    assert told["answers"]["clot-now"] == "yes"
    assert told["medicines"][0]["name"] == "Xarelto"
    assert told["conditions"][0]["onset_on"] == "2027-01-11"
    assert told["mentions"][0]["substance"] == "rivaroxaban"
    assert all(is_answered(value) for value in told["answers"].values())
    assert replace(facts, answers={}).mentions == facts.mentions


def test_the_shipped_files_are_named_for_their_rules():
    names = {path.stem for path in RULES.glob("*.json")} - {"definitions"}
    assert names == {rule.id for rule in rulebook().rules}
