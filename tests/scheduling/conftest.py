"""Fixtures of scheduling's tests."""

import pytest

from tests.scheduling.factories import make_desk


@pytest.fixture
def desk(db):
    return make_desk()


@pytest.fixture(autouse=True)
def no_broker(settings):
    """Deliveries are woken up, not sent: nothing here may depend on a worker."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
