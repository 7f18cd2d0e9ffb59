"""Senders and desks that meet: real threads, real transactions."""

import threading
import time
from contextlib import suppress

import pytest
from django.db import connection, transaction

from messaging import services
from messaging.delivery import deliver, dispatch_due
from messaging.errors import BeingSent
from messaging.models import Attempt, LocalDelivery, Message, Subject
from patients.models import Patient
from tests.messaging.factories import promise

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Run the acts at the same moment; returns what each raised."""
    barrier = threading.Barrier(len(acts))
    errors = [None] * len(acts)

    def run(position, act):
        try:
            barrier.wait()
            act()
        except Exception as error:
            errors[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not [thread for thread in threads if thread.is_alive()], "somebody waits for somebody"
    return errors


def test_eight_workers_on_one_message_deliver_it_once():
    message = promise()
    assert together(*[lambda: deliver(str(message.public_id))] * 8) == [None] * 8
    assert LocalDelivery.objects.count() == 1
    assert Attempt.objects.count() == 1
    assert Message.objects.get().state == "sent"


def test_eight_workers_on_one_message_call_the_provider_once(outside):
    message = promise()
    assert together(*[lambda: deliver(str(message.public_id))] * 8) == [None] * 8
    assert len(outside.calls) == 1


def test_four_dispatchers_share_the_work_and_send_each_once(outside):
    promised = {promise().delivery_key for _ in range(20)}
    assert together(*[dispatch_due] * 4) == [None] * 4
    keys = [call.key for call in outside.calls]
    assert len(keys) == 20
    assert set(keys) == promised
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_message_being_sent_is_not_taken_over_even_when_its_lease_is_over(outside):
    message = promise()
    outside.lease_seconds = -1
    takeover = []
    outside.during = lambda: takeover.append(together(lambda: deliver(str(message.public_id))))
    deliver(str(message.public_id))
    assert takeover == [[None]]
    assert len(outside.calls) == 1


def test_moving_waits_for_the_message_that_is_being_sent(outside):
    message = promise(subject=services.subject(key="appointment:7"))
    events = []

    def move():
        services.supersede(key="appointment:7")
        events.append("moved")

    mover = threading.Thread(target=lambda: (move(), connection.close()))

    def slow_provider():
        mover.start()
        time.sleep(0.4)
        events.append("sent")

    outside.during = slow_provider
    deliver(str(message.public_id))
    mover.join(timeout=10)
    assert events == ["sent", "moved"], "no stale message can leave after the move was committed"
    assert Message.objects.get().state == "sent"


def test_once_the_move_holds_the_subject_no_old_message_leaves(outside):
    message = promise(subject=services.subject(key="appointment:7"))
    sender = threading.Thread(target=lambda: (deliver(str(message.public_id)), connection.close()))
    with transaction.atomic():
        Subject.objects.select_for_update(no_key=True).get(key="appointment:7")
        sender.start()
        time.sleep(0.3)  # the sender has claimed it and waits for the subject
        services.supersede(key="appointment:7")
    sender.join(timeout=10)
    message.refresh_from_db()
    assert (message.state, message.state_reason) == ("superseded", "changed")
    assert outside.calls == []


def test_moves_and_sends_at_random_never_send_an_old_version(outside):
    subjects = [f"appointment:{number}" for number in range(12)]
    for key in subjects:
        promise(subject=services.subject(key=key))
    committed_before_send = {}

    def move_all():
        for key in subjects:
            services.supersede(key=key)
            committed_before_send[key] = len(outside.calls)

    errors = together(move_all, dispatch_due, dispatch_due)
    assert errors == [None] * 3
    sent_at = {call.key.split(":v")[0].removeprefix("appointment_booked:"): at for at, call in enumerate(outside.calls)}
    for key in subjects:
        position = sent_at.get(f"{key}::preferred")
        assert position is None or position < committed_before_send[key]
    assert not Message.objects.filter(state__in=["queued", "sending"]).exists()


def test_a_desk_waits_four_seconds_at_most_and_nothing_is_changed(outside, monkeypatch):
    monkeypatch.setattr(services, "_PATIENCE", "200ms")
    message = promise(subject=services.subject(key="appointment:7"))
    refusals = []

    def move():
        with suppress(BeingSent):
            services.supersede(key="appointment:7")
            refusals.append("moved")
            return
        refusals.append("refused")

    outside.during = lambda: together(move)
    deliver(str(message.public_id))
    assert refusals == ["refused"]
    assert Subject.objects.get().version == 1
    assert Message.objects.get().state == "sent"


def test_the_desks_patience_ends_with_the_lock(outside):
    with transaction.atomic(), connection.cursor() as cursor:
        services.supersede(key="appointment:7")
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_sending_and_a_booking_that_locks_the_patient_do_not_block_each_other():
    message = promise()
    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(pk=message.patient_id)
        assert together(lambda: deliver(str(message.public_id))) == [None]
    assert LocalDelivery.objects.count() == 1
