"""Units of the pressure gauge: exact constants, and nothing lost on the way there and back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.models import ThresholdUnit
from sessions.pressure import UNITS, from_kpa, is_within_error, mean_kpa, to_kpa

ONE = Decimal(1)
readings = st.decimals(min_value=0, max_value=200, places=2)
areas = st.decimals(min_value="0.10", max_value="8.00", places=2)


@pytest.mark.parametrize(
    ("reading", "unit", "area", "kpa"),
    [
        ("1", "kgf/cm2", "1", "98.066"),  # 98.0665 to the even thousandth
        ("10", "kgf/cm2", "1", "980.665"),
        ("1", "N/cm2", "1", "10.000"),
        ("250", "kPa", "1", "250.000"),
        ("1", "lbf", "1", "44.482"),
        ("10", "lbf", "0.5", "889.644"),
        ("0", "lbf", "1", "0.000"),
        ("3", "kgf/cm2", "0.5", "294.200"),  # already per area: the probe's size changes nothing
    ],
)
def test_known_pressures(reading, unit, area, kpa):
    assert to_kpa(Decimal(reading), unit, Decimal(area)) == Decimal(kpa)


@given(reading=readings, unit=st.sampled_from(UNITS), area=areas)
def test_a_reading_comes_back_as_it_was_typed(reading, unit, area):
    assert from_kpa(to_kpa(reading, unit, area), unit, area) == reading


@given(readings, readings, st.sampled_from(UNITS), areas)
def test_more_pressure_is_never_less_in_kilopascals(one, other, unit, area):
    less, more = sorted((one, other))
    assert to_kpa(less, unit, area) <= to_kpa(more, unit, area)


def test_a_pound_is_the_kilogram_it_is_defined_by():
    pounds = to_kpa(Decimal(100), "lbf", ONE)
    kilograms = to_kpa(Decimal("45.359237"), "kgf/cm2", ONE)
    assert pounds == kilograms


def test_rows_know_the_same_units():
    assert tuple(ThresholdUnit.values) == UNITS


def test_the_mean_is_that_of_the_trials():
    assert mean_kpa([Decimal("300.000"), Decimal("310.000"), Decimal("305.100")]) == Decimal("305.0")
    assert mean_kpa([]) is None


@pytest.mark.parametrize(("after", "is_within"), [("328", True), ("361", True), ("361.1", False), ("239", True)])
def test_a_usual_gain_of_one_treatment_is_inside_the_error(after, is_within):
    assert is_within_error(Decimal(300), Decimal(after)) is is_within
