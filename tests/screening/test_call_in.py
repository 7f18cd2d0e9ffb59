"""Calling a patient in: a therapist asks with one click, the desk calls and says what came of it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.models import Patient
from screening.errors import AlreadyCalled
from screening.models import CallIn
from screening.services import call_in, note_call
from tests.factories import PatientFactory, UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
OUTCOME = "Comes on Friday at nine"
ROOT = "/api/v1/call-ins/"


@pytest.fixture
def call(patient, therapist):
    return call_in(patient=patient, by=therapist)


def refused(error, act, **entries):
    before, events = list(CallIn.objects.values()), AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        act(**entries)
    assert list(CallIn.objects.values()) == before
    assert AuditEvent.objects.count() == events
    return refusal.value


def test_asking_twice_puts_the_patient_on_the_list_once(call, patient, therapist):
    assert call_in(patient=patient, by=therapist) == call
    assert list(CallIn.objects.visible_to(therapist).waiting()) == [call]
    assert AuditEvent.objects.get(action="call_in.asked").actor_id == therapist.public_id


def test_the_desk_settles_it_and_it_may_be_asked_again(call, patient, therapist, front_desk):
    done = note_call(call=call, outcome=f" {OUTCOME} ", by=front_desk)
    assert (done.done_by, done.outcome) == (front_desk, OUTCOME)
    assert not CallIn.objects.waiting().exists()
    refused(AlreadyCalled, note_call, call=call, outcome="Me too", by=therapist)
    assert call_in(patient=patient, by=therapist) != call


def test_neither_auditors_nor_strangers_ask_or_call(call, patient, auditor, stranger):
    for user, error in ((auditor, NotAllowed), (stranger, NotFound)):
        refused(error, call_in, patient=patient, by=user)
        refused(error, note_call, call=call, outcome=OUTCOME, by=user)


@pytest.mark.parametrize("role", ["front_desk", "admin"])
def test_only_therapists_ask(patient, location, role):
    refused(NotAllowed, call_in, patient=patient, by=UserFactory(roles=[role], locations=[location]))


@pytest.mark.parametrize("outcome", ["", " ", "x" * 301, "a\x00b"])
def test_what_came_of_it_has_to_be_said(call, front_desk, outcome):
    assert set(refused(Invalid, note_call, call=call, outcome=outcome, by=front_desk).fields) == {"outcome"}


def test_the_dead_are_not_called(call, patient):
    Patient.objects.update(died_on="2026-01-01")
    assert not CallIn.objects.waiting().exists()


def test_the_database_holds_it(call, patient, therapist):
    with pytest.raises(IntegrityError, match="call_in_waits_once_per_patient"), transaction.atomic():
        CallIn.objects.create(patient=patient, asked_by=therapist)
    with pytest.raises(IntegrityError, match="call_in_done_by_whom_and_how"), transaction.atomic():
        CallIn.objects.update(done_at="2026-01-01T00:00Z")


def test_from_the_therapists_click_to_the_desks_note(patient, therapist, front_desk, stranger, page_of):
    sent_intake(patient, vein_past="yes")
    review = reverse("screening:patient", args=[patient.public_id])
    client = page_of(therapist)
    assert "Call the patient in" in client.get(review).content.decode()
    assert client.post(reverse("screening:call-in", args=[patient.public_id]))["Location"] == review
    assert "On the list to call" in client.get(review).content.decode()
    address = reverse("screening:call", args=[CallIn.objects.get().public_id])
    assert page_of(stranger).get(address).status_code == 404
    assert page_of(stranger).post(reverse("screening:call-in", args=[patient.public_id])).status_code == 404
    client = page_of(front_desk)
    diary = client.get(reverse("scheduling:diary")).content.decode()
    assert address in diary
    page = client.get(address).content.decode()
    assert patient.flags.get().title not in diary + page
    assert client.post(address, {"outcome": ""}).status_code == 422
    assert CallIn.objects.waiting().exists()
    assert client.post(address, {"outcome": OUTCOME})["Location"] == reverse("scheduling:diary")
    assert address not in client.get(reverse("scheduling:diary")).content.decode()
    assert OUTCOME in client.get(address).content.decode()


def test_an_auditor_may_not_call(call, auditor, page_of):
    assert page_of(auditor).get(reverse("screening:call", args=[call.public_id])).status_code == 403


def test_scripts_do_the_same(patient, therapist, front_desk, stranger, api):
    body = {"patient_id": str(patient.public_id)}
    assert api(stranger).post(ROOT, body, format="json").status_code == 400
    assert api(front_desk).post(ROOT, body, format="json").status_code == 403
    assert not CallIn.objects.exists()
    made = api(therapist).post(ROOT, body, format="json")
    assert made.status_code == 201
    assert [row["id"] for row in api(front_desk).get(ROOT).json()["results"]] == [made.json()["id"]]
    assert api(stranger).get(ROOT).json()["results"] == []
    done = f"{ROOT}{made.json()['id']}/done/"
    assert api(stranger).post(done, {"outcome": OUTCOME}, format="json").status_code == 404
    assert api(front_desk).post(done, {}, format="json").status_code == 400
    answer = api(front_desk).post(done, {"outcome": OUTCOME}, format="json")
    assert (answer.status_code, answer.json()["outcome"]) == (200, OUTCOME)
    assert api(front_desk).post(done, {"outcome": OUTCOME}, format="json").status_code == 409


@pytest.mark.parametrize("number", [1, 5])
def test_the_list_takes_one_query(location, therapist, front_desk, number, django_assert_num_queries):
    for _ in range(number):
        call_in(patient=PatientFactory(locations=[location], care_team=[therapist]), by=therapist)
    with django_assert_num_queries(1):
        rows = CallIn.objects.visible_to(front_desk).waiting()
        assert len([(row.patient.full_name, row.asked_by.full_name) for row in rows]) == number
