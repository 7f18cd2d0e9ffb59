"""Fixtures of screening."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from questionnaires.services.publishing import load_shipped
from tests.factories import LocationFactory, PatientFactory, ServiceFactory, UserFactory


@pytest.fixture
def intake_form(db):
    """The shipped intake, in use."""
    return load_shipped()[-1].form()


@pytest.fixture
def patient(location, therapist):
    return PatientFactory(locations=[location], care_team=[therapist])


@pytest.fixture
def lead(location, patient):
    user = UserFactory(roles=["therapist"], locations=[location], is_clinical_lead=True)
    patient.care_team.create(therapist=user, started_on=timezone.now().date())
    return user


@pytest.fixture
def first_visit():
    return ServiceFactory(for_unscreened_patients=True)


@pytest.fixture
def service():
    return ServiceFactory(for_unscreened_patients=False)


@pytest.fixture
def in_a_month():
    return timezone.now() + timedelta(days=30)


@pytest.fixture
def other_location():
    return LocationFactory(name="Elsewhere")
