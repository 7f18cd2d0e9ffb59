"""Taking back a cancellation: checked like a booking, on the same visit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Changed, NotAllowed, NotFound
from messaging.models import Message, SignedLink
from scheduling import errors
from scheduling.models import Appointment
from scheduling.services import add_time_off, cancel_appointment, mark_arrived, move_appointment, restore_appointment
from tests.factories import UserFactory
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db

FACTS = ("starts_at", "ends_at", "room_id", "status", "cancelled_at", "cancel_reason", "version")


def snapshot(appointment):
    return Appointment.objects.values_list(*FACTS).get(pk=appointment.pk)


def cancelled(desk, starts_at=None, **changes):
    visit = desk.book(starts_at, **changes)
    return cancel_appointment(appointment=visit, reason="patient_asked", by=desk.front_desk)


def restore(desk, appointment, **changes):
    return restore_appointment(appointment=appointment, **{"by": desk.front_desk, **changes})


def assert_still_cancelled(appointment, before):
    assert snapshot(appointment) == before
    assert not AuditEvent.objects.filter(action="appointment.restored").exists()


def test_is_the_same_visit_again_one_version_later(desk):
    visit = cancelled(desk, at(9), room=desk.new_room())
    room = visit.room

    restored = restore(desk, visit)

    row = Appointment.objects.get()
    assert (row.pk, restored.pk) == (visit.pk, visit.pk)
    assert (row.starts_at, row.ends_at, row.room) == (at(9), at(9, 50), room)
    assert (row.status, row.cancelled_at, row.cancel_reason, row.version) == ("booked", None, "", 3)
    assert restored.version == 3
    assert AuditEvent.objects.filter(action="appointment.restored").count() == 1


def test_keeps_the_length_it_had(desk):
    visit = desk.book(at(9))
    move_appointment(appointment=visit, minutes=30, by=desk.front_desk)
    cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert restore(desk, visit).ends_at == at(9, 30)


def test_tells_the_patient_with_a_new_link_and_withdraws_the_cancellation(desk):
    visit = cancelled(desk, at(9))
    assert not SignedLink.objects.working().exists()

    restore(desk, visit)

    told = list(Message.objects.order_by("pk").values_list("template", "state"))
    assert told == [
        ("appointment_booked", "superseded"),
        ("appointment_cancelled", "superseded"),
        ("appointment_booked", "queued"),
    ]
    assert SignedLink.objects.working().get().target_id == visit.public_id


def test_without_notice_nobody_is_told(desk):
    visit = cancelled(desk, at(9))
    restore(desk, visit, notify=False)
    assert not Message.objects.filter(state="queued").exists()
    assert not SignedLink.objects.working().exists()


def test_twice_is_one_restoring(desk):
    visit = cancelled(desk, at(9))
    restore(desk, visit)
    assert restore(desk, visit).version == 3
    assert AuditEvent.objects.filter(action="appointment.restored").count() == 1


def test_a_time_given_to_somebody_else_is_not_taken_back(desk):
    visit = cancelled(desk, at(9))
    desk.new_room()
    desk.book(at(9, 30), patient=desk.new_patient())
    before = snapshot(visit)

    with pytest.raises(errors.SlotTaken) as refusal:
        restore(desk, visit)

    assert len(refusal.value.facts["alternatives"]) == 3
    assert_still_cancelled(visit, before)


def test_the_patient_may_have_another_visit_by_now(desk):
    visit = cancelled(desk, at(9))
    desk.new_room()
    desk.book(at(9), therapist=desk.new_therapist())
    before = snapshot(visit)
    with pytest.raises(errors.PatientTaken):
        restore(desk, visit)
    assert_still_cancelled(visit, before)


def test_takes_another_room_when_its_own_is_taken(desk):
    visit = cancelled(desk, at(9))
    second = desk.new_room()
    desk.book(at(9), patient=desk.new_patient(), therapist=desk.new_therapist(), room=desk.room)
    assert restore(desk, visit).room == second


def test_no_room_is_left(desk):
    visit = cancelled(desk, at(9))
    desk.book(at(9), patient=desk.new_patient(), therapist=desk.new_therapist())
    before = snapshot(visit)
    with pytest.raises(errors.NoRoomFree):
        restore(desk, visit)
    assert_still_cancelled(visit, before)


def test_the_rules_of_a_booking_hold_again(desk):
    visit = cancelled(desk, at(9))
    before = snapshot(visit)
    add_time_off(therapist=desk.therapist, location=desk.location, starts_at=at(8), ends_at=at(18), by=desk.admin)
    with pytest.raises(errors.TherapistAway):
        restore(desk, visit)
    desk.service.for_unscreened_patients = False
    desk.service.save()
    visit.refresh_from_db()
    with pytest.raises(errors.ScreeningBlocks):
        restore(desk, visit)
    assert_still_cancelled(visit, before)


def test_a_time_that_has_passed_is_not_taken_back(desk):
    visit = cancelled(desk, at(9))
    past = timezone.now() - timedelta(days=1)
    length = {"ends_at": past + timedelta(minutes=50), "busy_until": past + timedelta(minutes=50)}
    Appointment.objects.update(starts_at=past, busy_from=past, **length)
    visit.refresh_from_db()
    before = snapshot(visit)
    with pytest.raises(errors.SlotInThePast):
        restore(desk, visit)
    assert_still_cancelled(visit, before)


def test_what_was_not_cancelled_cannot_be_restored(desk):
    visit = mark_arrived(appointment=desk.book(at(9)), by=desk.front_desk)
    before = snapshot(visit)
    with pytest.raises(errors.IllegalTransition) as refusal:
        restore(desk, visit)
    assert refusal.value.facts == {"status": "arrived", "allowed": ["in_session", "cancelled"]}
    assert_still_cancelled(visit, before)


def test_another_version_is_refused(desk):
    visit = cancelled(desk, at(9))
    before = snapshot(visit)
    with pytest.raises(Changed):
        restore(desk, visit, expected_version=1)
    assert_still_cancelled(visit, before)


def test_strangers_and_those_who_do_not_book_are_refused(desk, stranger):
    visit = cancelled(desk, at(9))
    before = snapshot(visit)
    with pytest.raises(NotFound):
        restore(desk, visit, by=stranger)
    with pytest.raises(NotAllowed):
        restore(desk, visit, by=UserFactory(roles=["auditor"], locations=[desk.location]))
    elsewhere = make_desk()
    desk.patient.locations.add(elsewhere.location)
    with pytest.raises(errors.NotYourLocation):
        restore(desk, visit, by=elsewhere.front_desk)
    assert_still_cancelled(visit, before)
