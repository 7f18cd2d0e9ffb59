"""Promising a message."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from messaging import services
from messaging.errors import UnknownTemplate, WrongContext
from messaging.models import Message, Subject
from messaging.tasks import deliver_message
from tests.factories import ConsentFactory, PatientFactory
from tests.messaging.factories import VISIT, a_link, promise


@pytest.fixture
def woken(monkeypatch):
    """Ids given to the worker."""
    ids = []
    monkeypatch.setattr(deliver_message, "delay", ids.append)
    return ids


def test_a_promise_is_a_row_with_its_key_and_an_audit_event(db):
    patient = PatientFactory()
    subject = services.subject(key="appointment:7")
    message = promise(patient, subject=subject, template="appointment_reminder", offset="24h")
    assert message.delivery_key == "appointment_reminder:appointment:7:24h:preferred:v1"
    assert (message.state, message.subject_version, message.context) == ("queued", 1, VISIT)
    event = AuditEvent.objects.get(action="message.queued")
    assert (event.patient_id, event.subject_id) == (patient.public_id, str(message.public_id))


def test_the_same_key_is_the_same_promise(db):
    patient = PatientFactory()
    subject = services.subject(key="appointment:7")
    first = promise(patient, subject=subject)
    again = promise(patient, subject=subject, expires_at=timezone.now() + timedelta(days=9))
    assert again.pk == first.pk
    assert Message.objects.count() == 1
    assert AuditEvent.objects.filter(action="message.queued").count() == 1


def test_a_patient_who_changes_the_channel_is_not_told_twice(db):
    patient = PatientFactory(channel="email")
    subject = services.subject(key="appointment:7")
    first = promise(patient, subject=subject)
    patient.channel = "sms"
    patient.save()
    assert promise(patient, subject=subject).pk == first.pk


@pytest.mark.parametrize("change", [{"offset": "1h"}, {"template": "appointment_reminder"}, {"channel": "sms"}])
def test_another_offset_text_or_channel_is_another_promise(db, change):
    patient = PatientFactory()
    subject = services.subject(key="appointment:7")
    assert promise(patient, subject=subject).pk != promise(patient, subject=subject, **change).pk


def test_is_promised_tells_before_a_link_is_issued(db):
    subject = services.subject(key="appointment:7")
    asked = {"subject": subject, "template": "appointment_booked"}
    assert not services.is_promised(**asked)
    promise(subject=subject)
    assert services.is_promised(**asked)
    assert not services.is_promised(**asked, offset="24h")


def test_it_is_due_at_once_unless_told_otherwise(db):
    before = timezone.now()
    assert before <= promise().not_before <= timezone.now() + timedelta(seconds=1)
    later = datetime(2031, 5, 1, tzinfo=UTC)
    assert promise(not_before=later, expires_at=later + timedelta(days=1)).not_before == later


def test_a_promise_whose_time_has_passed_is_none(db):
    assert promise(expires_at=timezone.now() - timedelta(seconds=1)) is None
    assert not Message.objects.exists()
    assert not AuditEvent.objects.exists()


def test_consent_is_not_asked_when_promising(db):
    patient = PatientFactory(channel="none", email="")
    ConsentFactory(patient=patient, is_given=False)
    assert promise(patient).state == "queued"


def test_a_due_promise_wakes_the_worker_after_the_commit(db, woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        message = promise()
        assert woken == []
    assert len(callbacks) == 1
    callbacks[0]()
    assert woken == [str(message.public_id)]


def test_a_later_promise_and_a_repeated_one_wake_nobody(db, woken, django_capture_on_commit_callbacks):
    subject = services.subject(key="appointment:7")
    promise(subject=subject)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        promise(not_before=timezone.now() + timedelta(hours=1))
        promise(subject=subject)
    assert callbacks == []
    assert woken == []


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_promise_stands(monkeypatch):
    def refuse(public_id):
        raise ConnectionError("no broker")

    monkeypatch.setattr(deliver_message, "delay", refuse)
    assert Message.objects.get(pk=promise().pk).state == "queued"


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"context": {}}, "location_name, starts_at, zone"),
        ({"context": VISIT | {"diagnosis": "neck"}}, "diagnosis"),
        ({"context": VISIT | {"starts_at": "2026-12-07T15:30:00"}}, "starts_at"),
        ({"context": VISIT | {"starts_at": "soon"}}, "starts_at"),
        ({"context": VISIT | {"zone": "EST5"}}, "zone"),
        ({"context": VISIT | {"location_name": 7}}, "location_name"),
        ({"context": {}, "template": "survey_request"}, "link"),
    ],
)
def test_what_cannot_be_written_is_refused_when_promised(db, change, keys):
    subject = Subject.objects.create(key="appointment:7")
    with pytest.raises(WrongContext) as refusal:
        promise(subject=subject, **change)
    assert refusal.value.facts["keys"] == keys
    assert not Message.objects.exists()
    assert not AuditEvent.objects.exists()


def test_an_unknown_text_is_refused(db):
    with pytest.raises(UnknownTemplate):
        promise(template="birthday")
    assert not Message.objects.exists()


def test_a_link_goes_with_its_message(db):
    link = a_link(purpose="survey")
    message = promise(link.patient, template="survey_request", context={}, link=link)
    assert message.link == link


@pytest.mark.django_db(transaction=True)
def test_two_threads_promising_the_same_thing_make_one_promise():
    patient = PatientFactory()
    barrier = threading.Barrier(8)
    ids, errors = [], []

    def run():
        try:
            barrier.wait()
            subject = services.subject(key="appointment:7")
            ids.append(promise(patient, subject=subject).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(ids)) == 1
    assert Subject.objects.count() == 1
    assert AuditEvent.objects.filter(action="message.queued", actor_id=SYSTEM.public_id).count() == 1
