"""The pages and the API of clearance letters: what they show, to whom, and what they hand out."""

from __future__ import annotations

import io
import uuid

import pytest
from django.urls import reverse
from pypdf import PdfReader

from audit.models import AuditEvent
from screening.models import ClearanceRequest, Flag
from tests.factories import PatientFactory, ServiceFactory, UserFactory
from tests.pages import form_with, text_of
from tests.screening.factories import sent_intake
from tests.screening.test_clearance_requests import asked, cleared

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/clearance-requests/"


@pytest.fixture
def flags(patient):
    sent_intake(patient, vein_past="yes", blood_thinner="yes", blood_thinner_which="Coumadin")
    return list(Flag.objects.order_by("rule_id"))


@pytest.fixture
def request_made(flags, therapist):
    return asked(flags, therapist)


def review(patient):
    return reverse("screening:patient", args=[patient.public_id])


def new(patient):
    return reverse("screening:ask-clearance", args=[patient.public_id])


def address(name, request):
    return reverse(f"screening:{name}", args=[request.public_id])


def test_a_therapist_asks_from_a_flag_prints_the_letter_and_sees_it_waiting(patient, therapist, flags, page_of):
    client, service = page_of(therapist), ServiceFactory()
    assert f"{new(patient)}?flag={flags[0].public_id}" in client.get(review(patient)).content.decode()
    form = form_with(text_of(client.get(new(patient), {"flag": str(flags[0].public_id)})), "addressee")
    assert form.values["flags"] == [str(flags[0].public_id)]
    assert set(form.choices["flags"]) == {str(flag.public_id) for flag in flags}
    posted = {"flags": form.values["flags"], "addressee": "Dr Chen", "service": str(service.public_id)}
    assert client.post(new(patient), {**posted, "regions": ["LEG.POST"]})["Location"] == review(patient)
    made = ClearanceRequest.objects.get()
    assert list(made.flags.all()) == flags[:1]
    page = text_of(client.get(review(patient)))
    assert "Waiting for an answer" in page
    assert made.reference in page
    answer = client.get(address("clearance-letter", made))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="clearance-request-{made.reference}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert patient.full_name in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    event = AuditEvent.objects.filter(action="patient.read").latest("pk")
    assert (event.actor_id, event.facts) == (therapist.public_id, {"screen": "clearance_letter"})


@pytest.mark.parametrize(
    ("answer", "words"), [("no", "did not agree that you contact the doctor"), ("yes", None), (None, "was not asked")]
)
def test_the_form_says_whether_the_patient_agreed_that_the_doctor_is_asked(patient, therapist, page_of, answer, words):
    if answer:
        sent_intake(patient, vein_past="yes", contact_doctor=answer)
    page = text_of(page_of(therapist).get(new(patient)))
    for each in ("did not agree that you contact the doctor", "was not asked"):
        assert (each in page) is (each == words)


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_written(patient, therapist, flags, page_of):
    answer = page_of(therapist).post(new(patient), {"addressee": " "})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"flags", "addressee", "service"}
    many = {"flags": [str(flags[0].public_id)], "addressee": "a\n" * 7, "service": str(ServiceFactory().public_id)}
    answer = page_of(therapist).post(new(patient), many)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"addressee"})
    assert not ClearanceRequest.objects.exists()


def test_an_answer_that_grants_nothing_is_noted_on_a_page_of_its_own(request_made, therapist, page_of):
    client = page_of(therapist)
    assert client.post(address("clearance-refusal", request_made), {"decision": "cleared"}).status_code == 422
    assert ClearanceRequest.objects.get().is_open
    posted = {"decision": "need_more", "issuer_name": "Dr Chen", "reason": "Send the last INR"}
    answer = client.post(address("clearance-refusal", request_made), posted)
    assert answer["Location"] == review(request_made.patient)
    page = text_of(client.get(review(request_made.patient)))
    assert "Wants to know more first" in page
    assert "Send the last INR" in page


def test_a_letter_is_withdrawn_on_the_page(request_made, therapist, page_of):
    answer = page_of(therapist).post(address("withdraw-request", request_made))
    assert answer["Location"] == review(request_made.patient)
    assert ClearanceRequest.objects.get().state == "withdrawn"


def test_clearing_by_the_form_closes_the_letter(request_made, therapist, page_of):
    client = page_of(therapist)
    for flag in Flag.objects.all():
        posted = {"reason": "Read", "clearance_from": "Dr Chen", "cleared_until": "2027-05-01"}
        assert client.post(reverse("screening:clear", args=[flag.public_id]), posted).status_code == 302
    assert ClearanceRequest.objects.get().state == "answered"
    assert "May be treated" in text_of(client.get(review(request_made.patient)))


def test_an_auditor_reads_the_letter_and_changes_nothing(request_made, auditor, page_of):
    client = page_of(auditor)
    assert client.get(address("clearance-letter", request_made)).status_code == 200
    assert "Withdraw" not in text_of(client.get(review(request_made.patient)))
    assert client.get(new(request_made.patient)).status_code == 403
    assert client.get(address("clearance-refusal", request_made)).status_code == 403
    assert client.post(address("withdraw-request", request_made)).status_code == 403
    assert ClearanceRequest.objects.get().is_open


@pytest.mark.parametrize("role", ["front_desk", "admin"])
def test_the_desk_reads_no_letter(request_made, location, page_of, role):
    client = page_of(UserFactory(roles=[role], locations=[location]))
    assert client.get(address("clearance-letter", request_made)).status_code in {403, 404}
    assert client.get(new(request_made.patient)).status_code == 403
    assert not AuditEvent.objects.filter(action="patient.read").exists()


def test_a_stranger_finds_nothing_behind_any_door(request_made, stranger, page_of, api):
    client, events = page_of(stranger), AuditEvent.objects.count()
    assert client.get(new(request_made.patient)).status_code == 404
    assert client.post(new(request_made.patient)).status_code == 404
    assert client.get(address("clearance-letter", request_made)).status_code == 404
    for name in ("clearance-refusal", "withdraw-request"):
        assert client.post(address(name, request_made)).status_code == 404
    script = api(stranger)
    assert script.get(ROOT).json()["results"] == []
    for tail in ("", "letter/"):
        assert script.get(f"{ROOT}{request_made.public_id}/{tail}").status_code == 404
    for tail in ("withdraw/", "refusal/"):
        assert script.post(f"{ROOT}{request_made.public_id}/{tail}", {}, format="json").status_code in {400, 404}
    assert AuditEvent.objects.count() == events
    assert ClearanceRequest.objects.get().is_open


def test_scripts_do_the_same(patient, therapist, flags, api):
    client, service = api(therapist), ServiceFactory()
    body = {
        "patient_id": str(patient.public_id),
        "flag_ids": [str(flag.public_id) for flag in flags],
        "addressee": "Dr Chen",
        "service_id": str(service.public_id),
        "regions": ["LEG.POST"],
    }
    made = client.post(ROOT, body, format="json", HTTP_IDEMPOTENCY_KEY="one")
    assert made.status_code == 201
    assert client.post(ROOT, body, format="json", HTTP_IDEMPOTENCY_KEY="one").json() == made.json()
    row = made.json()
    assert row["rule_ids"] == ["CI-05", "CI-06a"]
    assert (row["state"], row["asked_by_id"]) == ("open", str(therapist.public_id))
    assert [one["id"] for one in client.get(ROOT, {"patient": str(patient.public_id)}).json()["results"]] == [row["id"]]
    letter = client.get(f"{ROOT}{row['id']}/letter/", headers={"Accept": "application/pdf"})
    assert letter["Content-Type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF")
    assert AuditEvent.objects.filter(action="patient.read", facts={"screen": "clearance_letter"}).count() == 1
    answer = {"decision": "declined", "issuer_name": "Dr Chen", "reason": "No"}
    refused = client.post(f"{ROOT}{row['id']}/refusal/", answer, format="json")
    assert (refused.status_code, refused.json()["state"]) == (200, "answered")
    assert refused.json()["answers"][0]["decision"] == "declined"
    again = client.post(f"{ROOT}{row['id']}/withdraw/", format="json")
    assert (again.status_code, again.json()["code"]) == (409, "clearance_request_closed")
    assert client.get(f"{ROOT}{row['id']}/").json()["state"] == "answered"


def test_scripts_are_parsed_strictly(patient, therapist, flags, api):
    good = {
        "patient_id": str(patient.public_id), "flag_ids": [str(flags[0].public_id)], "addressee": "Dr Chen",
        "service_id": str(ServiceFactory().public_id),
    }  # fmt: skip
    other = PatientFactory()
    sent_intake(other, vein_past="yes")
    for wrong in (
        {"flag_ids": [str(uuid.uuid4())]},
        {"flag_ids": [str(Flag.objects.get(patient=other).public_id)]},
        {"service_id": str(ServiceFactory(is_active=False).public_id)},
        {"addressee": ""},
        {"why": "x"},
    ):
        assert api(therapist).post(ROOT, {**good, **wrong}, format="json").status_code == 400
    assert api(therapist).post(ROOT, {**good, "regions": ["TAIL"]}, format="json").status_code == 422
    assert not ClearanceRequest.objects.exists()


@pytest.fixture(params=[3, 8])
def many(request, flags, therapist, in_a_month):
    """So many answered letters."""
    letters = [asked(flags, therapist, remark=str(number)) for number in range(request.param)]
    for flag in flags:
        cleared(flag, therapist, in_a_month)
    return letters


def test_the_page_takes_the_same_queries_for_many_letters(many, therapist, page_of, django_assert_max_num_queries):
    client = page_of(therapist)
    with django_assert_max_num_queries(24):
        assert len(client.get(review(many[0].patient)).context["requests"]) == len(many)


def test_the_list_takes_the_same_queries_for_many_letters(many, therapist, api, django_assert_num_queries):
    client = api(therapist)
    with django_assert_num_queries(3):
        assert len(client.get(ROOT).json()["results"]) == len(many)
