"""Making older promises and links void."""

from datetime import timedelta

import pytest
from django.db import transaction

from audit.models import AuditEvent
from messaging import links, services
from messaging.delivery import deliver
from messaging.errors import LinkDead
from messaging.models import LocalDelivery, Message
from tests.messaging.factories import a_link, promise, token_of


def test_it_bumps_the_version_and_keeps_it_live(db):
    services.subject(key="appointment:7")
    row = services.supersede(key="appointment:7")
    assert (row.version, row.is_live) == (2, True)
    assert services.supersede(key="appointment:7", is_live=False).is_live is False


def test_waiting_messages_of_older_versions_are_withdrawn_and_say_when(db):
    subject = services.subject(key="appointment:7")
    old = promise(subject=subject)
    before = old.updated_at
    services.supersede(key="appointment:7")
    old.refresh_from_db()
    assert (old.state, old.state_reason) == ("superseded", "changed")
    assert old.updated_at > before
    event = AuditEvent.objects.get(action="message.withdrawn")
    assert event.subject_id == str(old.public_id)


@pytest.mark.parametrize("state", ["sending", "failed", "unknown", "dead", "suppressed"])
def test_messages_that_are_no_longer_waiting_are_left_alone(db, state):
    subject = services.subject(key="appointment:7")
    message = promise(subject=subject)
    Message.objects.filter(pk=message.pk).update(state=state)
    services.supersede(key="appointment:7")
    assert Message.objects.get().state == state


def test_another_subject_is_left_alone(db):
    other = promise()
    services.subject(key="appointment:7")
    services.supersede(key="appointment:7")
    other.refresh_from_db()
    assert other.state == "queued"


def test_links_of_older_versions_die_and_new_ones_live(db):
    subject = services.subject(key="appointment:7")
    old = a_link(subject=subject)
    new = a_link(subject=services.supersede(key="appointment:7"))
    old.refresh_from_db()
    assert old.revoked_at is not None
    with pytest.raises(LinkDead):
        links.open_link(token_of(old))
    assert links.open_link(token_of(new)) == new


def test_a_refused_act_of_the_floor_above_withdraws_nothing(db):
    subject = services.subject(key="appointment:7")
    promise(subject=subject)
    with transaction.atomic():
        services.supersede(key="appointment:7")
        transaction.set_rollback(True)
    assert Message.objects.get().state == "queued"
    assert services.subject(key="appointment:7").version == 1


def test_a_moved_visit_is_told_once_for_the_new_time(db):
    subject = services.subject(key="appointment:7")
    old = promise(subject=subject, template="appointment_reminder", offset="24h")
    new = promise(
        subject=services.supersede(key="appointment:7"),
        patient=old.patient,
        template="appointment_reminder",
        offset="24h",
        context=old.context | {"starts_at": "2026-12-08T15:30:00+00:00"},
    )
    deliver(old.public_id)
    deliver(new.public_id)
    delivery = LocalDelivery.objects.get()
    assert delivery.idempotency_key.endswith(":v2")
    assert "December 8" in delivery.body


def test_a_stale_promise_made_after_the_move_is_not_sent(db):
    stale = services.subject(key="appointment:7")
    services.supersede(key="appointment:7")
    message = promise(subject=stale)
    deliver(message.public_id)
    message.refresh_from_db()
    assert (message.state, message.state_reason) == ("superseded", "changed")
    assert not LocalDelivery.objects.exists()


def test_a_cancelled_visit_is_announced_but_not_reminded(db):
    ended = services.supersede(key="appointment:7", is_live=False)
    notice = promise(subject=ended, template="appointment_cancelled")
    reminder = promise(subject=ended, template="appointment_reminder")
    deliver(notice.public_id)
    deliver(reminder.public_id)
    notice.refresh_from_db()
    reminder.refresh_from_db()
    assert notice.state == "sent"
    assert (reminder.state, reminder.state_reason) == ("superseded", "ended")


def test_revoking_links_of_a_thing_counts_them_and_leaves_others(db):
    mine, other = a_link(), a_link()
    by = mine
    assert services.revoke_links(target_id=mine.target_id, purpose="visit", by=by) == 1
    assert services.revoke_links(target_id=mine.target_id, purpose="visit", by=by) == 0
    assert services.revoke_links(target_id=other.target_id, purpose="survey", by=by) == 0
    assert links.open_link(token_of(other)) == other
    with pytest.raises(LinkDead):
        links.open_link(token_of(mine))
    event = AuditEvent.objects.get(action="link.revoked")
    assert (event.actor_kind, event.facts["target_id"]) == ("link", str(mine.target_id))


def test_issuing_a_link_is_audited_without_its_token(db):
    link = a_link(expires_at=promise().expires_at + timedelta(days=1))
    event = AuditEvent.objects.get(action="link.issued")
    assert event.facts == {"purpose": "visit", "target_id": str(link.target_id)}
