"""Locks are taken in one order everywhere: therapist, room, patient. That is why bookers queue and do not deadlock."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import services
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db

IN_ORDER = ["staff_user", "clinic_room", "patients_patient"]


def locked_by(act):
    """The tables whose rows an act locks, in order, up to the visit's own insert or update."""
    with CaptureQueriesContext(connection) as captured:
        act()
    tables = []
    for query in captured.captured_queries:
        sql = query["sql"]
        if sql.startswith(('INSERT INTO "scheduling_appointment"', 'UPDATE "scheduling_appointment"')):
            return tables
        if "FOR NO KEY UPDATE" in sql:
            tables.append(re.findall(r'FROM "(\w+)"', sql)[-1])  # the first ones are inside EXISTS
    return tables


def test_booking(desk):
    assert locked_by(lambda: desk.book(at(9))) == IN_ORDER


def test_booking_a_given_room(desk):
    assert locked_by(lambda: desk.book(at(9), room=desk.room)) == IN_ORDER


def test_moving_after_the_visits_own_row(desk):
    visit = desk.book(at(9))

    def move():
        services.move_appointment(appointment=visit, starts_at=at(14), by=desk.front_desk)

    assert locked_by(move) == ["scheduling_appointment", *IN_ORDER]


def test_a_late_arrival(desk):
    visit = desk.book(at(9))
    services.mark_no_show(appointment=visit, by=desk.front_desk, at=at(10))
    assert locked_by(lambda: services.mark_arrived(appointment=visit, by=desk.front_desk)) == IN_ORDER
