"""Curves of measures on the patient's page."""

from datetime import timedelta

import pytest

from outcomes.measure_curves import measure_curves
from outcomes.models import Measurement
from tests.factories import NINE, MeasurementFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(patient, episode):
    def take(*values, **more):
        for day, value in enumerate(values):
            at = NINE + timedelta(days=day)
            MeasurementFactory(patient=patient, episode=episode, measured_at=at, score__value=value, **more)

    return take


def curves():
    return measure_curves(Measurement.objects.with_scores().in_order())


def test_a_line_runs_from_the_first_score_to_the_last_with_its_limits(taken):
    taken(10, 5, 0)
    [curve] = curves()
    assert curve.line == "12,12 160,60 308,108"
    assert curve.goal_y == 41  # 30 % of 10 is more than 2 points: 7
    assert curve.error_y is None
    assert (curve.change.better, curve.change.matters) == (10, True)


def test_each_region_has_a_line_and_an_unscored_sheet_is_counted(taken):
    taken(6, region="neck")
    taken(4, None, region="jaw")
    jaw, neck = curves()
    assert (jaw.region, len(jaw.marks), jaw.unscored, jaw.change) == ("jaw", 1, 1, None)
    assert (neck.region, neck.unscored) == ("neck", 0)


def test_other_activities_are_not_compared(taken):
    taken(2, instrument_key="activities", activities={"1": "Stairs"})
    taken(8, instrument_key="activities", activities={"1": "Sleeping"})
    assert curves()[0].change is None


def test_a_limit_out_of_reach_is_not_drawn(taken):
    taken(1, 0)
    assert curves()[0].goal_y is None


def test_the_page_shows_curve_and_numbers_to_the_care_team_only(page_of, patient, therapist, stranger, taken):
    taken(8, 4, region="neck")
    address = f"/patients/{patient.public_id}/outcomes/"
    page = page_of(therapist).get(address).content.decode()
    assert "Pain now, neck" in page
    assert "Better by 4" in page
    assert "That usually matters to a person." in page
    assert "style=" not in page[page.index('<svg viewBox="0 0 320') :]
    assert page_of(stranger).get(address).status_code == 404
