"""Fixtures every test may use."""

import os

import pytest
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from tests.factories import LocationFactory, UserFactory

# How long an example takes to make says how busy the machine is, not whether the code is right.
settings.register_profile("clinic", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clinic")

# Playwright's sync API runs an event loop in the test's thread; the ORM is still used from one thread only.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def location(db):
    return LocationFactory(name="Downtown")


@pytest.fixture
def therapist(location):
    return UserFactory(roles=["therapist"], locations=[location])


@pytest.fixture
def front_desk(location):
    return UserFactory(roles=["front_desk"], locations=[location])


@pytest.fixture
def admin(location):
    return UserFactory(roles=["admin"], locations=[location])


@pytest.fixture
def auditor(location):
    return UserFactory(roles=["auditor"], locations=[location])


@pytest.fixture
def stranger(db):
    """A therapist and desk member of another location, who cares for nobody here."""
    return UserFactory(roles=["therapist", "front_desk", "admin", "auditor"], locations=[LocationFactory()])


@pytest.fixture
def api():
    """`api(user)` is an API client signed in as the user, whose CSRF check is on only with sessions."""

    def client_for(user=None):
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return client_for


@pytest.fixture
def page_of(client):
    """`page_of(user)` is a browser-like client signed in as the user."""

    def client_for(user):
        client.force_login(user)
        return client

    return client_for
