"""Sending again what failed, from the screen and by the API."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed
from messaging import services
from messaging.delivery import deliver
from messaging.errors import NotResendable, Outdated
from messaging.models import LocalDelivery, Message
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.messaging.factories import a_link, promise


@pytest.fixture
def patient(location, therapist):
    return PatientFactory(locations=[location], care_team=[therapist])


def failed(patient, state="failed", **changes):
    message = promise(patient, **changes)
    Message.objects.filter(pk=message.pk).update(state=state, state_reason="refused")
    message.refresh_from_db()
    return message


def page(message):
    return reverse("messaging:resend", args=[message.public_id])


def resource(message):
    return f"/api/v1/messages/{message.public_id}/resend/"


@pytest.mark.parametrize("state", ["failed", "dead", "unknown"])
def test_a_new_promise_is_made_audited_and_sent(front_desk, patient, state):
    message = failed(patient, state)
    again = services.resend_message(message=message, reason=" Address corrected ", by=front_desk)
    assert (again.resend_of, again.resend_reason, again.state) == (message, "Address corrected", "queued")
    assert (again.context, again.expires_at, again.template) == (message.context, message.expires_at, message.template)
    assert again.delivery_key == f"{message.delivery_key}:again-{message.pk}"
    event = AuditEvent.objects.get(action="message.resent")
    assert (event.actor_id, event.patient_id) == (front_desk.public_id, patient.public_id)
    assert event.facts == {"resend_of": str(message.public_id)}
    deliver(str(again.public_id))
    assert LocalDelivery.objects.get().idempotency_key == again.delivery_key
    message.refresh_from_db()
    assert message.state == state, "the old promise stays as it was"


def test_asking_twice_is_one_promise(front_desk, patient):
    message = failed(patient)
    first = services.resend_message(message=message, reason="Asked by phone", by=front_desk)
    assert services.resend_message(message=message, reason="Asked again", by=front_desk) == first
    assert AuditEvent.objects.filter(action="message.resent").count() == 1


def test_one_that_failed_again_can_be_sent_a_third_time(front_desk, patient):
    second = services.resend_message(message=failed(patient), reason="One", by=front_desk)
    Message.objects.filter(pk=second.pk).update(state="dead")
    assert services.resend_message(message=second, reason="Two", by=front_desk).resend_of == second


def refused(error, message, by, reason="Asked by phone"):
    events = AuditEvent.objects.count()
    rows = Message.objects.count()
    with pytest.raises(error):
        services.resend_message(message=message, reason=reason, by=by)
    assert (AuditEvent.objects.count(), Message.objects.count()) == (events, rows)


@pytest.mark.parametrize("state", ["queued", "sending", "suppressed", "superseded"])
def test_only_what_failed_is_sent_again(front_desk, patient, state):
    refused(NotResendable, failed(patient, state), front_desk)


def test_auditors_only_read(auditor, patient):
    refused(NotAllowed, failed(patient), auditor)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_needed(front_desk, patient, reason):
    refused(Invalid, failed(patient), front_desk, reason)


def test_what_is_over_is_not_sent_again(front_desk, patient):
    message = failed(patient)
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(Outdated, message, front_desk)


@pytest.mark.parametrize("is_live", [True, False])
def test_what_changed_is_not_sent_again(front_desk, patient, is_live):
    subject = services.subject(key="appointment:7")
    message = failed(patient, subject=subject)
    services.supersede(key="appointment:7", is_live=is_live)
    refused(Outdated, message, front_desk)


def test_a_dead_link_is_not_sent_again(front_desk, patient):
    link = a_link(patient, purpose="survey")
    message = failed(patient, template="survey_request", context={}, link=link)
    services.revoke_links(target_id=link.target_id, purpose="survey", by=front_desk)
    refused(Outdated, message, front_desk)


@pytest.mark.django_db(transaction=True)
def test_two_desks_at_once_make_one_promise():
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])
    message = failed(PatientFactory(locations=[location]))
    barrier = threading.Barrier(4)
    ids = []

    def run():
        try:
            barrier.wait()
            ids.append(services.resend_message(message=message, reason="Asked by phone", by=desk).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1


# The screen


def test_the_desk_says_why_and_it_is_sent_again(page_of, front_desk, patient):
    message = failed(patient)
    desk = page_of(front_desk)
    assert "Send again" in desk.get(reverse("messaging:ledger")).content.decode()
    assert desk.get(page(message)).status_code == 200
    answer = desk.post(page(message), {"reason": "Address corrected"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("messaging:ledger"))
    again = Message.objects.get(resend_of=message)
    text = desk.get(reverse("messaging:ledger")).content.decode()
    assert "Sent again: Address corrected" in text
    assert page(message) not in text, "the button is gone once it was pressed"
    assert again.state == "queued"


def test_in_the_dialog_it_works_the_same(page_of, front_desk, patient):
    message = failed(patient)
    desk = page_of(front_desk)
    dialog = desk.get(page(message), headers={"HX-Request": "true"})
    assert b"<html" not in dialog.content
    assert b'id="dialog-title"' in dialog.content
    answer = desk.post(page(message), {"reason": "Address corrected"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, reverse("messaging:ledger"))


def test_without_a_reason_the_field_says_so(page_of, front_desk, patient):
    message = failed(patient)
    answer = page_of(front_desk).post(page(message), {"reason": " "})
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"] == ["This field is required."]
    assert not Message.objects.filter(resend_of=message).exists()


def test_looking_at_the_form_changes_nothing(page_of, front_desk, patient):
    message = failed(patient)
    page_of(front_desk).get(page(message))
    assert Message.objects.count() == 1


def test_a_message_that_cannot_be_sent_again_is_refused_with_409(page_of, front_desk, patient):
    message = failed(patient, "suppressed")
    assert page_of(front_desk).post(page(message), {"reason": "Please"}).status_code == 409


def test_strangers_and_auditors_cannot_send_again(page_of, stranger, auditor, patient):
    message = failed(patient)
    assert page_of(stranger).post(page(message), {"reason": "Please"}).status_code == 404
    assert page_of(auditor).post(page(message), {"reason": "Please"}).status_code == 403
    assert Message.objects.count() == 1


# The API


def test_the_list_shows_what_became_of_messages(api, front_desk, patient):
    message = failed(patient)
    answer = api(front_desk).get("/api/v1/messages/")
    assert answer.status_code == 200
    row = answer.json()["results"][0]
    assert row["id"] == str(message.public_id)
    assert row["patient_id"] == str(patient.public_id)
    assert (row["state"], row["state_reason"], row["resend_of_id"]) == ("failed", "refused", None)
    assert not {"context", "link", "delivery_key", "claim_token"} & set(row)


def test_one_message_is_read_by_its_id(api, front_desk, patient):
    message = promise(patient)
    assert api(front_desk).get(f"/api/v1/messages/{message.public_id}/").json()["state"] == "queued"


def test_the_list_filters(api, front_desk, patient, location):
    message = failed(patient)
    promise(PatientFactory(locations=[location]))
    reader = api(front_desk)
    for query in ({"state": "failed"}, {"patient": str(patient.public_id)}):
        rows = reader.get("/api/v1/messages/", query).json()["results"]
        assert [row["id"] for row in rows] == [str(message.public_id)]
    later = (timezone.now() + timedelta(minutes=1)).isoformat()
    assert reader.get("/api/v1/messages/", {"updated_since": later}).json()["results"] == []
    assert reader.get("/api/v1/messages/", {"state": "lost"}).status_code == 400


def test_sending_again_by_api_is_idempotent(api, front_desk, patient):
    message = failed(patient)
    client = api(front_desk)
    answers = [
        client.post(resource(message), {"reason": "Asked"}, format="json", headers={"Idempotency-Key": "one"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[0].json()["resend_of_id"] == str(message.public_id)
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Message.objects.count() == 2


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": "ok", "state": "sent"}])
def test_a_body_that_breaks_a_rule_is_refused(api, front_desk, patient, body):
    message = failed(patient)
    assert api(front_desk).post(resource(message), body, format="json").status_code == 400
    assert Message.objects.count() == 1


def test_conflicts_are_problem_documents(api, front_desk, patient):
    answer = api(front_desk).post(resource(failed(patient, "suppressed")), {"reason": "Please"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "message_not_resendable")


def test_other_peoples_messages_do_not_exist(api, stranger, auditor, patient):
    message = failed(patient)
    hidden, absent = (f"/api/v1/messages/{public_id}/" for public_id in (message.public_id, uuid.uuid4()))
    answers = [api(stranger).get(address) for address in (hidden, absent)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert api(stranger).get("/api/v1/messages/").json()["results"] == []
    assert api(stranger).post(resource(message), {"reason": "Please"}, format="json").status_code == 404
    assert api(auditor).get(hidden).status_code == 200
    assert api(auditor).post(resource(message), {"reason": "Please"}, format="json").status_code == 403
    assert api().get(hidden).status_code == 401
    assert Message.objects.count() == 1


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_takes_the_same_queries_however_many_rows(api, front_desk, location, count, django_assert_num_queries):
    for _ in range(count):
        failed(PatientFactory(locations=[location]))
    with django_assert_num_queries(1):
        assert len(api(front_desk).get("/api/v1/messages/").json()["results"]) == count
