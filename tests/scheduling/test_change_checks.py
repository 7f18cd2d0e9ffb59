"""Who is asked, before a visit, what has changed: once per visit and time, and nobody who has just told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone

from messaging.models import Message
from questionnaires.services.publishing import load_shipped
from scheduling import change_checks, tasks
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, mark_arrived, move_appointment
from screening.models import ChangeCheck
from screening.services import record_change_check
from sessions.errors import ScreeningBlocks
from sessions.services import start_session
from tests.scheduling.factories import at
from tests.screening.factories import sent_intake
from tests.screening.test_changes import NEW_MEDICINE, SAME, entered, sent

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LEAD = timedelta(minutes=configured.CHANGE_CHECK_MINUTES)


@pytest.fixture
def visit(desk):
    """A visit of a patient who was screened a month ago."""
    load_shipped()
    sent_intake(desk.patient, at=timezone.now() - timedelta(days=30))
    desk.patient.care_team.create(therapist=desk.therapist, started_on="2026-01-01")
    return desk.book(at(9))


def asked():
    return Message.objects.filter(template="change_check").order_by("pk")


def test_asks_two_days_before_by_a_link_that_ends_with_the_visit(visit):
    assert change_checks.ask_due(now=at(9) - LEAD - timedelta(seconds=1)) == 0
    assert change_checks.ask_due(now=at(9) - LEAD) == 1
    message = asked().get()
    assert (message.expires_at, message.link.expires_at) == (at(9), at(9))
    check = ChangeCheck.objects.get()
    assert (check.visit_id, check.visit_at, check.patient) == (visit.public_id, at(9), visit.patient)


def test_asks_once_and_catches_up_until_the_visit_begins(visit):
    assert change_checks.ask_due(now=at(9)) == 0
    assert [change_checks.ask_due(now=at(8, 59)) for _ in range(3)] == [1, 0, 0]
    assert asked().count() == 1


def test_asks_anew_for_a_new_time(visit, desk):
    change_checks.ask_due(now=at(8))
    move_appointment(appointment=visit, starts_at=at(9, days=4), by=desk.front_desk)
    assert change_checks.ask_due(now=at(9, days=3)) == 1
    old, new = asked()
    assert (old.state, new.state) == ("superseded", "queued")
    assert ChangeCheck.objects.get().visit_at == at(9, days=4)


def test_a_visit_that_is_off_is_not_asked_about(visit, desk):
    cancel_appointment(appointment=visit, reason="patient_asked", by=desk.front_desk, notify=False)
    assert change_checks.ask_due(now=at(8)) == 0
    assert not ChangeCheck.objects.exists()


def test_the_link_of_a_visit_called_off_opens_nothing(visit, desk, client):
    change_checks.ask_due(now=at(8))
    phone = entered(client, ChangeCheck.objects.get())
    cancel_appointment(appointment=visit, reason="patient_asked", by=desk.front_desk, notify=False)
    assert asked().get().state in {"superseded", "cancelled"}
    assert phone.get("/p/intake/").status_code == 404


def test_who_was_never_screened_gets_the_intake_instead(desk):
    load_shipped()
    desk.book(at(9))
    assert change_checks.ask_due(now=at(8)) == 0


def test_who_has_just_sent_the_whole_intake_is_not_asked_again(visit):
    sent_intake(visit.patient, at=at(9) - timedelta(hours=71))
    assert change_checks.ask_due(now=at(8)) == 0


def test_who_was_asked_in_the_room_is_not_asked_by_mail(visit, desk):
    record_change_check(
        patient=visit.patient, visit_id=visit.public_id, visit_at=visit.starts_at, answers=SAME, by=desk.therapist
    )
    assert change_checks.ask_due(now=at(8)) == 0


def test_the_clockwork_asks(visit, settings):
    settings.CHANGE_CHECK_MINUTES = 60 * 24 * 60
    tasks.ask_for_changes()
    assert asked().count() == 1
    assert "scheduling.ask_for_changes" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_the_session_waits_for_somebody_to_look(desk, client):
    load_shipped()
    sent_intake(desk.patient, at=timezone.now() - timedelta(days=30))
    desk.patient.care_team.create(therapist=desk.therapist, started_on="2026-01-01")
    visit, soon = desk.book(at(9)), timezone.now() + timedelta(minutes=20)
    times = {"starts_at": soon, "busy_from": soon, "ends_at": soon + HOUR, "busy_until": soon + HOUR}
    Appointment.objects.filter(pk=visit.pk).update(**times)
    visit.refresh_from_db()
    change_checks.ask_due()
    sent(client, ChangeCheck.objects.get(), NEW_MEDICINE)
    arrived = mark_arrived(appointment=visit, by=desk.front_desk)
    with pytest.raises(ScreeningBlocks) as refusal:
        start_session(appointment=arrived, by=desk.therapist)
    assert refusal.value.facts["reasons"] == ["changes_not_looked_at"]
    arrived.refresh_from_db()
    assert arrived.status == "arrived"
