"""An act stopped to break a deadlock is tried again, and never becomes a server error."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from django.db import OperationalError, connections, transaction

from clinic.models import Location
from scheduling.errors import TryAgain
from scheduling.retry import retried
from tests.factories import LocationFactory


def stopped_by(kind, times):
    """An act that PostgreSQL stops so many times before it lets it pass."""
    tries = []

    @retried
    def act():
        tries.append(1)
        if len(tries) <= times:
            raise OperationalError("stopped") from kind()
        return len(tries)

    return act


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable])
def test_a_stopped_act_is_tried_again_and_the_third_stop_is_a_conflict(kind):
    assert stopped_by(kind, 1)() == 2
    assert stopped_by(kind, 2)() == 3
    with pytest.raises(TryAgain) as refusal:
        stopped_by(kind, 3)()
    assert refusal.value.http_status == 409


@pytest.mark.django_db
def test_any_other_failure_is_not_tried_again():
    with pytest.raises(OperationalError):
        stopped_by(psycopg.errors.DiskFull, 1)()


@pytest.mark.django_db(transaction=True)
def test_two_acts_that_really_deadlock_both_succeed():
    rows = [LocationFactory(), LocationFactory()]
    both_hold_one = Barrier(2)
    waited = set()

    @retried
    def act(first, second):
        Location.objects.select_for_update().get(pk=first.pk)
        if first.pk not in waited:
            waited.add(first.pk)
            both_hold_one.wait(10)
        Location.objects.select_for_update().get(pk=second.pk)
        return "done"

    def run(pair):
        try:
            with transaction.atomic():
                return act(*pair)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(run, [rows, rows[::-1]])) == ["done", "done"]
