"""Asking for the intake anew: before a visit at which the answers are too old, once, and only who may be asked."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from audit.actors import SYSTEM
from messaging import delivery
from messaging.models import Message, SignedLink
from patients.models import Patient
from questionnaires.models import Questionnaire
from scheduling import rescreens, tasks
from scheduling.models import Appointment
from screening.services import request_intake, screen, submit_intake
from tests.factories import NINE, AppointmentFactory, ConsentFactory, PatientFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
NOW = NINE - timedelta(days=9)
HALF_A_YEAR = timedelta(days=180)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient(location):
    return PatientFactory(locations=[location])


def visit_of(patient, location, starts_at=NINE, **fields):
    """A visit to come; the patient's answers run out a second before it unless the test says otherwise."""
    return AppointmentFactory(patient=patient, location=location, starts_at=starts_at, **fields)


@pytest.fixture
def visit(patient, location):
    sent_intake(patient, at=NINE - HALF_A_YEAR - SECOND)
    return visit_of(patient, location)


def asked():
    return Message.objects.filter(template="rescreen_request")


def refused(now=NOW):
    """Nobody is due, and nothing is left behind."""
    messages, links = Message.objects.count(), SignedLink.objects.count()
    assert rescreens.ask_due(now=now) == 0
    assert (Message.objects.count(), SignedLink.objects.count()) == (messages, links)


def test_a_patient_whose_answers_are_too_old_at_the_visit_gets_the_link(visit, patient, location):
    assert rescreens.ask_due(now=NOW) == 1
    message = asked().get()
    assert (message.patient, message.state) == (patient, "queued")
    assert message.context == {"location_name": "Downtown", "location_phone": ""}
    response = patient.questionnaire_responses.get(status="in_progress")
    assert (message.link.purpose, message.link.target_id) == ("intake", response.public_id)
    assert message.link.expires_at == NOW + timedelta(days=14)


def test_answers_that_still_hold_at_the_visit_are_enough(patient, location):
    sent_intake(patient, at=NINE - HALF_A_YEAR)
    visit_of(patient, location)
    refused()


def test_the_lead_is_a_setting_and_a_missed_tick_is_caught_up_until_the_visit_begins(visit, settings):
    settings.RESCREEN_LEAD_DAYS = 3
    refused(now=NINE - timedelta(days=3, seconds=1))
    refused(now=NINE)
    assert rescreens.ask_due(now=NINE - SECOND) == 1


def test_the_link_holds_until_the_visit_however_long_the_lead(visit, settings):
    settings.RESCREEN_LEAD_DAYS = 40
    with time_machine.travel(NINE - timedelta(days=30), tick=False):
        assert rescreens.ask_due() == 1
    assert SignedLink.objects.get().expires_at == NINE


def test_nobody_is_asked_twice_for_the_same_answers(visit, patient, location):
    assert [rescreens.ask_due(now=NOW) for _ in range(3)] == [1, 0, 0]
    # Another visit, and a link that has died: the need is the same.
    visit_of(patient, location, starts_at=NINE + timedelta(days=30))
    with time_machine.travel(NINE + timedelta(days=29), tick=False):
        refused(now=NINE + timedelta(days=29))
    assert asked().count() == 1


def test_rules_that_run_again_over_the_same_answers_make_no_new_need(visit, patient, location):
    rescreens.ask_due(now=NOW)
    SignedLink.objects.update(revoked_at=NOW)
    patient.medicines.create(name="Xarelto")
    made = patient.evaluations.count()
    assert screen(patient=patient, by=SYSTEM, cause="requested").pk
    assert patient.evaluations.count() == made + 1
    refused()


def test_new_answers_are_a_new_need_in_half_a_year(visit, patient, location):
    rescreens.ask_due(now=NOW)
    response = patient.questionnaire_responses.get(status="in_progress")
    old = patient.questionnaire_responses.get(status="submitted")
    response.answers = old.answers
    response.save(update_fields=["answers"])
    submit_intake(response=response, by=SYSTEM, at=NOW)
    refused()
    later = NOW + HALF_A_YEAR + timedelta(days=2)
    visit_of(patient, location, starts_at=later)
    with time_machine.travel(later - timedelta(days=1), tick=False):
        assert rescreens.ask_due() == 1
    assert asked().count() == 2


def test_one_request_serves_all_visits_of_a_patient(visit, patient, location):
    visit_of(patient, location, starts_at=NINE + timedelta(hours=2))
    assert rescreens.ask_due(now=NOW) == 1


@pytest.mark.parametrize("status", ["cancelled", "arrived", "completed", "no_show"])
def test_only_visits_that_are_still_to_come_count(visit, status):
    why = {"cancel_reason": "patient", "cancelled_at": NOW} if status == "cancelled" else {}
    Appointment.objects.update(status=status, **why)
    refused()


def test_who_was_never_screened_is_not_asked_anew(patient, location):
    visit_of(patient, location)
    refused()


def test_who_holds_an_open_link_was_asked_already(visit, patient, therapist):
    patient.care_team.create(therapist=therapist, started_on=NOW.date())
    link = request_intake(patient=patient, by=therapist)
    refused()
    SignedLink.objects.filter(pk=link.pk).update(revoked_at=NOW)
    assert rescreens.ask_due(now=NOW) == 1


@pytest.mark.parametrize("changes", [{"channel": "none"}, {"channel": "sms"}, {"email": ""}, {"died_on": "2026-12-01"}])
def test_who_cannot_be_reached_is_not_asked_in_vain(visit, patient, changes):
    patient.consents.all().delete()
    Patient.objects.filter(pk=patient.pk).update(**changes)
    refused()


def test_nobody_is_asked_after_consent_was_withdrawn_and_again_once_it_is_given(visit, patient):
    ConsentFactory(patient=patient, kind="email", is_given=False, recorded_at=NOW)
    refused()
    ConsentFactory(patient=patient, kind="email", is_given=True, recorded_at=NOW + SECOND)
    assert rescreens.ask_due(now=NOW) == 1


def test_a_request_waiting_when_consent_is_withdrawn_is_not_sent(visit, patient):
    rescreens.ask_due(now=NOW)
    ConsentFactory(patient=patient, kind="email", is_given=False, recorded_at=datetime.now(tz=UTC))
    # Only the database's clock decides what is due.
    Message.objects.update(not_before="2020-01-01T00:00Z")
    delivery.deliver(str(asked().get().public_id))
    message = asked().get()
    assert (message.state, message.state_reason) == ("suppressed", "email_refused")


def test_without_an_intake_in_use_the_tick_goes_on(visit):
    Questionnaire.objects.filter(key="intake").update(status="retired")
    refused()


def test_the_clockwork_asks(visit):
    tasks.ask_for_screening()
    assert asked().count() == 1


@pytest.mark.parametrize("number", [1, 4])
def test_finding_who_is_due_takes_one_query(location, number, django_assert_num_queries):
    for hours in range(number):
        patient = PatientFactory(locations=[location])
        sent_intake(patient, at=NOW - HALF_A_YEAR)
        visit_of(patient, location, starts_at=NINE + timedelta(hours=hours))
    with django_assert_num_queries(1):
        assert len(rescreens.due(now=NOW)) == number


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_ask_once(visit):
    counts, barrier = [], threading.Barrier(2)

    def tick():
        barrier.wait()
        counts.append(rescreens.ask_due(now=NOW))
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 1]
    assert asked().count() == 1
    assert SignedLink.objects.count() == 1
