"""Which treatment of which region a flag or a clearance speaks against: every rule of `treatment.py`, pure."""

import pytest

from screening.treatment import (
    ENDANGERMENT,
    EXCUSED_BY_THERAPIST,
    NEVER_EXCUSED,
    OBJECTIONS,
    PELVIC_WORK,
    FlagView,
    Objection,
    Treatment,
    objections,
)

CALF = Treatment(region="LEG.POST")


def against(treatment=CALF, **flag):
    found = objections([FlagView(rule_id="CI-99", **flag)], [treatment])
    assert all(one.rule_id == "CI-99" for one in found)
    return [one.reason for one in found]


def test_a_local_flag_bars_its_regions_and_no_other():
    assert against(severity="local", regions=("LEG.POST", "LEG.ANT")) == ["region_barred"]
    assert against(severity="local", regions=("LEG.ANT",)) == []
    assert against(severity="local", regions=()) == []


@pytest.mark.parametrize("severity", ["absolute", "relative", "caution"])
def test_a_flag_of_another_severity_speaks_for_the_session_not_for_a_region(severity):
    assert against(severity=severity, regions=("LEG.POST",)) == []


@pytest.mark.parametrize("severity", ["absolute", "relative", "local", "caution"])
def test_kinds_a_flag_forbids_are_barred_everywhere(severity):
    oily = Treatment(region="LEG.POST", kinds=frozenset({"lubricant", "kneading"}))
    drummed = Treatment(region="HAND", kinds=frozenset({"percussive"}))
    assert against(oily, severity=severity, kinds=("lubricant",)) == ["lubricant_barred"]
    assert against(drummed, severity=severity, kinds=("percussive", "electrical")) == ["kind_barred"]
    both = Treatment(region="HAND", kinds=frozenset({"lubricant", "percussive"}))
    assert against(both, severity=severity, kinds=("lubricant", "percussive")) == ["lubricant_barred", "kind_barred"]
    assert against(CALF, severity=severity, kinds=("percussive",)) == []


@pytest.mark.parametrize("severity", ["absolute", "relative"])
def test_a_cleared_flag_still_guards_its_own_region_unless_the_clearance_names_it(severity):
    cleared = {"severity": severity, "is_cleared": True, "regions": ("LEG.POST",)}
    assert against(**cleared) == ["region_barred"]
    assert against(**cleared, allowed_regions=("LEG.POST",)) == []
    assert against(**cleared, allowed_regions=("HAND",)) == ["region_barred", "region_not_cleared"]
    assert against(Treatment(region="HAND"), **cleared) == []


@pytest.mark.parametrize("severity", ["local", "caution"])
def test_a_lesser_flag_that_was_cleared_bars_nothing(severity):
    drummed = Treatment(region="LEG.POST", kinds=frozenset({"percussive"}))
    assert against(drummed, severity=severity, is_cleared=True, regions=("LEG.POST",), kinds=("percussive",)) == []


def test_a_cleared_flag_still_bars_kinds():
    drummed = Treatment(region="HAND", kinds=frozenset({"percussive"}))
    assert against(drummed, severity="relative", is_cleared=True, kinds=("percussive",)) == ["kind_barred"]


def test_a_clearance_that_lists_regions_leaves_out_the_others():
    limits = {"severity": "relative", "is_cleared": True}
    assert against(**limits, allowed_regions=("HAND",)) == ["region_not_cleared"]
    assert against(**limits, allowed_regions=("LEG.POST",)) == []
    assert against(**limits, forbidden_regions=("LEG.POST",)) == ["region_not_cleared"]
    assert against(**limits, forbidden_regions=("HAND",)) == []
    assert against(**limits) == []


def test_limits_count_only_while_the_flag_is_cleared():
    assert against(severity="caution", forbidden_regions=("LEG.POST",), max_pressure=1) == []


def test_a_clearance_forbids_kinds():
    kneaded = Treatment(region="HAND", kinds=frozenset({"kneading"}))
    limits = {"severity": "relative", "is_cleared": True}
    assert against(kneaded, **limits, forbidden_kinds=("kneading",)) == ["kind_not_cleared"]
    assert against(kneaded, **limits, forbidden_kinds=("friction",)) == []


@pytest.mark.parametrize(
    ("pressure", "said"),
    [(None, "pressure_unsaid"), (1, None), (2, None), (3, "pressure_not_cleared"), (5, "pressure_not_cleared")],
)
def test_a_clearance_caps_the_pressure_and_asks_for_it(pressure, said):
    pressed = Treatment(region="HAND", pressure=pressure)
    found = against(pressed, severity="relative", is_cleared=True, max_pressure=2)
    assert found == ([said] if said else [])
    assert against(pressed, severity="relative", is_cleared=True) == []


def test_an_excused_rule_is_silent_and_only_for_that_treatment():
    flag = FlagView(rule_id="CI-26", severity="local", regions=("LEG.POST",))
    other = FlagView(rule_id="CI-01", severity="local", regions=("LEG.POST",))
    excused = Treatment(region="LEG.POST", excused=frozenset({"CI-26"}))
    assert objections([flag], [excused]) == []
    assert objections([flag, other], [excused]) == [Objection("region_barred", "CI-01")]
    assert objections([flag], [excused, CALF]) == [Objection("region_barred", "CI-26")]


@pytest.mark.parametrize("is_lead", [False, True])
def test_a_therapists_reason_answers_a_guarded_region_and_the_leads_what_a_doctor_excluded(is_lead):
    flag = FlagView(
        rule_id="CI-05", severity="relative", is_cleared=True, regions=("LEG.POST",), forbidden_regions=("LEG.POST",)
    )
    excused = Treatment(region="LEG.POST", excused=frozenset({"CI-05"}), is_excused_by_lead=is_lead)
    assert objections([flag], [excused]) == ([] if is_lead else [Objection("region_not_cleared", "CI-05")])
    by_default = Treatment(region="LEG.POST", excused=frozenset({"CI-05"}))
    assert objections([flag], [by_default]) == [Objection("region_not_cleared", "CI-05")]
    assert objections([flag], [CALF]) == [
        Objection("region_barred", "CI-05"), Objection("region_not_cleared", "CI-05"),
    ]  # fmt: skip
    unanswered = Treatment(region="LEG.POST", excused=frozenset({"CI-06"}), is_excused_by_lead=is_lead)
    assert len(objections([flag], [unanswered])) == 2


@pytest.mark.parametrize("is_lead", [False, True])
def test_no_reason_stands_for_what_has_to_be_done_first(is_lead):
    """How hard has to be said, and the consent to pelvic work to be there, whoever writes why."""
    excused = frozenset({"CI-05", PELVIC_WORK})
    limits = FlagView(rule_id="CI-05", severity="relative", is_cleared=True, max_pressure=2)
    calf = Treatment(region="LEG.POST", excused=excused, is_excused_by_lead=is_lead)
    assert objections([limits], [calf]) == [Objection("pressure_unsaid", "CI-05")]
    pelvic = Treatment(region="PELVIS", pressure=2, excused=excused, is_excused_by_lead=is_lead)
    assert objections([], [pelvic]) == [Objection("pelvic_consent_missing", PELVIC_WORK)]
    assert objections([], [pelvic], has_pelvic_consent=True) == []


@pytest.mark.parametrize("is_lead", [False, True])
def test_a_reason_answers_for_an_endangerment_area_and_for_no_other_rule(is_lead):
    deep = {"region": "ABDOMEN", "pressure": 5, "is_excused_by_lead": is_lead}
    assert objections([], [Treatment(**deep, excused=frozenset({ENDANGERMENT}))]) == []
    other = Treatment(**deep, excused=frozenset({PELVIC_WORK}))
    assert objections([], [other]) == [Objection("endangered_deep", ENDANGERMENT)]


def test_the_same_objection_is_raised_once():
    flag = FlagView(rule_id="CI-26", severity="local", regions=("LEG.POST",))
    assert objections([flag], [CALF, Treatment(region="LEG.POST", pressure=2)]) == [Objection("region_barred", "CI-26")]
    assert objections([], [CALF]) == []
    assert objections([flag], []) == []


def test_a_product_for_the_whole_session_has_no_region():
    oil = Treatment(region="", kinds=frozenset({"lubricant"}))
    limits = {"severity": "relative", "is_cleared": True, "regions": ("HAND",)}
    assert against(oil, **limits, allowed_regions=("HAND",), max_pressure=1) == []
    assert against(oil, **limits, forbidden_kinds=("lubricant",)) == ["kind_not_cleared"]
    assert against(oil, severity="caution", kinds=("lubricant",)) == ["lubricant_barred"]


def test_every_objection_has_words_and_one_who_decides():
    """What a doctor excluded, or what a device in the body forbids, is the clinical lead's."""
    assert set(OBJECTIONS) == {
        "region_barred", "lubricant_barred", "kind_barred", "region_not_cleared", "kind_not_cleared",
        "pressure_not_cleared", "pressure_unsaid", "endangered_deep", "endangered_unsaid", "pelvic_consent_missing",
        "pelvic_scope",
    }  # fmt: skip
    assert all(text.endswith(".") for text in OBJECTIONS.values())
    assert {
        "region_barred", "lubricant_barred", "endangered_deep", "endangered_unsaid", "pelvic_scope",
    } == EXCUSED_BY_THERAPIST  # fmt: skip
    assert {"pressure_unsaid", "pelvic_consent_missing"} == NEVER_EXCUSED
    for reason in OBJECTIONS:
        written = {"region": "HAND", "excused": frozenset({"CI-05"})}
        assert Treatment(**written).excuses("CI-05", reason) is (reason in EXCUSED_BY_THERAPIST)
        lead = Treatment(**written, is_excused_by_lead=True)
        assert lead.excuses("CI-05", reason) is (reason not in NEVER_EXCUSED)
        assert lead.excuses("CI-06", reason) is False
