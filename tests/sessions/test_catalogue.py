"""The catalogues are whole, and what they name exists."""

import pytest

from clinic.templatetags.body_map import REGIONS
from patients.catalogue import CONDITIONS
from sessions import catalogue
from sessions.catalogue import Place


def test_every_row_of_the_muscle_table_is_there_once():
    assert len(catalogue.muscles()) == 63
    assert len({muscle.name for muscle in catalogue.muscles().values()}) == 63


def test_every_row_of_the_motion_table_is_there_once():
    # 32 rows of the table, of which seven name two motions; and the two that are not read in degrees.
    assert len(catalogue.motions()) == 41
    assert len({motion.name for motion in catalogue.motions().values()}) == 41


def test_the_techniques_cover_their_families():
    families = {technique.family for technique in catalogue.techniques().values()}
    assert families == set(catalogue.FAMILIES)
    assert len(catalogue.techniques()) == 23


def test_no_myofascial_technique_uses_a_lubricant():
    dry = [one for one in catalogue.techniques().values() if one.family == "myofascial_release"]
    assert not any(technique.uses_lubricant for technique in dry)


@pytest.mark.parametrize("muscle", catalogue.muscles().values(), ids=lambda muscle: muscle.key)
def test_a_muscle_lies_in_known_regions_and_on_the_map(muscle):
    assert set(muscle.regions) <= set(catalogue.regions())
    assert muscle.places
    assert all(place.view in catalogue.VIEWS for place in muscle.places)
    assert all(0 <= place.x <= 1000 and 0 <= place.y <= 1000 for place in muscle.places)
    assert set(muscle.safety) <= set(catalogue.safety_texts())
    assert muscle.referral
    assert muscle.source
    assert len(muscle.key) <= 40


def test_every_region_holds_a_muscle():
    assert {code for muscle in catalogue.muscles().values() for code in muscle.regions} == set(catalogue.regions())


def test_only_the_lumbar_multifidi_may_lie_in_the_middle():
    assert [key for key, muscle in catalogue.muscles().items() if "midline" in muscle.sides] == ["multifidi"]
    assert all({"left", "right"} <= set(muscle.sides) for muscle in catalogue.muscles().values())


def test_muscles_that_mimic_angina_or_a_clot_say_so():
    said = {key: muscle.safety for key, muscle in catalogue.muscles().items() if muscle.safety}
    assert said["pec_major"] == ("RF-08",)
    assert said["gastrocnemius"] == ("RF-06",)
    assert said["soleus"] == ("RF-06",)
    assert said["pelvic_floor"] == ("CI-41",)


@pytest.mark.parametrize("motion", catalogue.motions().values(), ids=lambda motion: motion.key)
def test_a_motion_has_a_unit_and_a_norm_in_order(motion):
    other_units = {"thoracolumbar.modified_schober": "mm", "shoulder.hand_behind_back": "level"}
    assert motion.unit == other_units.get(motion.key, "mm" if motion.joint == "jaw" else "deg")
    assert motion.units[0] == motion.unit
    if motion.key in other_units:
        assert (motion.norm, motion.norm_low, motion.norm_high) == ("", None, None)
    else:
        assert motion.norm_low <= motion.norm_high
    assert set(motion.end_feel) <= {"soft", "firm", "hard"}
    assert motion.end_feel
    assert len(motion.joint) <= 30
    assert len(motion.motion) <= 30


def test_motions_of_the_middle_have_no_side():
    unsided = {motion.key for motion in catalogue.motions().values() if not motion.is_sided}
    assert unsided == {
        "cervical.flexion",
        "cervical.extension",
        "thoracolumbar.flexion",
        "thoracolumbar.extension",
        "thoracolumbar.modified_schober",
        "jaw.opening",
        "jaw.protrusion",
    }


def test_the_drawings_are_those_of_the_body_map():
    assert set(catalogue.drawing_centres()) == set(REGIONS)
    assert all(place.view == REGIONS[key].view for key, place in catalogue.drawing_centres().items())


def test_the_areas_of_a_region_are_drawn():
    drawn = {key.removesuffix("-left").removesuffix("-right") for key in REGIONS}
    assert all(set(region.drawings) <= drawn for region in catalogue.regions().values())


@pytest.mark.parametrize(
    ("view", "x", "side"),
    [("front", 600, "left"), ("front", 300, "right"), ("back", 300, "left"), ("back", 600, "right")],
)
def test_sides_are_the_patients_own(view, x, side):
    assert catalogue.side_at(view, x) == side


@pytest.mark.parametrize("key", [key for key in REGIONS if key.endswith(("-left", "-right"))])
def test_the_drawn_areas_lie_on_the_side_they_are_named_for(key):
    place = catalogue.drawing_centres()[key]
    assert catalogue.side_at(place.view, place.x) == key.rpartition("-")[2]


@pytest.mark.parametrize("muscle", catalogue.muscles().values(), ids=lambda muscle: muscle.key)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_tap_on_a_muscles_usual_place_offers_it_first_and_on_that_side(muscle, side):
    place = muscle.place_on(side)
    assert catalogue.side_at(place.view, place.x) == side
    assert catalogue.muscles_near(place)[0] == muscle


def test_a_tap_offers_six_neighbours():
    assert [muscle.key for muscle in catalogue.muscles_near(Place("back", 320, 160))] == [
        "trap_upper",
        "supraspinatus",
        "levator_scap",
        "splenius_cervicis",
        "splenius_capitis",
        "trap_middle",
    ]


def test_a_hand_behind_the_back_is_counted_in_vertebrae_from_below():
    assert catalogue.motions()["shoulder.hand_behind_back"].levels == catalogue.LEVELS
    assert catalogue.LEVELS[:3] == ("thigh", "buttock", "sacrum")
    assert [name[0] for name in catalogue.LEVELS[3:]] == ["L"] * 5 + ["T"] * 12
    assert catalogue.motions()["knee.flexion"].levels == ()


@pytest.mark.parametrize(
    ("key", "device", "is_same", "error"),
    [
        ("cervical.rotation", "crom", True, 5.4),
        ("cervical.flexion", "crom", True, 9.6),
        ("cervical.rotation", "crom", False, 10),
        ("cervical.rotation", "goniometer", True, 8),
        ("cervical.rotation", "", False, 10),
        ("thoracolumbar.flexion", "inclinometer", True, 8),
        ("shoulder.flexion", "goniometer", True, 23),
        ("shoulder.flexion", "visual", False, 25),
        ("shoulder.abduction", "inclinometer", False, 25),
        ("knee.extension", "goniometer", True, 3.5),
        ("knee.extension", "goniometer", False, 10.4),
        ("knee.flexion", "goniometer", True, 5),
        ("hip.flexion", "", False, 10),
        ("jaw.opening", "tape", True, None),
        ("shoulder.hand_behind_back", "", True, None),
        ("thoracolumbar.modified_schober", "tape", False, None),
    ],
)
def test_the_measurement_error_is_that_of_motion_device_and_hand(key, device, is_same, error):
    found = catalogue.measurement_error(catalogue.motions()[key], device, is_same_rater_and_device=is_same)
    assert found == error


def test_every_measurement_error_names_its_source_and_grows_between_raters():
    for error in catalogue.measurement_errors():
        assert error.source
        assert error.same_rater <= error.different_rater
    last = catalogue.measurement_errors()[-1]
    assert (last.joints, last.motions, last.devices) == ((), (), ())


def test_complaints_name_muscles_and_conditions_that_exist():
    assert len(catalogue.complaints()) == 10
    known = {condition.key for condition in CONDITIONS.values()}
    for complaint in catalogue.complaints().values():
        assert set(complaint.muscles) <= set(catalogue.muscles())
        assert len(set(complaint.muscles)) == len(complaint.muscles) >= 2
        assert set(complaint.conditions) <= known
    assert "iliopsoas" in catalogue.complaints()["low_back_pain"].muscles
