"""What a recognised medicine makes one ask: the table of the dictionary, the rules, and the therapist's page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from patients.models import Medicine
from screening.medicines import dictionary
from screening.models import Flag
from screening.rulebook import rulebook
from tests.screening.factories import sent_intake
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


def review(patient):
    return reverse("screening:patient", args=[patient.public_id])


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


@pytest.mark.django_db
def test_the_therapist_reads_what_was_recognised_what_it_asks_and_every_doubt(patient, therapist, page_of):
    lines = ["Eliquis 5 mg", "stopped warfarin in 2019", "mi madre toma Sintrom", "aspirin prn", "levothyroxine"]
    sent_intake(patient, medicines_any="yes", medicines="\n".join(lines))
    answer = page_of(therapist).get(review(patient))
    assert [(one.label, one.recognised, one.prompts, one.doubt) for one in answer.context["suggestions"]] == [
        ("Eliquis 5 mg", ("apixaban (blood thinner)",), ("CI-06a",), ""),
        ("stopped warfarin in 2019", ("warfarin (blood thinner)",), ("CI-06a",), "Earlier, not now?"),
        ("mi madre toma Sintrom", ("acenocoumarol (blood thinner)",), ("CI-06a",), "Somebody else's?"),
        ("aspirin prn", ("aspirin (platelet inhibitor)",), ("CI-06b",), "Only at times?"),
        ("levothyroxine", (), (), ""),
    ]
    page = answer.content.decode()
    assert "Looks like apixaban (blood thinner); asks about CI-06a" in page
    assert "Earlier, not now?" in page


@pytest.mark.django_db
def test_taking_over_what_is_over_keeps_the_words_so_that_the_rules_keep_asking(patient, therapist, page_of):
    response = sent_intake(patient, medicines_any="yes", medicines="stopped warfarin in 2019").response
    address = reverse("screening:accept", args=[response.public_id])
    page_of(therapist).post(address, {"key": "medicine-stopped warfarin in 2019"})
    assert Medicine.objects.get().name == "stopped warfarin in 2019"
    assert Flag.objects.standing().get(rule_id="CI-06a").severity == "caution"
