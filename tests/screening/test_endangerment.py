"""Endangerment areas (CI-37) and pelvic work (CI-41): asked of every treatment, whatever the patient's flags."""

from __future__ import annotations

import pytest

from screening.endangerment import AREAS, areas_in
from screening.regions import REGIONS
from screening.treatment import FlagView, Treatment, objections, words_of

WHOLE = ("NECK.ANT", "SHOULDER.AX", "ABDOMEN")
PART = ("ARM.ANT", "FOREARM.FLEX", "HIP.ANT", "THIGH.MED", "THIGH.POST", "LEG.POST")


def against(region, *, agreed=False, flags=(), **how):
    found = objections(flags, [Treatment(region=region, **how)], has_pelvic_consent=agreed)
    return [(one.reason, one.rule_id) for one in found]


def test_the_seven_areas_of_the_clinical_reference_are_there_and_lie_in_our_regions():
    assert [area.name.split(",")[0] for area in AREAS] == [
        "Front of the neck", "Armpit", "Inner elbow", "Groin", "Back of the knee", "Abdomen", "Bony points",
    ]  # fmt: skip
    assert {region for region in REGIONS if areas_in(region)} == {*WHOLE, *PART}


@pytest.mark.parametrize("region", [*WHOLE, *PART])
@pytest.mark.parametrize("kind", ["", "pressing", "kneading", "friction", "percussive"])
def test_deep_pressure_in_an_area_needs_a_written_reason(region, kind):
    kinds = frozenset({kind} - {""})
    for pressure in (4, 5):
        assert against(region, kinds=kinds, pressure=pressure) == [("endangered_deep", "CI-37")]
        assert against(region, kinds=kinds, pressure=pressure, excused=frozenset({"CI-37"})) == []
    for pressure in (1, 2, 3):
        assert against(region, kinds=kinds, pressure=pressure) == []


def test_where_the_whole_region_is_at_risk_pressure_nobody_said_is_not_taken_for_light():
    for region in WHOLE:
        assert against(region) == [("endangered_unsaid", "CI-37")]
        assert against(region, excused=frozenset({"CI-37"})) == []
    for region in PART:
        assert against(region) == []


@pytest.mark.parametrize("kind", ["stretching", "traction"])
def test_pulling_does_not_press(kind):
    assert against("NECK.ANT", kinds=frozenset({kind}), pressure=5) == []
    assert against("ABDOMEN", kinds=frozenset({kind})) == []


def test_every_other_region_may_be_treated_deeply_and_a_product_lies_nowhere():
    for region in set(REGIONS) - {*WHOLE, *PART, "PELVIS"}:
        assert against(region, pressure=5) == []
    assert against("", kinds=frozenset({"lubricant"})) == []


def test_a_flag_and_the_area_both_speak():
    flag = FlagView(rule_id="CI-01", severity="local", regions=("ABDOMEN",))
    assert against("ABDOMEN", pressure=4, flags=[flag]) == [("region_barred", "CI-01"), ("endangered_deep", "CI-37")]
    only_flag = against("ABDOMEN", pressure=4, flags=[flag], excused=frozenset({"CI-37"}))
    assert only_flag == [("region_barred", "CI-01")]


def test_pelvic_work_needs_its_own_consent_and_words_about_scope():
    both = [("pelvic_consent_missing", "CI-41"), ("pelvic_scope", "CI-41")]
    assert against("PELVIS", pressure=1) == both
    assert against("PELVIS", kinds=frozenset({"stretching"})) == both
    assert against("PELVIS", agreed=True) == both[1:]
    assert against("PELVIS", agreed=True, excused=frozenset({"CI-41"})) == []


def test_no_reason_stands_for_a_consent_that_is_not_there():
    assert against("PELVIS", excused=frozenset({"CI-41"})) == [("pelvic_consent_missing", "CI-41")]


def test_the_words_name_the_area():
    assert words_of("endangered_deep", region="LEG.POST").startswith("Back of the knee. No deep pressure")
    assert words_of("endangered_deep", region="THIGH.MED").startswith("Groin. ")
    assert words_of("region_barred", region="LEG.POST") == "A flag keeps hands away from this region."


def test_a_consent_nobody_spoke_of_is_none():
    assert [one.reason for one in objections([], [Treatment(region="PELVIS")])] == [
        "pelvic_consent_missing", "pelvic_scope",
    ]  # fmt: skip
