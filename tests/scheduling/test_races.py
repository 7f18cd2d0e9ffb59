"""Two or twenty people at once. Real threads, real connections, a real database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.db.models import F

from audit.models import AuditEvent
from clinic.core.errors import ClinicError
from messaging.models import Message
from scheduling import errors, reminders, services
from scheduling.models import Appointment, SlotHold
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(acts):
    """Run the acts in a thread each, started together. What each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(10)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def overlaps():
    """Pairs of visits that hold the same therapist, room or patient at once, found by plain SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b ON a.id < b.id
               WHERE a.status NOT IN ('cancelled', 'no_show') AND b.status NOT IN ('cancelled', 'no_show')
                 AND NOT a.overlaps_on_purpose AND NOT b.overlaps_on_purpose
                 AND ((a.therapist_id = b.therapist_id OR a.room_id = b.room_id)
                      AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until
                   OR a.patient_id = b.patient_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at)"""
        )
        return cursor.fetchone()[0]


def split(outcomes):
    won = [outcome for outcome in outcomes if isinstance(outcome, Appointment)]
    lost = [outcome for outcome in outcomes if not isinstance(outcome, Appointment)]
    assert all(isinstance(outcome, ClinicError) for outcome in lost), lost
    return won, lost


@pytest.mark.parametrize(("clash", "refusal"), [
    ("therapist", errors.SlotTaken), ("room", errors.RoomTaken), ("patient", errors.PatientTaken),
])  # fmt: skip
def test_of_two_bookers_one_wins_and_the_other_hears_what_is_taken(clash, refusal):
    desk = make_desk()
    rooms = [desk.room, desk.new_room()]
    therapists = [desk.therapist, desk.new_therapist()]
    patients = [desk.patient, desk.new_patient()]

    def booker(number):
        own = {
            "therapist": therapists[0 if clash == "therapist" else number],
            "room": rooms[0 if clash == "room" else number],
            "patient": patients[0 if clash == "patient" else number],
        }
        return lambda: desk.book(at(9) + timedelta(minutes=number), **own)

    won, lost = split(all_at_once([booker(0), booker(1)]))

    assert (len(won), [type(error) for error in lost]) == (1, [refusal])
    assert len(lost[0].facts["alternatives"]) == 3
    assert overlaps() == 0


def test_of_twenty_bookers_of_one_slot_exactly_one_wins():
    desk = make_desk()
    for _ in range(3):
        desk.new_room()
    patients = [desk.new_patient() for _ in range(20)]

    won, lost = split(all_at_once([lambda patient=patient: desk.book(at(9), patient=patient) for patient in patients]))

    assert len(won) == 1
    assert {type(error) for error in lost} == {errors.SlotTaken}
    assert Appointment.objects.count() == 1
    assert AuditEvent.objects.filter(action="appointment.booked").count() == 1
    assert Message.objects.count() == 1


def test_twenty_overlapping_bookings_of_anything_leave_no_overlap_and_no_server_error():
    desk = make_desk()
    rooms = [desk.room, desk.new_room()]
    therapists = [desk.therapist, desk.new_therapist(), desk.new_therapist()]
    patients = [desk.patient, *[desk.new_patient() for _ in range(4)]]

    def booker(number):
        asked = {
            "therapist": therapists[number % 3],
            "patient": patients[number % 5],
            "room": [None, *rooms][number % 3],
        }
        return lambda: desk.book(at(9) + timedelta(minutes=number), **asked)

    won, _ = split(all_at_once([booker(number) for number in range(20)]))

    assert 1 <= len(won) <= 2
    assert overlaps() == 0


def test_as_many_therapists_as_rooms_all_find_one():
    desk = make_desk()
    therapists = [desk.therapist, *[desk.new_therapist() for _ in range(3)]]
    for _ in range(3):
        desk.new_room()
    patients = [desk.new_patient() for _ in range(4)]

    won, lost = split(
        all_at_once(
            [lambda one=one, other=other: desk.book(at(9), therapist=one, patient=other)
             for one, other in zip(therapists, patients, strict=True)]
        )
    )  # fmt: skip

    assert (len(won), lost) == (4, [])
    assert len({visit.room_id for visit in won}) == 4


def test_moving_onto_one_slot_and_booking_it_has_one_winner():
    desk = make_desk()
    for _ in range(3):
        desk.new_room()
    movers = [desk.book(at(10 + hour), patient=desk.new_patient()) for hour in range(4)]
    newcomers = [desk.new_patient() for _ in range(4)]

    acts = [
        lambda visit=visit: services.move_appointment(appointment=visit, starts_at=at(9), by=desk.front_desk)
        for visit in movers
    ] + [lambda patient=patient: desk.book(at(9), patient=patient) for patient in newcomers]
    won, lost = split(all_at_once(acts))

    assert len(won) == 1
    assert {type(error) for error in lost} == {errors.SlotTaken}
    assert Appointment.objects.filter(starts_at=at(9)).count() == 1
    assert overlaps() == 0


def test_two_visits_that_swap_places_never_end_in_a_server_error():
    desk = make_desk()
    one, other = desk.book(at(9), patient=desk.new_patient()), desk.book(at(11), patient=desk.new_patient())

    outcomes = all_at_once([
        lambda: services.move_appointment(appointment=one, starts_at=at(11), by=desk.front_desk),
        lambda: services.move_appointment(appointment=other, starts_at=at(9), by=desk.front_desk),
    ])  # fmt: skip

    _, lost = split(outcomes)
    assert {type(error) for error in lost} <= {errors.SlotTaken, errors.TryAgain}
    assert overlaps() == 0


def test_taking_back_a_cancellation_and_booking_its_time_has_one_winner():
    desk = make_desk()
    visits = []
    for _ in range(2):
        visits.append(desk.book(at(9), patient=desk.new_patient(), notify=False))
        services.cancel_appointment(appointment=visits[-1], reason="clinic", by=desk.front_desk)
    desk.new_room()
    newcomers = [desk.new_patient() for _ in range(4)]

    acts = [
        lambda visit=visit: services.restore_appointment(appointment=visit, by=desk.front_desk) for visit in visits
    ] + [lambda patient=patient: desk.book(at(9), patient=patient) for patient in newcomers]
    won, lost = split(all_at_once(acts))

    assert len(won) == 1
    assert {type(error) for error in lost} == {errors.SlotTaken}
    assert overlaps() == 0


def hold(desk, starts_at=None, **changes):
    asked = {"therapist": desk.therapist, "service": desk.service, "location": desk.location,
             "starts_at": starts_at or at(9), "by": desk.front_desk, **changes}  # fmt: skip
    return services.hold_slot(**asked)


def test_of_those_who_hold_or_book_one_slot_exactly_one_wins():
    desk = make_desk()
    desk.new_room()
    patients = [desk.new_patient() for _ in range(6)]

    acts = [lambda: hold(desk) for _ in range(6)]
    acts += [lambda patient=patient: desk.book(at(9), patient=patient) for patient in patients]
    won, lost = split(all_at_once(acts))

    assert len(won) == 1
    assert {type(error) for error in lost} == {errors.SlotTaken}
    assert Appointment.objects.count() == 1


def test_a_hold_that_lapses_gives_its_slot_to_exactly_one():
    """Every claimant wants to remove the same lapsed holds: of the therapist, of the rooms."""
    desk = make_desk()
    rooms = [desk.room, desk.new_room()]
    therapists = [desk.therapist, desk.new_therapist()]
    for therapist, room in zip(therapists, rooms, strict=True):
        hold(desk, therapist=therapist, room=room)
    SlotHold.objects.update(held_until=F("created_at"))
    patients = [desk.new_patient() for _ in range(8)]

    acts = [
        lambda number=number, patient=patient: desk.book(
            at(9), patient=patient, therapist=therapists[number % 2], room=rooms[(number // 2) % 2]
        )
        for number, patient in enumerate(patients)
    ]
    won, lost = split(all_at_once(acts))

    assert 1 <= len(won) <= 2
    assert {type(error) for error in lost} <= {errors.SlotTaken, errors.RoomTaken}
    assert not SlotHold.objects.filter(status="held").exists()
    assert overlaps() == 0


def test_a_hold_is_booked_once_by_ten_identical_requests():
    desk = make_desk()
    held = hold(desk)
    rows = [SlotHold.objects.get(pk=held.pk) for _ in range(10)]

    won, lost = split(
        all_at_once(
            [lambda row=row: services.book_held(hold=row, patient=desk.patient, by=desk.front_desk) for row in rows]
        )
    )

    assert (len(won), lost) == (10, [])
    assert {visit.pk for visit in won} == {held.pk}
    assert AuditEvent.objects.filter(action="appointment.booked").count() == 1
    assert Message.objects.count() == 1


def test_booking_a_hold_while_it_is_let_go_ends_booked():
    desk = make_desk()
    held = hold(desk)
    outcomes = all_at_once([
        lambda: services.book_held(hold=held, patient=desk.patient, by=desk.front_desk),
        lambda: services.release_hold(hold=SlotHold.objects.get(pk=held.pk), by=desk.front_desk),
    ])  # fmt: skip
    assert not isinstance(outcomes[0], Exception), outcomes[0]
    assert Appointment.objects.get().status == "booked"


def test_an_overlap_on_purpose_and_a_booking_beside_it_see_each_other():
    """Whichever comes second: the booking is refused, or the overlap is marked because the booking was there."""
    desk = make_desk()
    desk.new_room()
    desk.new_room()
    first, second = desk.new_patient(), desk.new_patient()
    booked, shared = all_at_once([
        lambda: desk.book(at(9), patient=first),
        lambda: desk.book(at(9), patient=second, by=desk.admin, overlap_reason="Sisters"),
    ])  # fmt: skip
    if isinstance(booked, Appointment):
        assert shared.overlaps_on_purpose is True
    else:
        assert type(booked) is errors.SlotTaken
        assert shared.overlaps_on_purpose is False


def test_cancelling_and_booking_the_same_slot_keeps_it_single():
    desk = make_desk()
    held = desk.book(at(9))
    patients = [desk.new_patient() for _ in range(6)]

    acts = [lambda: services.cancel_appointment(appointment=held, reason="clinic", by=desk.front_desk)]
    acts += [lambda patient=patient: desk.book(at(9), patient=patient) for patient in patients]
    outcomes = all_at_once(acts)

    split(outcomes)
    assert Appointment.objects.exclude(status="cancelled").count() <= 1
    assert overlaps() == 0


@pytest.mark.parametrize("act", ["confirm", "cancel", "arrive", "no_show", "restore"])
def test_ten_identical_acts_have_one_effect(act):
    desk = make_desk()
    visit = desk.book(at(9), notify=act == "cancel")
    if act == "restore":
        services.cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk, notify=False)
    before = Appointment.objects.get().version
    do = {
        "confirm": lambda row: services.confirm_appointment(appointment=row, by=desk.front_desk),
        "cancel": lambda row: services.cancel_appointment(appointment=row, reason="clinic", by=desk.front_desk),
        "arrive": lambda row: services.mark_arrived(appointment=row, by=desk.front_desk),
        "no_show": lambda row: services.mark_no_show(appointment=row, by=desk.front_desk, at=at(10)),
        "restore": lambda row: services.restore_appointment(appointment=row, by=desk.front_desk, notify=False),
    }[act]
    rows = [Appointment.objects.get(pk=visit.pk) for _ in range(10)]

    won, lost = split(all_at_once([lambda row=row: do(row) for row in rows]))

    assert (len(won), lost) == (10, [])
    assert Appointment.objects.get().version == before + 1
    done = AuditEvent.objects.filter(action__startswith="appointment.").exclude(action="appointment.booked")
    assert done.count() == before
    assert Message.objects.filter(template="appointment_cancelled").count() == (1 if act == "cancel" else 0)


def test_confirming_while_cancelling_ends_cancelled_or_refuses():
    desk = make_desk()
    visit = desk.book(at(9))
    rows = [Appointment.objects.get(pk=visit.pk) for _ in range(2)]

    outcomes = all_at_once([
        lambda: services.confirm_appointment(appointment=rows[0], by=desk.front_desk),
        lambda: services.cancel_appointment(appointment=rows[1], reason="clinic", by=desk.front_desk),
    ])  # fmt: skip

    _, lost = split(outcomes)
    assert Appointment.objects.get().status == "cancelled"
    assert {type(error) for error in lost} <= {errors.IllegalTransition}


def test_two_late_arrivals_for_one_slot_have_one_winner():
    desk = make_desk()
    first = desk.book(at(9), patient=desk.new_patient())
    services.mark_no_show(appointment=first, by=desk.front_desk, at=at(10))
    second = desk.book(at(9), patient=desk.new_patient())
    services.mark_no_show(appointment=second, by=desk.front_desk, at=at(10))

    won, lost = split(
        all_at_once(
            [lambda row=row: services.mark_arrived(appointment=row, by=desk.front_desk) for row in (first, second)]
        )
    )

    assert (len(won), [type(error) for error in lost]) == (1, [errors.SlotTaken])
    assert overlaps() == 0


def test_two_reminder_runs_at_once_promise_one_reminder():
    desk = make_desk()
    desk.book(at(9), notify=False)
    Appointment.objects.update(agreed_at=F("starts_at") - timedelta(days=9))

    outcomes = all_at_once([lambda: reminders.queue_due(now=at(9) - timedelta(hours=23)) for _ in range(2)])

    assert sorted(outcomes) == [0, 1]
    assert Message.objects.filter(template="appointment_reminder").count() == 1


def test_time_off_and_a_booking_inside_it_do_not_both_pass_unseen():
    """Whichever comes second sees the first: the booking is refused, or it stands and was there before."""
    desk = make_desk()
    patient = desk.new_patient()

    booked, added = all_at_once([
        lambda: desk.book(at(9), patient=patient),
        lambda: services.add_time_off(
            therapist=desk.therapist, location=desk.location, starts_at=at(8), ends_at=at(12), by=desk.admin
        ),
    ])  # fmt: skip

    assert added.pk
    if isinstance(booked, Appointment):
        assert booked.created_at <= added.created_at
    else:
        assert type(booked) is errors.TherapistAway
