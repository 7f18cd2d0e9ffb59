"""What a recognised medicine makes one ask: the table of the dictionary, the rules, and the therapist's page."""

from __future__ import annotations

import pytest

from screening.medicines import dictionary
from screening.rulebook import rulebook
from tests.screening.facts import facts_of, fired
from tests.screening.test_rulebook import leaves

SUBSTANCES = sorted({known for substances in dictionary().by_name.values() for known in substances})
ONE_OF_EACH = {medicine_class: substance for substance, medicine_class in reversed(SUBSTANCES)}
# What still asks when it is said to be over. The others are only marked among what the patient wrote.
ASKS_WHEN_OVER = {
    "anticoagulant": {"CI-06a": "caution"},
    "antiplatelet": {"CI-06b": "caution"},
    "thrombolytic": {"CI-06a": "caution"},
    "near_neighbour": {},
    "glucocorticoid": {"CI-21": "caution"},
    "bone_medicine": {"CI-03": "caution"},
    "diabetes_medicine": {"CI-17": "caution"},
    "cancer_medicine": {"CI-03": "caution", "CI-10": "caution"},
    "aromatase_inhibitor": {"CI-03": "caution", "CI-10": "caution"},
    "immunosuppressant": {"CI-11b": "caution", "CI-22": "caution"},
    "opioid": {},
    "muscle_relaxant": {},
    "botulinum_toxin": {"CI-32": "caution"},
}


@pytest.mark.parametrize(("substance", "medicine_class"), SUBSTANCES, ids=[name for name, _ in SUBSTANCES])
def test_every_medicine_on_record_fires_the_rules_its_class_names(substance, medicine_class):
    assert set(fired(facts_of(medicines=(substance,)))) == set(dictionary().classes[medicine_class].prompts)


@pytest.mark.parametrize("medicine_class", dictionary().classes)
def test_a_medicine_that_is_over_asks_where_the_condition_stays(medicine_class):
    written = {"medicines-any": "yes", "medicines": f"stopped {ONE_OF_EACH[medicine_class]} in 2019"}
    found = fired(facts_of(written))
    assert {rule_id: finding.severity for rule_id, finding in found.items()} == ASKS_WHEN_OVER[medicine_class]
    for finding in found.values():
        assert {one["certainty"] for one in finding.evidence} == {"ask"}


def test_the_rules_look_for_no_class_the_dictionary_does_not_know():
    asked = {
        (rule.id, medicine_class)
        for rule in rulebook().rules
        for case in rule.cases
        for operator, body in leaves(case.when)
        if operator in {"medicine", "only_medicines"}
        for medicine_class in body["class"]
    }
    assert {medicine_class for _, medicine_class in asked} == set(dictionary().classes)
    for name, one in dictionary().classes.items():
        assert one.label
        assert {(rule_id, name) for rule_id in one.prompts} <= asked


@pytest.mark.parametrize("written", ["", "qwertzol", "I do not know", "vitamin D"])
def test_what_is_not_recognised_never_clears_a_blood_thinner(written):
    answers = {"blood-thinner": "yes", "blood-thinner-which": written, "medicines-any": "yes", "medicines": written}
    assert fired(facts_of(answers))["CI-06a"].severity == "relative"


@pytest.mark.parametrize("written", ["ibuprofen", "fish oil", "Plavix, ibuprofen", "stopped Plavix", "aspirin prn"])
def test_a_near_neighbour_or_a_doubt_never_turns_a_yes_into_a_mere_caution(written):
    answers = {"blood-thinner": "yes", "blood-thinner-which": written}
    assert fired(facts_of(answers))["CI-06a"].severity == "relative"


def test_a_near_neighbour_beside_a_blood_thinner_takes_nothing_away():
    found = fired(facts_of(medicines=("Xarelto 20 mg", "Ibuprofen 400 mg")))
    assert {rule_id: finding.severity for rule_id, finding in found.items()} == {
        "CI-06a": "relative",
        "CI-06c": "caution",
    }
