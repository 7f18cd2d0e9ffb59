"""What a finding carries and how evidence is gathered: the engine over small rules of its own. Pure."""

from __future__ import annotations

import json
from datetime import date

import pytest

from screening.engine import evaluate
from screening.facts import AllergyFact, ConditionFact, Facts, MedicineFact
from screening.rulebook import read_rulebook

TODAY = date(2027, 1, 11)


@pytest.fixture
def finding(tmp_path):
    """`finding(when, answers=…)` is what a rule with one case says."""

    def found(when, *, case=None, hold_days=None, **facts):
        case = {"severity": "caution", "when": when, "action": "Look.", **(case or {})}
        rule = {"id": "X-1", "version": 3, "title": "Something", "source": "x", "cases": [case]}
        (tmp_path / "X-1.json").write_text(json.dumps({**rule, "answers_hold_days": hold_days}))
        findings = evaluate(Facts(**{"today": TODAY, "age": 40, **facts}), read_rulebook(tmp_path))
        return findings[0] if findings else None

    return found


def said(link_id, value="yes"):
    return {"kind": "answer", "link_id": link_id, "value": value}


def test_a_finding_carries_what_its_rule_says(finding):
    case = {"regions": ["HAND"], "techniques": ["percussive"], "patient_words": {"en": "Stop.", "es": "Pare."}}
    found = finding({"yes": "a"}, case=case, answers={"a": "yes"}, answered_on=TODAY, hold_days=7)
    assert found.patient_words == {"en": "Stop.", "es": "Pare."}
    assert found.snapshot() == {
        "rule_id": "X-1",
        "rule_version": 3,
        "title": "Something",
        "severity": "caution",
        "urgency": "routine",
        "action": "Look.",
        "regions": ["HAND"],
        "techniques": ["percussive"],
        "evidence": [said("a")],
        "expires_on": "2027-01-18",
    }
    lasting = finding({"yes": "a"}, answers={"a": "yes"})
    assert (lasting.snapshot()["expires_on"], lasting.regions, lasting.patient_words) == (None, (), {})


@pytest.mark.parametrize(("urgency", "is_urgent"), [("routine", False), ("same_day", True), ("emergency", True)])
def test_what_is_not_routine_is_urgent(finding, urgency, is_urgent):
    words = {"en": "Stop.", "es": "Pare."}
    found = finding({"yes": "a"}, case={"urgency": urgency, "patient_words": words}, answers={"a": "yes"})
    assert found.is_urgent is is_urgent


def test_the_same_evidence_is_told_once_and_in_the_order_of_the_rule(finding):
    when = {"all": [{"yes": "a"}, {"any": [{"yes": "b"}, {"yes": "a"}, {"yes": "c"}]}]}
    found = finding(when, answers={"a": "yes", "b": "yes", "c": "no"})
    assert found.evidence == [said("a"), said("b")]


def test_the_first_case_that_holds_speaks_and_rules_speak_in_order(tmp_path):
    for rule_id, questions in (("X-2", ["b", "a"]), ("X-1", ["a", "b"])):
        cases = [{"severity": "caution", "when": {"yes": one}, "action": one} for one in questions]
        rule = {"id": rule_id, "version": 1, "title": "x", "source": "x", "cases": cases}
        (tmp_path / f"{rule_id}.json").write_text(json.dumps(rule))
    facts = Facts(today=TODAY, age=40, answers={"a": "yes", "b": "yes"})
    found = evaluate(facts, read_rulebook(tmp_path))
    assert [(one.rule_id, one.action) for one in found] == [("X-1", "a"), ("X-2", "b")]


def test_a_rule_that_rests_on_others_speaks_once_and_hears_only_rules_that_do_not(tmp_path):
    whens = {
        "X-1": {"any": [{"yes": "a"}, {"found": {"rules": ["X-3"]}}]},
        "X-2": {"found": {"rules": ["X-1"]}},
        "X-3": {"yes": "b"},
        "X-4": {"found": {"severities": ["caution"], "not_rules": ["X-1"]}},
    }
    for rule_id, when in whens.items():
        cases = [{"severity": "caution", "when": when, "action": "Look."}]
        rule = {"id": rule_id, "version": 1, "title": f"Rule {rule_id}", "source": "x", "cases": cases}
        (tmp_path / f"{rule_id}.json").write_text(json.dumps(rule))
    facts = Facts(today=TODAY, age=40, answers={"a": "yes", "b": "yes"})
    found = {one.rule_id: one.evidence for one in evaluate(facts, read_rulebook(tmp_path))}
    heard = {"kind": "rule", "id": "X-3", "text": "Rule X-3"}
    assert found == {"X-1": [said("a"), heard], "X-3": [said("b")], "X-4": [heard]}
    assert [one.rule_id for one in evaluate(facts, read_rulebook(tmp_path))] == ["X-1", "X-3", "X-4"]
    alone = Facts(today=TODAY, age=40, answers={"a": "yes"})
    assert [one.rule_id for one in evaluate(alone, read_rulebook(tmp_path))] == ["X-1"]


def test_regions_come_from_the_answer_one_or_several(finding):
    asked = {"case": {"regions": {"from_answer": "where"}}}
    assert finding({"yes": "a"}, **asked, answers={"a": "yes", "where": ["HAND", "CHEST"]}).regions == ("HAND", "CHEST")
    assert finding({"yes": "a"}, **asked, answers={"a": "yes", "where": "HAND"}).regions == ("HAND",)
    assert finding({"yes": "a"}, **asked, answers={"a": "yes", "where": []}).regions == ()
    assert finding({"yes": "a"}, **asked, answers={"a": "yes"}).regions == ()


def test_what_rests_on_more_than_answers_does_not_run_out_with_them(finding):
    both = {"all": [{"yes": "a"}, {"age": {"at_least": 40}}]}
    found = finding(both, answers={"a": "yes"}, answered_on=TODAY, hold_days=7)
    assert found.expires_on is None
    assert found.evidence == [said("a"), {"kind": "age", "value": 40}]


def test_answers_without_a_day_do_not_run_out(finding):
    assert finding({"yes": "a"}, answers={"a": "yes"}, hold_days=1).expires_on is None


# Evidence, operator by operator


@pytest.mark.parametrize(
    ("when", "answers", "evidence"),
    [
        ({"yes": "a"}, {"a": True}, [said("a", True)]),
        ({"unsure": "a"}, {"a": "not-sure"}, [said("a", "not-sure")]),
        ({"answered": "a"}, {"a": "Words"}, [said("a", "Words")]),
        ({"answered": "a"}, {"a": 0}, [said("a", 0)]),
        ({"answer": {"of": "a", "in": ["x", "y"]}}, {"a": "x"}, [said("a", "x")]),
        ({"answer": {"of": "a", "in": ["x", "y"]}}, {"a": ["z", "y"]}, [said("a", "y")]),
        ({"answer": {"of": "a", "in": ["x", "y"]}}, {"a": ["y", "x", "z"]}, [said("a", ["y", "x"])]),
        ({"ticked": {"of": "a", "code": "x", "unsure": "b"}}, {"a": ["x"]}, [said("a", "x")]),
        ({"tick_unsure": {"code": "x", "unsure": "b"}}, {"b": ["x", "z"]}, [said("b", "x")]),
        ({"number": {"of": "a", "at_least": 2}}, {"a": 2}, [said("a", 2)]),
        ({"number": {"of": "a", "below": 2}}, {"a": 1.5}, [said("a", 1.5)]),
        ({"date": {"of": "a", "within_days": 3}}, {"a": "2027-01-08"}, [said("a", "2027-01-08")]),
        ({"only_medicines": {"of": "a", "class": ["antiplatelet"]}}, {"a": "Plavix"}, [said("a", "Plavix")]),
        ({"not": {"answered": "a"}}, {}, []),
        ({"at_least": {"count": 2, "of": [{"yes": "a"}, {"yes": "b"}, {"yes": "c"}]}}, {"a": "yes", "c": "yes"},
         [said("a"), said("c")]),
        ({"at_least": {"count": 1, "of": [{"yes": "a"}, {"yes": "b"}]}}, {"a": "yes", "b": "yes"},
         [said("a"), said("b")]),
        ({"any": [{"not": {"answered": "z"}}, {"yes": "a"}]}, {"a": "yes"}, [said("a")]),
    ],
)  # fmt: skip
def test_evidence_of_answers(finding, when, answers, evidence):
    assert finding(when, answers=answers).evidence == evidence


@pytest.mark.parametrize(
    ("when", "answers"),
    [
        ({"yes": "a"}, {"a": 1}),
        ({"number": {"of": "a", "at_least": 1}}, {"a": True}),
        ({"number": {"of": "a", "at_least": 1}}, {"a": "5"}),
        ({"number": {"of": "a", "at_least": 2}}, {"a": 1}),
        ({"number": {"of": "a", "below": 2}}, {"a": 2}),
        ({"only_medicines": {"of": "a", "class": ["antiplatelet"]}}, {}),
        ({"only_medicines": {"of": "a", "class": ["antiplatelet"]}}, {"a": "Plavix and warfarin"}),
        ({"only_medicines": {"of": "a", "class": ["antiplatelet"]}}, {"a": "no Plavix"}),
        ({"at_least": {"count": 2, "of": [{"yes": "a"}, {"yes": "b"}]}}, {"a": "yes"}),
        ({"all": [{"yes": "a"}, {"yes": "b"}]}, {"b": "yes"}),
        ({"any": [{"yes": "a"}, {"yes": "b"}]}, {"a": "no", "b": "no"}),
    ],
)
def test_what_does_not_hold_says_nothing(finding, when, answers):
    """A number is no yes, and a yes no number, though Python takes True for 1."""
    assert finding(when, answers=answers) is None


def test_a_doubt_is_told_by_the_question_in_which_it_was_told(finding):
    strict = {"case": {"severity": "relative"}}
    tick = {"ticked": {"of": "a", "code": "x", "unsure": "b"}}
    assert finding(tick, **strict, answers={"a": ["not-sure"], "b": ["x"]}).evidence == [said("b", "x")]
    assert finding({"yes": "a"}, **strict, answers={"a": "not-sure"}).evidence == [said("a", "not-sure")]
    assert finding(tick, answers={"a": ["not-sure"], "b": ["x"]}) is None


def test_an_age_has_two_bounds(finding):
    between = {"age": {"at_least": 18, "below": 65}}
    assert [age for age in (17, 18, 64, 65) if finding(between, age=age)] == [18, 64]


MEDICINE = {"kind": "medicine", "id": "m", "text": "Warfarin", "substance": "warfarin", "class": "anticoagulant"}


def test_evidence_of_the_record(finding):
    warfarin = (MedicineFact("m", "Warfarin"),)
    when = {"medicine": {"class": ["anticoagulant"]}}
    assert finding(when, medicines=warfarin).evidence == [{**MEDICINE, "certainty": "named"}]
    frail = (ConditionFact("c", "other", "Frailty", "R54"), ConditionFact("d", "dizziness"))
    when = {"condition": {"codes": ["R5"], "kinds": ["dizziness"]}}
    assert finding(when, conditions=frail).evidence == [
        {"kind": "condition", "id": "c", "text": "Frailty", "code": "R54"},
        {"kind": "condition", "id": "d", "text": "dizziness", "code": ""},
    ]
    oils = (
        AllergyFact("a", "oil", "Balm"),
        AllergyFact("b", "food", "Peanut (food)"),
        AllergyFact("c", "food", "Milk"),
    )
    when = {"allergy": {"categories": ["oil"], "terms": ["peanut"]}}
    assert finding(when, allergies=oils).evidence == [
        {"kind": "allergy", "id": "a", "text": "Balm"},
        {"kind": "allergy", "id": "b", "text": "Peanut (food)"},
    ]
    assert finding({"allergy": {"terms": ["nut"]}}, allergies=oils) is None
    assert finding({"allergy": {"categories": ["latex"]}}, allergies=oils) is None


@pytest.mark.parametrize(
    ("certainty", "text", "holds"),
    [
        (None, "Warfarin", True),
        (None, "stopped Warfarin", False),
        (["ask"], "stopped Warfarin", True),
        (["ask"], "Warfarin", False),
        (["named", "ask"], "stopped Warfarin", True),
        (["named", "ask"], "Warfarin", True),
    ],
)
def test_a_medicine_is_as_sure_as_the_rule_asks(finding, certainty, text, holds):
    body = {"class": ["anticoagulant"], **({"certainty": certainty} if certainty else {})}
    assert (finding({"medicine": body}, answers={"medicines": text}) is not None) is holds


def test_substances_are_counted_not_mentions(finding):
    two = {"medicine": {"class": ["antiplatelet"], "substances": 2}}
    plavix, again, aspirin = (MedicineFact(name, name) for name in ("Plavix", "Clopidogrel", "Aspirin 81 mg"))
    assert finding(two, medicines=(plavix, again)) is None
    assert len(finding(two, medicines=(plavix, again, aspirin)).evidence) == 3


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Malignant melanoma", True),
        ("malignant-melanoma!", True),
        ("Family history of melanoma", False),
        ("Melanomatosis", False),
        ("", False),
    ],
)
def test_a_term_is_whole_words_without_a_denial(finding, text, holds):
    when = {"condition": {"terms": ["melanoma", "malignant melanoma"], "not_terms": ["family"]}}
    assert (finding(when, conditions=(ConditionFact("c", "other", text),)) is not None) is holds


@pytest.mark.parametrize("code", ["", "C50", "D05"])
def test_a_code_is_a_beginning_and_no_code_is_none(finding, code):
    when = {"condition": {"codes": ["C"]}}
    assert (finding(when, conditions=(ConditionFact("c", "other", "x", code),)) is not None) is (code == "C50")
