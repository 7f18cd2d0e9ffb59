"""The chain: append-only rows, sealed in the background, recomputed on demand."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from audit.actors import SYSTEM
from audit.models import AuditEvent, AuditSeal
from audit.sealing import flaws, seal, seal_everything
from audit.services import record
from tests.factories import LocationFactory
from tests.live import eventually


def write_events(count):
    place = LocationFactory()
    for number in range(count):
        record(actor=SYSTEM, action="test.done", subject=place, facts={"number": number})


def without_guard(sql, parameters):
    """What a hostile database owner would do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def seal_when_settled(expected):
    """Seal until so many are sealed: a transaction of another database on the same server (another test process)
    makes the sealer wait as well."""
    sealed = 0

    def all_sealed():
        nonlocal sealed
        sealed += seal_everything()
        return sealed >= expected

    eventually(all_sealed)
    return sealed


@pytest.fixture
def sealed(transactional_db):
    write_events(4)
    assert seal_when_settled(4) == 4


def test_an_untouched_chain_holds(sealed):
    assert list(flaws()) == []
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "4 events sealed, 0 waiting" in out.getvalue()


def test_sealing_again_seals_nothing(sealed):
    assert seal() == 0
    assert AuditSeal.objects.count() == 4


def test_a_changed_event_is_named(sealed):
    third = AuditEvent.objects.order_by("id")[2]
    with transaction.atomic():
        without_guard("UPDATE audit_auditevent SET facts = '{\"number\": 9}' WHERE id = %s", [third.id])
    assert [(flaw.event_id, flaw.what) for flaw in flaws()] == [(third.id, "event or seal changed")]
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=StringIO())


def test_a_deleted_event_is_named(sealed):
    second = AuditEvent.objects.order_by("id")[1]
    with transaction.atomic():
        without_guard("DELETE FROM audit_auditevent WHERE id = %s", [second.id])
    assert [(flaw.event_id, flaw.what) for flaw in flaws()] == [(second.id, "event missing")]


def test_a_deleted_event_with_its_seal_is_named(sealed):
    second = AuditEvent.objects.order_by("id")[1]
    with transaction.atomic():
        without_guard("DELETE FROM audit_auditseal WHERE event_id = %s", [second.id])
        without_guard("DELETE FROM audit_auditevent WHERE id = %s", [second.id])
    assert "seal missing" in [flaw.what for flaw in flaws()]


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_auditseal"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_nobody_changes_or_removes_a_row(sealed, table, verb):
    column = {"audit_auditevent": "action", "audit_auditseal": "position"}[table]
    value = {"audit_auditevent": "'x'", "audit_auditseal": "position + 10"}[table]
    before = list(AuditEvent.objects.order_by("id").values()), list(AuditSeal.objects.order_by("position").values())
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table, column, value))
    assert refusal.value.__cause__.diag.constraint_name == "audit_trail_is_append_only"
    after = list(AuditEvent.objects.order_by("id").values()), list(AuditSeal.objects.order_by("position").values())
    assert after == before


def test_an_event_of_a_running_transaction_waits_and_is_sealed_later(transactional_db):
    place = LocationFactory()
    wrote, may_commit = threading.Event(), threading.Event()

    def slow_writer():
        with transaction.atomic():
            record(actor=SYSTEM, action="test.slow", subject=place)
            wrote.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    wrote.wait(10)
    record(actor=SYSTEM, action="test.fast", subject=place)
    sealed_meanwhile = seal_everything()
    may_commit.set()
    writer.join()
    assert sealed_meanwhile == 0
    assert seal_when_settled(2) == 2
    assert list(flaws()) == []


def test_two_sealers_at_once_make_one_chain(transactional_db):
    write_events(30)
    threads = [threading.Thread(target=lambda: (seal(limit=20), connection.close())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal_when_settled(30 - AuditSeal.objects.count())
    assert AuditSeal.objects.count() == 30
    assert list(flaws()) == []


def test_a_rolled_back_change_leaves_no_event(transactional_db):
    place = LocationFactory()
    with transaction.atomic():
        record(actor=SYSTEM, action="test.done", subject=place)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
