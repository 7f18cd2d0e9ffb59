"""The ledger and the outbox: what staff see of messages."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging import delivery, ledger, reach
from messaging.catalogue import _TEMPLATES
from messaging.delivery import deliver
from messaging.models import LocalDelivery, Message, MessageState
from tests.factories import PatientFactory
from tests.messaging.factories import a_link, promise, token_of

LEDGER = "messaging:ledger"


@pytest.fixture
def patient(location, therapist):
    return PatientFactory(given_name="Ana", family_name="Kos", locations=[location], care_team=[therapist])


def in_state(message, state, reason="", **more):
    Message.objects.filter(pk=message.pk).update(state=state, state_reason=reason, sent_at=timezone.now(), **more)


@pytest.mark.parametrize("role", ["front_desk", "admin", "therapist", "auditor"])
def test_whoever_may_know_reads_who_was_told_what(request, page_of, patient, role):
    promise(patient)
    answer = page_of(request.getfixturevalue(role)).get(reverse(LEDGER))
    assert answer.status_code == 200
    text = answer.content.decode()
    for words in ("Ana Kos", "Visit booked", "Waiting", "Mon 7 Dec 2026, 10:30", "(New York time)"):
        assert words in text


def test_a_stranger_sees_nothing_of_it(page_of, stranger, patient):
    promise(patient)
    answer = page_of(stranger).get(reverse(LEDGER))
    assert answer.context["lines"] == []
    assert "Kos" not in answer.content.decode()


def test_a_therapist_sees_messages_of_patients_in_care_only(page_of, therapist, patient, location):
    mine = promise(patient)
    promise(PatientFactory(locations=[location]))
    answer = page_of(therapist).get(reverse(LEDGER))
    assert [line.message for line in answer.context["lines"]] == [mine]


@pytest.mark.parametrize("name", [LEDGER, "messaging:outbox"])
def test_visitors_are_sent_to_sign_in(client, db, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("staff:sign-in"))


def test_neither_link_nor_address_is_shown(page_of, front_desk, patient):
    link = a_link(patient)
    promise(patient, link=link)
    text = page_of(front_desk).get(reverse(LEDGER)).content.decode()
    assert token_of(link) not in text
    assert patient.email not in text


def test_every_state_and_reason_has_words():
    assert set(ledger._LOOKS) == set(MessageState.values)
    assert set(MessageState.values) <= set(ledger.STATE_FILTERS)
    assert set(ledger._TEMPLATE_NAMES) == set(_TEMPLATES)
    source = Path(delivery.__file__).read_text() + Path(reach.__file__).read_text()
    for reason in ledger._REASONS:
        assert reason.removesuffix("_refused") in source or reason == "surveys_refused", f"nobody gives {reason}"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (("suppressed", "channel_none"), "The patient wants no messages."),
        (("suppressed", "no_sms_provider"), "Text messages cannot be sent yet"),
        (("unknown", "no_answer"), "ask before sending it again"),
        (("dead", "tries_used_up"), "in eight tries"),
        (("sent", "email_instead_of_sms"), "By e-mail: text messages cannot be sent yet."),
    ],
)
def test_the_reason_is_told_in_words(page_of, front_desk, patient, outcome, words):
    state, reason = outcome
    in_state(promise(patient), state, reason)
    assert words in page_of(front_desk).get(reverse(LEDGER)).content.decode()


def test_a_locked_link_is_shown_to_the_desk(page_of, front_desk, patient):
    link = a_link(patient, purpose="intake")
    promise(patient, template="intake_request", context={}, link=link)
    link.failed_tries = 5
    link.save()
    text = page_of(front_desk).get(reverse(LEDGER)).content.decode()
    assert "Link closed after five wrong birth dates. Call the patient." in text


@pytest.mark.parametrize(
    ("chosen", "states"),
    [
        ("", ["sent", "queued", "failed", "suppressed"]),
        ("attention", ["failed", "suppressed"]),
        ("sent", ["sent"]),
        ("dead", []),
        ("nonsense", ["sent", "queued", "failed", "suppressed"]),
    ],
)
def test_it_filters_by_state(page_of, front_desk, patient, chosen, states):
    for state in ["sent", "queued", "failed", "suppressed"]:
        in_state(promise(patient), state)
    answer = page_of(front_desk).get(reverse(LEDGER), {"state": chosen})
    assert sorted(line.message.state for line in answer.context["lines"]) == sorted(states)


def test_it_filters_by_patient(page_of, front_desk, patient, location):
    mine = promise(patient)
    promise(PatientFactory(locations=[location]))
    answer = page_of(front_desk).get(reverse(LEDGER), {"patient": str(patient.public_id)})
    assert [line.message for line in answer.context["lines"]] == [mine]


def test_it_pages_by_key_newest_first(page_of, front_desk, patient):
    promised = [promise(patient) for _ in range(30)]
    reader = page_of(front_desk)
    first = reader.get(reverse(LEDGER))
    second = reader.get(first.context["page"]["next"])
    seen = [line.message for page in (first, second) for line in page.context["lines"]]
    assert seen == promised[::-1]
    assert second.context["page"]["next"] is None
    assert reader.get(second.context["page"]["previous"]).context["lines"] == first.context["lines"]


@pytest.mark.parametrize("count", [3, 12])
def test_the_ledger_takes_the_same_queries_however_many_rows(
    page_of, front_desk, location, count, django_assert_num_queries
):
    for _ in range(count):
        link = a_link(PatientFactory(locations=[location]))
        message = promise(link.patient, link=link)
        in_state(message, "failed")
    reader = page_of(front_desk)
    reader.get(reverse(LEDGER))
    with django_assert_num_queries(4):
        reader.get(reverse(LEDGER))


# The outbox


def test_the_outbox_shows_mails_newest_first_with_links_to_press(page_of, front_desk, patient):
    link = a_link(patient)
    for message in (promise(patient), promise(patient, template="appointment_reminder", link=link)):
        deliver(str(message.public_id))
    answer = page_of(front_desk).get(reverse("messaging:outbox"))
    assert [mail.subject_line[:8] for mail in answer.context["rows"]] == ["Reminder", "Your vis"]
    assert f'/l/{token_of(link)}/" rel="nofollow">' in answer.content.decode()


def test_a_mail_cannot_bring_markup_into_the_outbox(page_of, front_desk, patient):
    LocalDelivery.objects.create(
        idempotency_key="k", patient=patient, to="a@b.example", subject_line="<b>x", body="<script>alert(1)</script>"
    )
    text = page_of(front_desk).get(reverse("messaging:outbox")).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>x" not in text


def test_the_outbox_of_another_location_is_empty(page_of, stranger, patient):
    deliver(str(promise(patient).public_id))
    assert list(page_of(stranger).get(reverse("messaging:outbox")).context["rows"]) == []


def test_an_auditor_does_not_read_patients_mail(page_of, auditor, patient):
    deliver(str(promise(patient).public_id))
    answer = page_of(auditor).get(reverse("messaging:outbox"))
    assert answer.status_code == 403
    assert "Kos" not in answer.content.decode()


def test_there_is_no_outbox_where_mail_really_leaves(page_of, front_desk, patient, settings):
    settings.EMAIL_PROVIDER = "smtp"
    reader = page_of(front_desk)
    assert reader.get(reverse("messaging:outbox")).status_code == 404
    assert "Outbox" not in reader.get(reverse(LEDGER)).content.decode()


@pytest.mark.parametrize("count", [3, 12])
def test_the_outbox_takes_the_same_queries_however_many_rows(
    page_of, front_desk, location, count, django_assert_num_queries
):
    for _ in range(count):
        deliver(str(promise(PatientFactory(locations=[location])).public_id))
    reader = page_of(front_desk)
    reader.get(reverse("messaging:outbox"))
    with django_assert_num_queries(4):
        reader.get(reverse("messaging:outbox"))


def test_a_message_due_later_says_when(page_of, front_desk, patient):
    due_at = timezone.now() + timedelta(days=1)
    promise(patient, not_before=due_at, expires_at=due_at + timedelta(days=1))
    line = page_of(front_desk).get(reverse(LEDGER)).context["lines"][0]
    assert line.message.not_before == due_at
