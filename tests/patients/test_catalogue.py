from datetime import date

import pytest

from patients.catalogue import CONDITIONS, condition_name, suggested_code
from patients.models import Side

BEFORE_2021 = date(2021, 9, 30)
SINCE_2021 = date(2021, 10, 1)
TODAY = date(2026, 11, 23)


def codes(kind, day=TODAY, side="none"):
    return [code.code for code in CONDITIONS[kind].codes_on(day, side)]


def test_holds_all_22_conditions_of_the_clinic_and_two_more():
    items = {entry.seed_item for entry in CONDITIONS.values()}
    assert {f"C{number}" for number in range(1, 23)} <= items
    assert items - {f"C{number}" for number in range(1, 23)} == {"B1", "N1"}
    assert len(CONDITIONS) == 24


@pytest.mark.parametrize("entry", CONDITIONS.values(), ids=CONDITIONS)
def test_every_entry_is_complete(entry):
    assert len(entry.key) <= 40
    assert entry.name_en
    assert entry.name_es
    assert entry.name("es") == entry.name_es
    assert entry.measures
    assert entry.source
    assert entry.codes or entry.terms
    for code in entry.every_code:
        assert code.system == "ICD-10-CM"
        assert code.valid_to is None or code.valid_from < code.valid_to
        assert code.side in {None, *Side.values}
        assert len(code.code) <= 8


@pytest.mark.parametrize("entry", CONDITIONS.values(), ids=CONDITIONS)
def test_every_entry_has_a_code_today_and_no_code_twice(entry):
    for side in Side.values:
        usable = [code.code for code in entry.codes_on(TODAY, side)]
        assert usable
        assert len(usable) == len(set(usable))


def test_low_back_pain_lost_its_code_on_1_october_2021():
    assert codes("chronic_low_back_pain", BEFORE_2021) == ["M54.5"]
    assert codes("chronic_low_back_pain", SINCE_2021) == ["M54.50", "M54.51", "M54.59"]
    assert suggested_code("chronic_low_back_pain", BEFORE_2021, "none").code == "M54.5"
    assert suggested_code("chronic_low_back_pain", SINCE_2021, "none").code == "M54.50"


def test_nothing_is_valid_before_the_code_system_was():
    assert codes("chronic_neck_pain", date(2015, 9, 30)) == []
    assert suggested_code("chronic_neck_pain", date(2015, 9, 30), "none") is None


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("right", ["M25.611", "M25.511", "M24.511"]),
        ("left", ["M25.612", "M25.512", "M24.512"]),
        ("none", ["M25.619", "M25.519", "M24.519"]),
        ("both", ["M25.611", "M25.612", "M25.511", "M25.512", "M24.511", "M24.512"]),
    ],
)
def test_a_shoulders_code_says_its_side(side, expected):
    assert codes("shoulder_restriction", side=side) == expected


@pytest.mark.parametrize(
    ("side", "expected"), [("right", "G56.01"), ("left", "G56.02"), ("both", "G56.03"), ("none", "G56.00")]
)
def test_carpal_tunnel_has_one_code_for_both_hands(side, expected):
    assert codes("carpal_tunnel_syndrome", side=side) == [expected]
    assert suggested_code("carpal_tunnel_syndrome", TODAY, side).code == expected


def test_a_code_without_sides_serves_every_side():
    assert codes("dizziness", side="left") == ["R42", "H81.12"]


def test_cervical_offers_both_meanings_and_is_never_coded_by_us():
    entry = CONDITIONS["cervical_pain"]
    assert [term.key for term in entry.terms] == ["neck", "pelvic"]
    assert [code.code for code in entry.term("neck").codes_on(TODAY)] == ["M54.2"]
    assert [code.code for code in entry.term("pelvic").codes_on(date(2025, 9, 30))] == ["R10.2"]
    assert [code.code for code in entry.term("pelvic").codes_on(date(2025, 10, 1))] == ["R10.20"]
    assert entry.term("womb") is None
    for side in Side.values:
        assert suggested_code("cervical_pain", TODAY, side) is None


@pytest.mark.parametrize("kind", ["sprain_or_strain", "post_surgical_rehabilitation", "other", "unheard_of"])
def test_what_needs_a_person_to_choose_is_not_coded(kind):
    assert suggested_code(kind, TODAY, "none") is None


def test_injuries_carry_their_seventh_character():
    assert codes("sprain_or_strain", side="right")[-3:] == ["S93.401A", "S93.401D", "S93.401S"]
    assert "S13.4XXA" in codes("sprain_or_strain")


def test_safety_rules_come_with_the_condition():
    assert CONDITIONS["chronic_low_back_pain"].safety_rules == ("RF-01", "RF-02", "RF-03", "RF-04", "RF-10")
    assert CONDITIONS["urinary_incontinence"].safety_rules[0] == "RF-01"
    assert CONDITIONS["sprain_or_strain"].safety_rules == ("CI-36",)


def test_a_condition_is_called_by_its_catalogue_name_and_its_words():
    assert condition_name("migraine", "") == "Migraine"
    assert condition_name("migraine", "with aura", "es") == "Migraña: with aura"
    assert condition_name("other", "Tennis elbow") == "Tennis elbow"
