"""A place with somebody to treat there."""

from datetime import date
from functools import partial

import pytest

from reports.cohort import Cohort
from tests.factories import ServiceFactory
from tests.reports.factories import course


@pytest.fixture
def make_course(location, therapist):
    """`make_course(baseline=7, last=4)` is an episode at Downtown that starts on 11 January 2027."""
    return partial(course, location=location, therapist=therapist, service=ServiceFactory())


@pytest.fixture
def january(admin):
    return Cohort(user=admin, from_on=date(2027, 1, 1), to_on=date(2027, 1, 31))
