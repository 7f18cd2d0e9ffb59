"""Stopping messages from within a message: one press, no sign-in, kept as a consent and asked at the next send."""

import re

import pytest
from django.test import Client

from audit.models import AuditEvent
from messaging import optout
from messaging.delivery import deliver
from patients.models import Consent
from tests.factories import PatientFactory
from tests.messaging.factories import a_link, promise

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path_to(message):
    return "/l/" + optout.optout_url(message).split("/l/")[1]


def survey(patient):
    return promise(patient, template="survey_request", context={}, link=a_link(patient, "survey"))


def refusals(patient):
    return list(Consent.objects.filter(patient=patient).values_list("kind", "is_given", "source"))


def test_a_mail_program_stops_all_mail_by_one_post_without_a_cookie(outside):
    message, waiting = promise(), None
    waiting = promise(message.patient)
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(path_to(message), ONE_CLICK)
    assert answer.status_code == 200
    assert refusals(message.patient) == [("email", False, "unsubscribe")]
    deliver(str(waiting.public_id))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.state_reason) == ("suppressed", "email_refused")
    assert outside.calls == []
    event = AuditEvent.objects.get(action="consent.recorded")
    assert (event.actor_kind, event.facts["kind"]) == ("link", "email")


def test_a_follow_up_question_stops_follow_up_questions_only(outside, client):
    patient = PatientFactory()
    asked = survey(patient)
    client.post(path_to(asked), ONE_CLICK)
    assert refusals(patient) == [("surveys", False, "unsubscribe")]
    visit, again = promise(patient), survey(patient)
    for message in (visit, again):
        deliver(str(message.public_id))
        message.refresh_from_db()
    assert (visit.state, again.state) == ("sent", "suppressed")


def test_said_twice_it_is_kept_once_and_a_later_yes_can_be_taken_back(client):
    message = promise()
    for _ in range(2):
        client.post(path_to(message), ONE_CLICK)
    assert len(refusals(message.patient)) == 1
    Consent.objects.create(
        patient=message.patient, kind="email", is_given=True, recorded_at=Consent.objects.get().recorded_at
    )
    client.post(path_to(message), ONE_CLICK)
    assert Consent.objects.standing(message.patient, "email") is False


def test_opening_the_page_changes_nothing_and_names_nobody(client):
    message = promise(PatientFactory(given_name="Xiomara"))
    page = client.get(path_to(message))
    assert page.status_code == 200
    assert "Stop these e-mails" in page.content.decode()
    assert "Xiomara" not in page.content.decode()
    assert not Consent.objects.exists()


def test_the_page_speaks_the_patients_language(client):
    message = promise(PatientFactory(language="es"))
    assert "Dejar de recibir estos correos" in client.get(path_to(message)).content.decode()
    assert "Ya no le enviaremos correos" in client.post(path_to(message)).content.decode()


@pytest.mark.parametrize("harm", ["x", "", ":x"])
def test_a_token_that_is_not_ours_changes_nothing(client, harm):
    message = promise()
    path = path_to(message).rstrip("/")
    broken = f"{path[:-5]}{harm}/" if harm != "x" else "/l/stop/x/"
    answer = client.post(broken, ONE_CLICK)
    assert answer.status_code in (404, 410)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Stop these e-mails: "), ("es", "Dejar de recibir estos correos: ")]
)
def test_every_mail_ends_with_the_way_out(outside, language, words):
    message = promise(PatientFactory(language=language))
    deliver(str(message.public_id))
    assert outside.calls[0].body.endswith(f"{words}{optout.optout_url(message)}\n")
    assert outside.calls[0].optout_url == optout.optout_url(message)
    assert re.search(r"/l/stop/[0-9a-f-]{36}:[\w-]+/$", outside.calls[0].optout_url)
