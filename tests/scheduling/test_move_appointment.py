"""Moving: one act on the same visit, checked like a booking, told once."""

from datetime import UTC, timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, NotAllowed, NotFound
from messaging.models import Message, SignedLink, Subject
from scheduling import errors
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, confirm_appointment, mark_arrived, move_appointment
from tests.factories import UserFactory
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db

TIMES = ("starts_at", "ends_at", "busy_from", "busy_until", "therapist_id", "room_id", "status", "version")


def snapshot(appointment):
    return Appointment.objects.values_list(*TIMES).get(pk=appointment.pk)


def move(desk, appointment, starts_at, **changes):
    return move_appointment(appointment=appointment, starts_at=starts_at, **{"by": desk.front_desk, **changes})


def assert_not_moved(appointment, before):
    assert snapshot(appointment) == before
    assert not AuditEvent.objects.filter(action="appointment.moved").exists()
    assert not Message.objects.filter(template="appointment_moved").exists()
    assert Subject.objects.get().version == 1


def test_keeps_its_identity_and_raises_its_version():
    desk = make_desk(duration_minutes=50, buffer_before_minutes=5, buffer_after_minutes=10)
    appointment = desk.book(at(9, 30))

    moved = move(desk, appointment, at(14))

    row = Appointment.objects.get()
    assert (row.pk, row.public_id) == (appointment.pk, appointment.public_id) == (moved.pk, moved.public_id)
    assert (row.starts_at, row.ends_at, row.busy_from, row.busy_until) == (at(14), at(14, 50), at(13, 55), at(15))
    assert (row.version, moved.version) == (2, 2)


def test_is_one_audited_act_that_says_what_was_before(desk):
    appointment = desk.book(at(9))
    move(desk, appointment, at(14))

    event = AuditEvent.objects.get(action="appointment.moved")
    assert event.facts["starts_at"] == at(14).isoformat()
    assert event.facts["before"] == {
        "starts_at": at(9).astimezone(UTC).isoformat(),
        "ends_at": at(9, 50).astimezone(UTC).isoformat(),
        "room_id": str(desk.room.public_id),
    }
    assert not AuditEvent.objects.filter(action="appointment.cancelled").exists()


def test_withdraws_old_messages_kills_old_links_and_tells_the_new_time(desk):
    appointment = desk.book(at(9))
    move(desk, appointment, at(14))

    old, new = Message.objects.order_by("pk")
    assert (old.template, old.state, old.subject_version) == ("appointment_booked", "superseded", 1)
    assert (new.template, new.state, new.subject_version) == ("appointment_moved", "queued", 2)
    assert new.context["starts_at"] == at(14).isoformat()
    assert list(SignedLink.objects.working()) == [new.link]


def test_without_notice_the_old_promise_is_still_withdrawn(desk):
    move(desk, desk.book(at(9)), at(14), notify=False)

    assert list(Message.objects.values_list("template", "state")) == [("appointment_booked", "superseded")]
    assert not SignedLink.objects.working().exists()


def test_a_confirmed_visit_has_to_be_confirmed_again(desk):
    appointment = confirm_appointment(appointment=desk.book(at(9)), by=desk.front_desk)

    moved = move(desk, appointment, at(14))

    moved.refresh_from_db()
    assert (moved.status, moved.confirmed_at) == ("booked", None)
    assert moved.version == 3


def test_another_room_at_the_same_time_is_no_news_for_the_patient(desk):
    appointment = confirm_appointment(appointment=desk.book(at(9)), by=desk.front_desk)
    other = desk.new_room()

    moved = move(desk, appointment, at(9), room=other)

    moved.refresh_from_db()
    assert (moved.room, moved.status, moved.version) == (other, "confirmed", 3)
    assert Message.objects.count() == 1
    assert Subject.objects.get().version == 1


def test_may_overlap_itself(desk):
    appointment = desk.book(at(9))
    assert move(desk, appointment, at(9, 15)).starts_at == at(9, 15)


def test_keeps_its_room_when_that_is_free(desk):
    second = desk.new_room()
    appointment = desk.book(at(9), room=second)
    assert move(desk, appointment, at(14)).room == second


def test_takes_another_room_when_its_own_is_taken(desk):
    second = desk.new_room()
    appointment = desk.book(at(9))
    desk.book(at(14), patient=desk.new_patient(), therapist=desk.new_therapist(), room=desk.room)
    assert move(desk, appointment, at(14)).room == second


def test_to_another_therapist_joins_that_care_team(desk):
    colleague = desk.new_therapist()
    moved = move(desk, desk.book(at(9)), at(14), therapist=colleague)
    assert moved.therapist == colleague
    assert set(desk.patient.care_team.values_list("therapist", flat=True)) == {desk.therapist.pk, colleague.pk}


def test_to_where_it_already_is_changes_nothing(desk):
    appointment = desk.book(at(9))
    before = snapshot(appointment)

    assert move(desk, appointment, at(9)).version == 1
    assert_not_moved(appointment, before)


@pytest.mark.parametrize(
    ("hour", "refusal"),
    [(9, errors.SlotTaken), (8, errors.OutsideWorkingHours)],
)
def test_a_refused_move_leaves_everything_as_it_was(desk, hour, refusal):
    desk.new_room()
    appointment = desk.book(at(14))
    desk.book(at(9), patient=desk.new_patient(), by=desk.admin, notify=False)
    before = snapshot(appointment)

    with pytest.raises(refusal):
        move(desk, appointment, at(hour))

    assert_not_moved(appointment, before)


def test_names_which_of_the_three_is_taken(desk):
    appointment = desk.book(at(14))
    other_patient, colleague, second = desk.new_patient(), desk.new_therapist(), desk.new_room()
    desk.book(at(9), patient=other_patient, therapist=colleague, notify=False)
    with pytest.raises(errors.RoomTaken):
        move(desk, appointment, at(9), room=desk.room)
    desk.book(at(11), therapist=colleague, notify=False)
    with pytest.raises(errors.PatientTaken):
        move(desk, appointment, at(11), room=second)
    assert snapshot(appointment)[0] == at(14)


def test_a_clash_offers_times_that_count_the_visit_itself_as_free(desk):
    appointment = desk.book(at(10))
    desk.book(at(9), patient=desk.new_patient(), notify=False)

    with pytest.raises(errors.SlotTaken) as refusal:
        move(desk, appointment, at(9))

    offered = [entry["starts_at"] for entry in refusal.value.facts["alternatives"]]
    assert offered == [start.astimezone(UTC).isoformat() for start in (at(10), at(10, 15), at(10, 30))]


def test_the_past_is_refused(desk):
    appointment = desk.book(at(14))
    with pytest.raises(errors.SlotInThePast):
        move(desk, appointment, at(9) - timedelta(days=42))
    assert_not_moved(appointment, snapshot(appointment))


def test_if_match_of_another_version_is_refused(desk):
    appointment = desk.book(at(9))
    before = snapshot(appointment)

    with pytest.raises(Changed) as refusal:
        move(desk, appointment, at(14), expected_version=7)

    assert refusal.value.facts == {"current_version": 1}
    assert_not_moved(appointment, before)


def test_what_is_over_or_under_way_is_not_moved(desk):
    arrived = mark_arrived(appointment=desk.book(at(9)), by=desk.front_desk)
    cancelled = cancel_appointment(
        appointment=desk.book(at(11), notify=False), reason="clinic", by=desk.front_desk, notify=False
    )
    for appointment, allowed in ((arrived, ["in_session", "cancelled"]), (cancelled, ["booked"])):
        before = snapshot(appointment)
        with pytest.raises(errors.IllegalTransition) as refusal:
            move(desk, appointment, at(14))
        assert refusal.value.facts == {"status": appointment.status, "allowed": allowed}
        assert snapshot(appointment) == before


def test_a_hidden_visit_does_not_exist(desk, stranger):
    appointment = desk.book(at(9))
    before = snapshot(appointment)
    with pytest.raises(NotFound):
        move(desk, appointment, at(14), by=stranger)
    with pytest.raises(NotAllowed):
        move(desk, appointment, at(14), by=UserFactory(roles=["auditor"], locations=[desk.location]))
    assert_not_moved(appointment, before)


def test_a_visit_at_a_location_one_does_not_work_at_is_not_ones_to_move(desk):
    appointment = desk.book(at(9))
    elsewhere = make_desk()
    desk.patient.locations.add(elsewhere.location)
    with pytest.raises(errors.NotYourLocation):
        move(desk, appointment, at(14), by=elsewhere.front_desk)
    assert snapshot(appointment)[0] == at(9)


def test_gives_it_another_length_and_keeps_it_with_later_moves():
    desk = make_desk(duration_minutes=50, buffer_before_minutes=5, buffer_after_minutes=10)
    appointment = confirm_appointment(appointment=desk.book(at(9, 30)), by=desk.front_desk)

    move_appointment(appointment=appointment, minutes=80, by=desk.front_desk)

    row = Appointment.objects.get()
    assert (row.starts_at, row.ends_at, row.busy_from, row.busy_until) == (at(9, 30), at(10, 50), at(9, 25), at(11))
    # The patient agreed to when it begins.
    assert (row.status, row.version, Subject.objects.get().version) == ("confirmed", 3, 1)
    assert AuditEvent.objects.get(action="appointment.moved").facts["ends_at"] == at(10, 50).astimezone(UTC).isoformat()

    moved = move(desk, row, at(14))

    assert (moved.ends_at, moved.minutes) == (at(15, 20), 80)


def test_asking_for_the_length_it_has_changes_nothing(desk):
    appointment = desk.book(at(9))
    before = snapshot(appointment)
    move_appointment(appointment=appointment, minutes=50, by=desk.front_desk)
    assert_not_moved(appointment, before)


def test_a_stale_reader_keeps_the_length_somebody_else_gave_it(desk):
    seen_before = desk.book(at(9))
    move_appointment(appointment=Appointment.objects.get(), minutes=30, by=desk.front_desk)
    assert move(desk, seen_before, at(14)).minutes == 30


@pytest.mark.parametrize("minutes", [0, -30, 4, 481])
def test_a_length_no_visit_can_have_is_refused(desk, minutes):
    appointment = desk.book(at(9))
    before = snapshot(appointment)
    with pytest.raises(errors.LengthOutOfBounds) as refusal:
        move_appointment(appointment=appointment, minutes=minutes, by=desk.front_desk)
    assert set(refusal.value.fields) == {"minutes"}
    assert_not_moved(appointment, before)


def test_longer_into_the_next_visit_or_past_the_working_day_is_refused(desk):
    appointment = desk.book(at(15))
    before = snapshot(appointment)
    with pytest.raises(errors.OutsideWorkingHours):
        move_appointment(appointment=appointment, minutes=121, by=desk.front_desk)
    desk.book(at(16), patient=desk.new_patient(), notify=False)
    with pytest.raises(errors.SlotTaken) as refusal:
        move_appointment(appointment=appointment, minutes=61, by=desk.front_desk)
    # What is offered instead holds the longer visit.
    assert all(
        (one["starts_at"], one["ends_at"]) != (at(15).isoformat(), at(15, 50).isoformat())
        for one in refusal.value.facts["alternatives"]
    )
    assert refusal.value.facts["ends_at"] == at(16, 1).astimezone(UTC).isoformat()
    assert_not_moved(appointment, before)
