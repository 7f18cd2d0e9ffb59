"""An emergency answer reaches whoever is nearest to a phone, and stays until somebody says what came of it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from questionnaires.services import start_response
from questionnaires.services.publishing import load_shipped
from screening.alarms import alarms_for
from screening.errors import NoAlarm
from screening.models import Flag
from screening.services import gate, handle_alarm, save_intake_page
from tests.factories import AppointmentFactory, PatientFactory, RoomFactory, UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
EMERGENCY = {"saddle_numb": "yes"}
NOTE = "Reached by phone, goes to the emergency department now."


@pytest.fixture
def alarmed(patient):
    sent_intake(patient, **EMERGENCY)
    assert Flag.objects.get(rule_id="RF-01").urgency == "emergency"
    return patient


def test_an_answer_alarms_at_once_although_the_intake_is_not_sent_yet(patient, front_desk):
    load_shipped()
    response = start_response(patient=patient, by=front_desk)
    assert alarms_for(front_desk) == []
    therapist = patient.care_team.get().therapist
    save_intake_page(response=response, answers={"saddle-numb": "yes"}, by=therapist)
    assert [one.patient for one in alarms_for(front_desk)] == [patient]


def test_those_who_see_the_patient_see_the_alarm(alarmed, location, front_desk, therapist, stranger):
    others = [UserFactory(roles=[role], locations=[location]) for role in ("admin", "auditor")]
    for user in (front_desk, therapist, *others):
        assert [one.patient for one in alarms_for(user)] == [alarmed]
    assert alarms_for(stranger) == []


@pytest.mark.parametrize("number", [1, 5])
def test_alarms_take_one_query(location, front_desk, number, django_assert_num_queries):
    for _ in range(number):
        sent_intake(PatientFactory(locations=[location]), **EMERGENCY)
    with django_assert_num_queries(1):
        assert len(alarms_for(front_desk)) == number


def test_the_first_who_calls_settles_it_and_the_flag_stands(alarmed, front_desk, therapist, service):
    handle_alarm(patient=alarmed, note=f"  {NOTE} ", by=front_desk)
    flag = Flag.objects.get(rule_id="RF-01")
    assert (flag.handled_by, flag.handled_note, flag.status) == (front_desk, NOTE, "open")
    assert flag.handled_at is not None
    event = AuditEvent.objects.get(action="alarm.handled")
    assert (event.actor_id, event.facts) == (front_desk.public_id, {"rule_id": "RF-01"})
    assert alarms_for(therapist) == []
    assert gate(patient=alarmed, service=service).is_blocked
    with pytest.raises(NoAlarm):
        handle_alarm(patient=alarmed, note="Me too", by=therapist)
    assert AuditEvent.objects.filter(action="alarm.handled").count() == 1


def test_an_answer_given_anew_alarms_anew(alarmed, front_desk):
    handle_alarm(patient=alarmed, note=NOTE, by=front_desk)
    sent_intake(alarmed)
    assert alarms_for(front_desk) == []
    sent_intake(alarmed, **EMERGENCY)
    assert [one.patient for one in alarms_for(front_desk)] == [alarmed]


@pytest.mark.parametrize("note", ["", "  ", "x" * 301, "a\x00b"])
def test_what_came_of_it_has_to_be_said(alarmed, front_desk, note):
    with pytest.raises(Invalid) as refusal:
        handle_alarm(patient=alarmed, note=note, by=front_desk)
    assert set(refusal.value.fields) == {"note"}
    assert Flag.objects.get(rule_id="RF-01").handled_at is None


def test_who_may_not(alarmed, auditor, stranger):
    for user, error in ((auditor, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            handle_alarm(patient=alarmed, note=NOTE, by=user)
    assert Flag.objects.get(rule_id="RF-01").handled_at is None
    assert not AuditEvent.objects.filter(action="alarm.handled").exists()


def test_the_dead_are_not_called(alarmed, front_desk):
    Patient.objects.filter(pk=alarmed.pk).update(died_on="2026-01-01")
    assert alarms_for(front_desk) == []


def test_the_database_wants_to_know_who_and_what(alarmed, front_desk):
    with pytest.raises(IntegrityError, match="flag_handled_by_whom_and_how"), transaction.atomic():
        Flag.objects.filter(rule_id="RF-01").update(handled_at="2026-01-01T00:00Z", handled_by=front_desk)


def test_the_pages_of_desk_and_therapist(alarmed, page_of, front_desk, therapist, stranger):
    """Both see whom to call without a clinical word; the page says what to say, then it is gone."""
    address = reverse("screening:alarm", args=[alarmed.public_id])
    flag = Flag.objects.get(rule_id="RF-01")
    for user, page in ((front_desk, "scheduling:diary"), (therapist, "sessions:my-day")):
        html = page_of(user).get(reverse(page)).content.decode()
        assert "Call now: an answer means an emergency" in html
        assert address in html
        if user == front_desk:
            assert flag.title not in html
    client = page_of(front_desk)
    html = client.get(address).content.decode()
    assert "Whom to call" in html
    assert flag.title not in html
    assert client.post(address, {"note": ""}).status_code == 422
    assert page_of(stranger).post(address, {"note": NOTE}).status_code == 404
    assert Flag.objects.get(rule_id="RF-01").handled_at is None
    client = page_of(front_desk)
    assert client.post(address, {"note": NOTE}).status_code == 302
    assert "Call now" not in client.get(reverse("scheduling:diary")).content.decode()
    assert "Nobody has to be called" in client.get(address).content.decode()
    html = page_of(therapist).get(reverse("screening:patient", args=[alarmed.public_id])).content.decode()
    assert f"Spoken with the patient: {front_desk.full_name}" in html


def test_a_diary_that_is_open_hears_of_it(page_of, patient, location, front_desk):
    """The refresh every ten seconds brings the alarm with the panel."""
    visit = AppointmentFactory(
        patient=patient, location=location, therapist=UserFactory(roles=["therapist"], locations=[location]),
        room=RoomFactory(location=location),
    )  # fmt: skip
    client = page_of(front_desk)
    page = client.get(reverse("scheduling:diary"), {"date": visit.starts_at.date().isoformat()})
    refresh = page.context["refresh_address"]
    headers = {"HX-Request": "true", "HX-Target": "diary-grid", "X-Background-Refresh": "1"}
    assert client.get(reverse("scheduling:diary") + refresh, headers=headers).status_code == 204
    sent_intake(patient, **EMERGENCY)
    answer = client.get(reverse("scheduling:diary") + refresh, headers=headers)
    assert "Call now: an answer means an emergency" in answer.content.decode()
