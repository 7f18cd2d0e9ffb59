"""Every case of every rule, from facts derived from the rule itself, against two tables written by hand.

`decisions.csv` says what each case means (severity, urgency, regions, techniques) after the clinical reference, and
`answers.csv` what every single answer of the intake raises. A rule, a case or an answer without a line fails here.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from screening import medicines
from screening.engine import unanswered
from screening.rulebook import rulebook
from tests.screening.facts import facts_of, fired, shipped_form
from tests.screening.witnesses import AT_VISIT_FORMS, HARMLESS, NAMES, Witness, witnesses

HERE = Path(__file__).parent
REGION_SETS = {
    "LEG": (
        "THIGH.ANT", "THIGH.LAT", "THIGH.MED", "THIGH.POST", "LEG.ANT", "LEG.LAT", "LEG.POST", "FOOT.DOR", "FOOT.MED",
        "FOOT.PLA",
    ),
    "NECK": ("NECK.POST", "NECK.LAT", "NECK.ANT", "NECK.SUBOCC"),
    "BELLY": ("ABDOMEN", "PELVIS", "BACK.LOW"),
    "THIGH.MED": ("THIGH.MED",),
    "": (),
}  # fmt: skip
# A fracture of these bones needs clearance for the whole year in which it would otherwise be local.
GRAVER_BEFORE = {("CI-02", 2, code) for code in ("S12", "S22", "S32")}


def table(name):
    return list(csv.DictReader((HERE / name).read_text(encoding="utf-8").splitlines()))


DECISIONS = {(row["rule"], int(row["case"])): row for row in table("decisions.csv")}
CASES = {(rule.id, place): case for rule in rulebook().rules for place, case in enumerate(rule.cases, 1)}


def name_of(witness: Witness) -> str:
    rows = [row.get("code") or row.get("text") or row.get("kind") or row.get("name") for row in witness.conditions]
    rows += [row["name"] for row in witness.medicines] + [" ".join(row) for row in witness.allergies]
    answers = [f"{link_id}={value}" for link_id, value in {**witness.answers, **witness.at_visit}.items()]
    age = [f"age {witness.age}"] if witness.age else []
    return ", ".join([*answers, *(f"no {link_id}" for link_id in sorted(witness.open)), *rows, *age])


WITNESSES = {key: witnesses(case) for key, case in CASES.items()}
EACH = pytest.mark.parametrize(("rule_id", "place"), list(CASES), ids=[f"{rule}-{place}" for rule, place in CASES])


def is_graver_before(rule_id, place, witness):
    return (rule_id, place, next((row.get("code") for row in witness.conditions), None)) in GRAVER_BEFORE


def finding_of(rule_id, facts):
    return fired(facts).get(rule_id)


def fires(rule_id, place, facts):
    """Whether this very case fires: cases of one rule differ in what they ask the therapist to do."""
    found = finding_of(rule_id, facts)
    return found is not None and found.action == CASES[rule_id, place].action


def fires_by(rule_id, place, witness, facts):
    """Whether it fires, and by the rules the witness is about: another one may ask for the doctor all the same."""
    said_so = {(name, one.severity) for name, one in fired(facts).items()}
    return fires(rule_id, place, facts) and witness.found <= said_so


def own(rule_id, place):
    """The witnesses of a case that no graver case of its rule takes first."""
    return [one for one in WITNESSES[rule_id, place] if not is_graver_before(rule_id, place, one)]


def test_every_case_of_every_rule_has_a_line_and_every_line_a_case():
    assert set(DECISIONS) == set(CASES)
    assert all(row["what the clinical reference says"].startswith("§2.") for row in DECISIONS.values())
    assert all(own(*key) for key in CASES)


def test_the_cases_of_a_rule_can_be_told_apart():
    for rule in rulebook().rules:
        actions = [case.action for case in rule.cases]
        assert len(set(actions)) == len(actions), rule.id


def test_each_name_stands_for_its_class_without_a_doubt():
    for kind, names in NAMES.items():
        for name in names:
            assert [(one.medicine_class, one.certainty) for one in medicines.matches(name)] == [(kind, "named")]


@EACH
def test_the_smallest_facts_fire_the_case_as_the_table_says(rule_id, place):
    for witness in WITNESSES[rule_id, place]:
        facts, told = witness.facts(), name_of(witness)
        assert {name: facts.answers.get(name) for name in witness.answers} == witness.answers, f"not asked: {told}"
        found = finding_of(rule_id, facts)
        row = DECISIONS[rule_id, 1 if is_graver_before(rule_id, place, witness) else place]
        assert (found.severity, found.urgency) == (row["severity"], row["urgency"]), told
        assert found.techniques == tuple(row["techniques"].split()), told
        named = row["regions"]
        asked = tuple(facts.answers.get(named, ())) if named not in REGION_SETS else REGION_SETS[named]
        assert found.regions == asked, told
        assert found.action == CASES[rule_id, int(row["case"])].action, told


@EACH
def test_the_evidence_is_the_facts_and_nothing_else(rule_id, place):
    for witness in WITNESSES[rule_id, place]:
        found, told = finding_of(rule_id, witness.facts()), name_of(witness)
        assert {one["link_id"] for one in found.evidence if one["kind"] == "answer"} <= set(witness.answers), told
        rows = {
            f"{letter}{number}"
            for letter, held in (("m", witness.medicines), ("c", witness.conditions), ("a", witness.allergies))
            for number in range(len(held))
        }
        seen = {one["link_id"] for one in found.evidence if one["kind"] == "visit"}
        assert seen <= set(witness.at_visit), told
        named = {one["id"] for one in found.evidence if "id" in one}
        kinds = {one["kind"] for one in found.evidence}
        if witness.found:
            # What those rules rest on is their evidence: here stand they themselves.
            assert {name for name, _ in witness.found} <= named <= set(fired(witness.facts())), told
            assert kinds <= {"answer", "visit", "rule"}, told
        else:
            assert named == rows, told
            assert ("age" in kinds) == (witness.age is not None), told
        assert found.rule_version == rulebook().rule(rule_id).version


@EACH
def test_without_any_one_of_them_the_case_does_not_fire(rule_id, place):
    for witness in own(rule_id, place):
        for left_out, rest in witness.without_one():
            assert not fires_by(rule_id, place, witness, rest.facts()), f"{name_of(witness)} without {left_out}"


@EACH
def test_a_plain_no_does_not_fire_it(rule_id, place):
    for witness in own(rule_id, place):
        for link_id in [name for name, value in witness.answers.items() if value == "yes"]:
            said_no = witness.facts(**{link_id: "no"})
            assert not fires_by(rule_id, place, witness, said_no), f"{name_of(witness)}, {link_id}=no"


@EACH
def test_not_sure_is_yes(rule_id, place):
    """clinical.md §2.1 wants it for absolute, relative and emergency; every lesser case that ships says so itself."""
    row = DECISIONS[rule_id, place]
    for witness in own(rule_id, place):
        doubtful = witness.unsure()
        if doubtful is not None:
            found = finding_of(rule_id, doubtful.facts())
            assert found is not None, name_of(doubtful)
            assert (found.severity, found.urgency) == (row["severity"], row["urgency"]), name_of(doubtful)


NEWER = frozenset().union(*(rule.newer_questions for rule in rulebook().rules))
ASKED = sorted(frozenset().union(*(rule.asks for rule in rulebook().rules)) - NEWER)


@pytest.mark.parametrize("link_id", ASKED)
def test_a_safety_question_left_open_is_incomplete_and_never_no(link_id):
    """Whatever makes the form ask it: asked and silent, it is named as open, and the answer is not made up."""
    every = [witness for held in WITNESSES.values() for witness in held]
    silent = [witness.leaving_open(link_id).facts() for witness in every if link_id in witness.answers]
    asked = [facts for facts in silent if link_id not in facts.not_asked]
    assert bool(asked) == shipped_form().items[link_id].is_required
    for facts in asked:
        assert link_id not in facts.answers
        assert link_id in unanswered(facts, rulebook())


@pytest.mark.parametrize("link_id", sorted(NEWER))
def test_a_question_that_older_forms_did_not_ask_leaves_no_screening_incomplete(link_id):
    facts = facts_of(without=(link_id,))
    assert unanswered(facts, rulebook()) == ()
    assert fired(facts) == {}


# What one answer alone raises.

ANSWERS = [
    (row["question"], code, dict(part.split("=") for part in row["asked after"].split()), row["what fires"])
    for row in table("answers.csv")
    for code in (sorted(shipped_form().items[row["question"]].codes) if row["answer"] == "*" else [row["answer"]])
]


def with_one_answer(link_id, code, asked_after):
    """A calm intake of a woman of 55, or of 70 where frailty is asked, with one answer changed."""
    items = shipped_form().items
    given = {name: [value] if items[name].repeats else value for name, value in {**asked_after, link_id: code}.items()}
    harmless = {name: value for name, value in HARMLESS.items() if name != "blood-thinner-which"}
    return facts_of({**harmless, **given}, age=70 if link_id.startswith("frail") else 55)


def test_every_answer_of_every_question_has_a_line():
    choices = {(item.link_id, code) for item in shipped_form().questions() for code in item.codes}
    assert {(link_id, code) for link_id, code, _, _ in ANSWERS} == choices


@pytest.mark.parametrize("link_id", sorted({row[0] for row in ANSWERS}))
def test_one_answer_alone_raises_what_the_table_says(link_id):
    for _, code, asked_after, says in (row for row in ANSWERS if row[0] == link_id):
        facts = with_one_answer(link_id, code, asked_after)
        assert link_id in facts.answers
        found = fired(facts)
        assert "; ".join(f"{rule} {one.severity} {one.urgency}" for rule, one in sorted(found.items())) == says, code


# What one answer before or at a visit raises, over a calm intake.

AT_VISITS = {(row["form"], row["question"], row["answer"]): row for row in table("visit_answers.csv")}


def test_every_answer_of_the_forms_of_a_visit_has_a_line():
    choices = {
        (name, item.link_id, code) for name in AT_VISIT_FORMS for item in shipped_form(name).questions()
        for code in item.codes
    }  # fmt: skip
    assert set(AT_VISITS) == choices


@pytest.mark.parametrize("key", list(AT_VISITS), ids="-".join)
def test_one_answer_at_a_visit_raises_what_the_table_says(key):
    """Alone, and beside a rule for which the doctor has to be asked."""
    _, link_id, code = key
    for intake, column in (({}, "what fires"), ({"vein-past": "yes"}, "beside CI-05 relative")):
        found = fired(facts_of(intake, at_visit={link_id: code}))
        told = [f"{rule} {one.severity} {one.urgency}" for rule, one in sorted(found.items()) if rule != "CI-05"]
        assert "; ".join(told) == AT_VISITS[key][column], column
