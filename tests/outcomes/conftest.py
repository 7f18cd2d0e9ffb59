"""A patient in care, with an open episode."""

import pytest

from tests.factories import EpisodeFactory, PatientFactory


@pytest.fixture
def patient(location, therapist):
    return PatientFactory(locations=[location], care_team=[therapist], language="en")


@pytest.fixture
def episode(patient):
    return EpisodeFactory(patient=patient)
