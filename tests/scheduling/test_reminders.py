"""Reminders: promised once, for the present time of the visit, and never right after the patient was told."""

from datetime import time, timedelta

import pytest

from clinic.models import Location, Service
from messaging.models import Message
from scheduling import reminders, services, tasks
from scheduling.models import Appointment
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db


def promised():
    return Message.objects.filter(template="appointment_reminder").order_by("pk")


def test_promises_one_the_lead_before_the_visit_with_a_link(desk):
    visit = desk.book(at(9))

    assert reminders.queue_due(now=at(9) - timedelta(hours=24, seconds=1)) == 0
    assert reminders.queue_due(now=at(9) - timedelta(hours=24)) == 1

    reminder = promised().get()
    assert reminder.not_before == at(9) - timedelta(hours=24)
    assert reminder.expires_at == at(9)
    assert reminder.delivery_key == f"appointment_reminder:appointment:{visit.public_id}:1440m:preferred:v1"
    assert (reminder.link.purpose, reminder.link.target_id) == ("visit", visit.public_id)


def test_a_second_run_promises_nothing_more(desk):
    desk.book(at(9))
    assert [reminders.queue_due(now=at(8)) for _ in range(3)] == [1, 0, 0]


def test_a_missed_run_is_caught_up_until_the_visit_begins(desk):
    desk.book(at(9))
    assert reminders.queue_due(now=at(9)) == 0
    assert reminders.queue_due(now=at(8, 59)) == 1


def test_who_was_told_within_the_lead_is_not_reminded_right_after(desk):
    desk.book(at(9), at=at(9) - timedelta(hours=3))
    assert reminders.queue_due(now=at(8)) == 0


def test_a_moved_visit_is_reminded_once_for_the_new_time(desk):
    visit = desk.book(at(9))
    reminders.queue_due(now=at(9) - timedelta(hours=20))

    services.move_appointment(appointment=visit, starts_at=at(9, days=2), by=desk.front_desk)
    assert reminders.queue_due(now=at(9) - timedelta(hours=19)) == 0
    assert reminders.queue_due(now=at(9, days=1)) == 1

    old, new = promised()
    assert (old.state, old.subject_version) == ("superseded", 1)
    assert (new.state, new.subject_version, new.expires_at) == ("queued", 2, at(9, days=2))


def test_a_visit_moved_within_the_lead_has_its_notice_instead(desk):
    visit = desk.book(at(9))
    services.move_appointment(appointment=visit, starts_at=at(11), by=desk.front_desk, at=at(8))
    assert reminders.queue_due(now=at(8, 30)) == 0


@pytest.mark.parametrize("status", ["arrived", "in_session", "completed", "no_show"])
def test_who_came_or_did_not_is_not_reminded(desk, status):
    desk.book(at(9))
    Appointment.objects.update(status=status)
    assert reminders.queue_due(now=at(8)) == 0


def test_a_cancelled_visit_withdraws_its_reminder(desk):
    visit = desk.book(at(9))
    reminders.queue_due(now=at(8))
    services.cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert promised().get().state == "superseded"
    assert reminders.queue_due(now=at(8)) == 0


def test_each_lead_time_is_its_own_promise(desk, settings):
    settings.APPOINTMENT_REMINDER_MINUTES = [48 * 60, 120]
    desk.book(at(9))
    assert reminders.queue_due(now=at(9) - timedelta(hours=47)) == 1
    assert reminders.queue_due(now=at(8)) == 1
    assert list(promised().values_list("not_before", flat=True)) == [
        at(9) - timedelta(hours=48),
        at(9) - timedelta(hours=2),
    ]


def test_a_location_has_leads_of_its_own_and_a_service_overrules_it(desk):
    Location.objects.filter(pk=desk.location.pk).update(reminder_minutes=[180])
    visit = desk.book(at(9))
    assert reminders.queue_due(now=at(9) - timedelta(hours=24)) == 0
    assert reminders.queue_due(now=at(6)) == 1
    assert promised().get().delivery_key.startswith(f"appointment_reminder:appointment:{visit.public_id}:180m:")

    Service.objects.filter(pk=desk.service.pk).update(reminder_minutes=[60])
    desk.book(at(11))
    assert reminders.queue_due(now=at(9, 59)) == 0
    assert reminders.queue_due(now=at(10)) == 1


def test_an_empty_list_means_no_reminder(desk):
    Service.objects.filter(pk=desk.service.pk).update(reminder_minutes=[])
    desk.book(at(9))
    assert reminders.queue_due(now=at(8)) == 0
    assert not promised().exists()


def test_a_reminder_due_in_the_quiet_hours_waits_for_their_end(desk):
    Location.objects.filter(pk=desk.location.pk).update(quiet_from=time(21), quiet_until=time(8))
    desk.location.refresh_from_db()
    Service.objects.filter(pk=desk.service.pk).update(reminder_minutes=[150])
    early, later = desk.book(at(9)), desk.book(at(10, 15, days=1))
    reminders.queue_due(now=at(8, days=1))
    reminders.queue_due(now=at(7))
    due = dict(promised().values_list("subject__key", "not_before"))
    assert due == {
        f"appointment:{early.public_id}": at(8),  # it was due at half past six
        f"appointment:{later.public_id}": at(8, days=1),
    }


def test_finding_what_is_due_takes_two_queries_however_many_are_not(desk, django_assert_num_queries):
    for hour in range(9, 13):
        desk.book(at(hour))
    reminders.queue_due(now=at(8))
    with django_assert_num_queries(2):  # the leads there are, and the visits of the one
        assert reminders.queue_due(now=at(8)) == 0


def test_one_run_takes_at_most_a_batch(desk, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 2)
    for hour in range(9, 12):
        desk.book(at(hour))
    assert [reminders.queue_due(now=at(8)) for _ in range(3)] == [2, 1, 0]


def test_the_task_asks_for_what_is_due_now(desk):
    desk.book(at(9), notify=False)
    tasks.queue_reminders()
    assert not promised().exists()
    assert tasks.queue_reminders.name == "scheduling.queue_reminders"
