"""Sending: once, to whoever may have it, and with every outcome written down."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from audit.models import AuditEvent
from messaging import delivery, services
from messaging.delivery import MOST_TRIES, deliver, dispatch_due
from messaging.models import LocalDelivery, Message
from messaging.providers import Ambiguous, Refused, Temporary
from messaging.tasks import deliver_message
from messaging.tasks import dispatch_due as dispatch_task
from tests.factories import ConsentFactory, PatientFactory
from tests.messaging.factories import a_link, due_now, lease_is_over, promise


def state_of(message):
    message.refresh_from_db()
    return message.state, message.state_reason


def outcomes(message):
    return list(message.attempts.order_by("pk").values_list("outcome", flat=True))


def test_a_due_message_is_sent_and_the_ledger_says_so(db):
    patient = PatientFactory(given_name="Ana", email="ana@patients.example")
    message = promise(patient)
    deliver(str(message.public_id))
    assert state_of(message) == ("sent", "")
    row = LocalDelivery.objects.get()
    assert (row.to, row.idempotency_key, row.patient) == ("ana@patients.example", message.delivery_key, patient)
    assert message.provider_message_id == f"local-{row.pk}"
    assert message.sent_at is not None
    assert (message.lease_until, message.claim_token) == (None, None)
    assert message.attempt_count == 1
    assert outcomes(message) == ["sent"]
    assert message.attempts.get().finished_at is not None
    event = AuditEvent.objects.get(action="message.sent")
    assert (event.actor_kind, event.patient_id) == ("system", patient.public_id)
    assert event.facts == {"template": "appointment_booked", "reason": "", "attempts": 1, "provider": "local"}


def test_sending_twice_sends_once(outside, db):
    message = promise()
    for _ in range(3):
        deliver(str(message.public_id))
    assert len(outside.calls) == 1


def test_nothing_is_sent_early_or_for_an_unknown_id(outside, db):
    message = promise(not_before=timezone.now() + timedelta(hours=1))
    deliver(str(message.public_id))
    deliver("00000000-0000-0000-0000-000000000000")
    assert outside.calls == []
    assert state_of(message) == ("queued", "")
    assert outcomes(message) == []


@pytest.mark.parametrize("state", ["sent", "superseded", "suppressed", "failed", "unknown", "dead"])
def test_a_final_state_is_final(outside, db, state):
    message = promise()
    Message.objects.filter(pk=message.pk).update(state=state, sent_at=timezone.now())
    deliver(str(message.public_id))
    assert dispatch_due() == 0
    assert outside.calls == []


def test_the_tasks_do_the_same(db):
    first, second = promise(), promise()
    deliver_message(str(first.public_id))
    assert state_of(first)[0] == "sent"
    dispatch_task()
    assert state_of(second)[0] == "sent"


# May it go?


@pytest.mark.parametrize(
    ("patient", "consents", "reason"),
    [
        ({"channel": "none"}, {"email": True}, "channel_none"),
        ({"email": ""}, {"email": True}, "no_address"),
        ({"died_on": date(2026, 10, 1)}, {"email": True}, "patient_died"),
        ({}, {"email": False}, "email_refused"),
        ({"channel": "sms"}, {}, "no_sms_provider"),
        ({"channel": "sms"}, {"email": False}, "no_sms_provider"),
        ({"channel": "sms", "email": ""}, {"email": True}, "no_sms_provider"),
    ],
)
def test_who_may_not_or_cannot_be_reached_gets_nothing(outside, db, patient, consents, reason):
    person = PatientFactory(**patient)
    for kind, is_given in consents.items():
        ConsentFactory(patient=person, kind=kind, is_given=is_given)
    message = promise(person)
    deliver(str(message.public_id))
    assert state_of(message) == ("suppressed", reason)
    assert outside.calls == []
    assert outcomes(message) == ["not_sent"]
    assert AuditEvent.objects.get(action="message.suppressed").facts["reason"] == reason


@pytest.mark.parametrize(
    ("patient", "consents", "note"),
    [
        ({}, {}, ""),
        ({}, {"email": True}, ""),
        ({}, {"surveys": False}, ""),
        ({"channel": "sms"}, {"email": True}, "email_instead_of_sms"),
    ],
)
def test_silence_is_enough_for_what_the_clinic_must_tell(outside, db, patient, consents, note):
    person = PatientFactory(**patient)
    for kind, is_given in consents.items():
        ConsentFactory(patient=person, kind=kind, is_given=is_given)
    message = promise(person)
    deliver(str(message.public_id))
    assert state_of(message) == ("sent", note)
    assert message.channel == "email"


@pytest.mark.parametrize(
    ("is_given", "state"), [(None, "sent"), (True, "sent"), (False, "suppressed")], ids=["silent", "given", "refused"]
)
def test_a_follow_up_question_respects_its_own_refusal(outside, db, is_given, state):
    link = a_link(purpose="survey")
    if is_given is not None:
        ConsentFactory(patient=link.patient, kind="surveys", is_given=is_given)
    message = promise(link.patient, template="survey_request", context={}, link=link)
    deliver(str(message.public_id))
    assert state_of(message)[0] == state
    assert len(outside.calls) == (state == "sent")


def test_consent_withdrawn_between_promise_and_sending_counts(outside, db):
    patient = PatientFactory()
    ConsentFactory(patient=patient, is_given=True)
    message = promise(patient)
    ConsentFactory(patient=patient, is_given=False, recorded_at=timezone.now())
    deliver(str(message.public_id))
    assert state_of(message) == ("suppressed", "email_refused")
    assert outside.calls == []


def test_the_address_and_language_are_those_of_the_moment_of_sending(db):
    patient = PatientFactory(email="old@patients.example", language="en")
    message = promise(patient)
    patient.email, patient.language = "new@patients.example", "es"
    patient.save()
    deliver(str(message.public_id))
    row = LocalDelivery.objects.get()
    assert row.to == "new@patients.example"
    assert row.body.startswith("Hola, ")


def test_an_expired_message_is_given_up_and_not_sent(outside, db):
    message = promise()
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now())
    deliver(str(message.public_id))
    assert state_of(message) == ("dead", "expired")
    assert outside.calls == []


@pytest.mark.parametrize("how", ["used", "revoked", "expired"])
def test_a_message_whose_link_died_is_not_sent(outside, db, how):
    link = a_link(purpose="survey")
    message = promise(link.patient, template="survey_request", context={}, link=link)
    column = {"used": "used_at", "revoked": "revoked_at", "expired": "expires_at"}[how]
    setattr(link, column, timezone.now())
    link.save()
    deliver(str(message.public_id))
    assert state_of(message) == ("superseded", "link_dead")
    assert outside.calls == []


# How did it go?


def test_a_refusal_is_final(outside, db):
    outside.before = [Refused()]
    message = promise()
    deliver(str(message.public_id))
    assert state_of(message) == ("failed", "refused")
    assert outcomes(message) == ["refused"]


def test_a_temporary_failure_waits_and_is_tried_again_with_the_same_key(outside, db):
    outside.before = [Temporary()]
    message = promise()
    deliver(str(message.public_id))
    assert state_of(message) == ("queued", "later")
    assert outside.accepted == {}
    due_now(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("sent", "")
    assert outcomes(message) == ["temporary", "sent"]
    assert [call.key for call in outside.calls] == [message.delivery_key] * 2


def test_an_unreachable_provider_is_a_temporary_failure(outside, db):
    outside.unreachable = [Temporary()]
    message = promise()
    deliver(str(message.public_id))
    assert state_of(message) == ("queued", "later")
    assert outside.calls == []


@pytest.mark.parametrize(("tries", "ceiling"), [(1, 30), (2, 60), (3, 120), (7, 1920)])
def test_the_pause_is_random_below_a_limit_that_doubles(outside, db, monkeypatch, tries, ceiling):
    asked = []

    class Dice:
        def uniform(self, low, high):
            asked.append((low, high))
            return high

    monkeypatch.setattr(delivery, "_dice", Dice())
    outside.before = [Temporary()]
    message = promise()
    Message.objects.filter(pk=message.pk).update(attempt_count=tries - 1)
    before = timezone.now()
    deliver(str(message.public_id))
    message.refresh_from_db()
    assert asked == [(0, ceiling)]
    assert timedelta(0) <= message.not_before - before - timedelta(seconds=ceiling) < timedelta(seconds=5)


def test_the_pause_never_exceeds_an_hour(outside, db, monkeypatch):
    monkeypatch.setattr(delivery, "MOST_TRIES", 30)
    monkeypatch.setattr(delivery, "_dice", type("Dice", (), {"uniform": lambda self, low, high: high})())
    outside.before = [Temporary()]
    message = promise()
    Message.objects.filter(pk=message.pk).update(attempt_count=20)
    deliver(str(message.public_id))
    message.refresh_from_db()
    assert message.not_before - timezone.now() < timedelta(hours=1, seconds=5)
    assert message.not_before - timezone.now() > timedelta(minutes=59)


def test_after_eight_tries_it_is_given_up(outside, db):
    outside.before = [Temporary() for _ in range(9)]
    message = promise()
    for _ in range(9):
        due_now(message)
        deliver(str(message.public_id))
    assert state_of(message) == ("dead", "tries_used_up")
    assert len(outside.calls) == MOST_TRIES == 8
    assert outcomes(message) == ["temporary"] * 8


def test_a_pause_beyond_its_time_gives_it_up(outside, db, monkeypatch):
    monkeypatch.setattr(delivery, "_dice", type("Dice", (), {"uniform": lambda self, low, high: high})())
    outside.before = [Temporary()]
    message = promise(expires_at=timezone.now() + timedelta(seconds=20))
    deliver(str(message.public_id))
    assert state_of(message) == ("dead", "expired")


def test_no_answer_is_tried_again_where_the_provider_knows_the_key(outside, db):
    outside.after = [Ambiguous()]
    message = promise()
    deliver(str(message.public_id))
    assert state_of(message) == ("queued", "later")
    due_now(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("sent", "")
    assert (len(outside.calls), len(outside.accepted)) == (2, 1)


def test_no_answer_stays_unknown_where_the_provider_knows_no_keys(outside, db):
    outside.idempotency_seconds = 0
    outside.after = [Ambiguous()]
    message = promise()
    deliver(str(message.public_id))
    assert state_of(message) == ("unknown", "no_answer")
    due_now(message)
    deliver(str(message.public_id))
    assert len(outside.calls) == 1
    assert outcomes(message) == ["ambiguous"]


def test_no_answer_becomes_unknown_once_the_provider_forgot_the_key(outside, db):
    outside.idempotency_seconds = 15 * 60
    outside.after = [Ambiguous()]
    message = promise()
    deliver(str(message.public_id))
    message.attempts.update(started_at=timezone.now() - timedelta(minutes=16))
    due_now(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("unknown", "no_answer")
    assert len(outside.calls) == 1


def test_no_answer_becomes_unknown_when_the_visit_moves_before_the_next_try(outside, db):
    outside.after = [Ambiguous()]
    message = promise()
    deliver(str(message.public_id))
    message.subject.version += 1
    message.subject.save()
    due_now(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("unknown", "no_answer")
    assert len(outside.calls) == 1


# Senders that die


class KillError(BaseException):
    """The process is gone: nothing catches this."""


def test_killed_after_the_provider_took_it_it_is_handed_over_again_and_arrives_once(outside, db):
    outside.after = [KillError()]
    message = promise()
    with pytest.raises(KillError):
        deliver(str(message.public_id))
    assert state_of(message) == ("sending", "")
    deliver(str(message.public_id))
    assert len(outside.calls) == 1, "its lease still runs"
    lease_is_over(message)
    assert dispatch_due() == 1
    assert state_of(message) == ("sent", "")
    assert (len(outside.calls), len(outside.accepted)) == (2, 1)
    assert outcomes(message) == ["lost", "sent"]


def test_killed_with_the_local_provider_it_arrives_once(db, monkeypatch):
    message = promise()
    write_down = delivery._write_down

    def die(*args):
        raise KillError

    monkeypatch.setattr(delivery, "_write_down", die)
    with pytest.raises(KillError):
        deliver(str(message.public_id))
    assert not LocalDelivery.objects.exists(), "it shares the sender's transaction"
    monkeypatch.setattr(delivery, "_write_down", write_down)
    lease_is_over(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("sent", "")
    assert LocalDelivery.objects.get().idempotency_key == message.delivery_key


def test_killed_before_a_move_the_local_provider_leaves_no_doubt(db, monkeypatch):
    subject = services.subject(key="appointment:7")
    message = promise(subject=subject)

    def die(claim):
        raise KillError

    monkeypatch.setattr(delivery, "_settle", die)
    with pytest.raises(KillError):
        deliver(str(message.public_id))
    monkeypatch.undo()
    services.supersede(key="appointment:7")
    lease_is_over(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("superseded", "changed")


def test_killed_while_sending_without_keys_it_is_unknown_and_never_sent_blindly(outside, db):
    outside.idempotency_seconds = 0
    outside.after = [KillError()]
    message = promise()
    with pytest.raises(KillError):
        deliver(str(message.public_id))
    lease_is_over(message)
    deliver(str(message.public_id))
    assert state_of(message) == ("unknown", "no_answer")
    assert len(outside.calls) == 1
    assert outcomes(message) == ["lost", "not_sent"]


def test_a_sender_that_lost_its_lease_does_not_send(outside, db, monkeypatch):
    message = promise()
    opened = outside.open

    def overtaken():
        monkeypatch.setattr(outside, "open", opened)
        lease_is_over(message)
        deliver(str(message.public_id))

    monkeypatch.setattr(outside, "open", overtaken)
    deliver(str(message.public_id))
    assert len(outside.calls) == 1
    assert state_of(message) == ("sent", "")
    assert outcomes(message) == ["lost", "sent"]


def test_a_sender_whose_message_was_claimed_by_another_leaves_it_to_that_one(outside, db, monkeypatch):
    message = promise()
    newer = []

    def overtaken():
        lease_is_over(message)
        newer.append(delivery._claim_next(Message.objects.all()))

    monkeypatch.setattr(outside, "open", overtaken)
    deliver(str(message.public_id))
    assert outside.calls == []
    assert state_of(message)[0] == "sending"
    delivery._settle(newer[0])
    assert state_of(message)[0] == "sent"
    assert len(outside.calls) == 1


# Many


def test_dispatching_sends_what_is_due_oldest_first_up_to_a_limit(outside, db):
    now = timezone.now()
    late, early, never = (
        promise(not_before=now - timedelta(minutes=1)),
        promise(not_before=now - timedelta(minutes=5)),
        promise(not_before=now + timedelta(minutes=5)),
    )
    assert dispatch_due(limit=1) == 1
    assert state_of(early)[0] == "sent"
    assert state_of(late)[0] == "queued"
    assert dispatch_due() == 1
    assert state_of(late)[0] == "sent"
    assert state_of(never)[0] == "queued"


def test_one_bad_row_does_not_stop_the_others_and_says_nothing_about_the_patient(outside, db, caplog):
    bad = promise(PatientFactory(given_name="Zenobia"), not_before=timezone.now() - timedelta(minutes=9))
    good = promise()
    Message.objects.filter(pk=bad.pk).update(template="gone")
    assert dispatch_due() == 2
    assert state_of(good)[0] == "sent"
    assert state_of(bad)[0] == "sending"
    assert "UnknownTemplate" in caplog.text
    assert "Zenobia" not in caplog.text


@pytest.mark.parametrize("provider", ["outside", "local"])
def test_a_row_that_can_never_be_sent_is_not_tried_for_ever(request, db, provider):
    if provider == "outside":
        request.getfixturevalue("outside")
    message = promise()
    Message.objects.filter(pk=message.pk).update(template="gone")
    for _ in range(9):
        assert dispatch_due() == 1
        lease_is_over(message)
    assert state_of(message) == {"outside": ("unknown", "no_answer"), "local": ("dead", "tries_used_up")}[provider]
    assert dispatch_due() == 0


def test_dispatching_ends_in_time_for_the_next_tick(outside, db):
    promise()
    assert dispatch_due(seconds=0) == 0
    assert outside.calls == []


def test_the_command_does_the_same_work(db, capsys):
    promise()
    promise()
    call_command("dispatch_messages")
    assert capsys.readouterr().out.strip() == "2 tried"
    assert LocalDelivery.objects.count() == 2


def test_health_tells_lateness_and_counts_without_names(db):
    assert delivery.health()["oldest_due_seconds"] == 0
    promise(not_before=timezone.now() - timedelta(minutes=10))
    promise(not_before=timezone.now() + timedelta(minutes=10))
    stuck = promise()
    Message.objects.filter(pk=stuck.pk).update(state="sending", lease_until=timezone.now() - timedelta(seconds=1))
    figures = delivery.health()
    assert 600 <= figures["oldest_due_seconds"] < 610
    assert figures["stuck_leases"] == 1
    assert (figures["by_state"]["queued"], figures["by_state"]["sending"], figures["by_state"]["sent"]) == (2, 1, 0)
