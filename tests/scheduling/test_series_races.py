"""Series against series, and against single visits, in real threads: one wins whole, nobody meets a deadlock."""

from datetime import time

import pytest

from audit.models import AuditEvent
from messaging.models import Message
from scheduling import errors
from scheduling.models import Appointment, AppointmentSeries
from scheduling.series_changes import Change
from scheduling.services import Pick, cancel_series, move_appointment, move_series
from tests.scheduling.factories import at, make_desk
from tests.scheduling.test_book_series import book
from tests.scheduling.test_races import all_at_once, overlaps

pytestmark = pytest.mark.django_db(transaction=True)


def split(outcomes, won=AppointmentSeries):
    winners = [one for one in outcomes if isinstance(one, won)]
    return winners, [one for one in outcomes if not isinstance(one, won)]


@pytest.mark.parametrize("round_number", range(3))
def test_of_two_series_onto_the_same_slots_one_wins_whole_and_the_other_is_refused_whole(round_number):
    desk = make_desk()
    patients = [desk.patient, desk.new_patient()]

    won, lost = split(all_at_once([lambda patient=patient: book(desk, patient=patient) for patient in patients]))

    assert (len(won), [type(error) for error in lost]) == (1, [errors.SeriesRefused])
    assert [one["number"] for one in lost[0].facts["dates"]] == [1, 2, 3, 4, 5, 6]
    assert set(Appointment.objects.values_list("series", flat=True)) == {won[0].pk}
    assert Appointment.objects.count() == 6
    assert AuditEvent.objects.filter(action__in=["series.booked", "appointment.booked"]).count() == 7
    assert Message.objects.count() == 1
    assert overlaps() == 0


def test_two_series_that_want_rooms_and_therapists_crosswise_both_succeed_or_are_refused_whole():
    """Each takes the other's therapist and room in the opposite order: without locking them first, a deadlock."""
    desk = make_desk()
    rooms = [desk.room, desk.new_room()]
    people = [desk.therapist, desk.new_therapist()]
    patients = [desk.patient, desk.new_patient()]

    def act(one, other):
        picks = [
            Pick(number, therapist=people[one if number % 2 else other], room=rooms[one if number % 2 else other])
            for number in range(1, 13)
        ]
        return lambda: book(desk, rule="FREQ=WEEKLY;COUNT=12", patient=patients[one], picks=picks)

    won, lost = split(all_at_once([act(0, 1), act(1, 0)]))

    assert (len(won), lost) == (2, [])
    assert Appointment.objects.count() == 24
    assert overlaps() == 0


def test_four_series_and_eight_single_visits_leave_no_overlap_and_no_server_error():
    desk = make_desk()
    desk.new_room()
    people = [desk.therapist, desk.new_therapist()]
    patients = [desk.new_patient() for _ in range(12)]
    acts = [
        lambda number=number: book(
            desk, rule="FREQ=DAILY;COUNT=5", patient=patients[number], therapist=people[number % 2],
            picks=[Pick(each, therapist=people[(number + each) % 2]) for each in range(1, 6)],
        )
        for number in range(4)
    ] + [
        lambda number=number: desk.book(
            at(9, 15, days=number % 5), patient=patients[number], therapist=people[number % 2]
        )
        for number in range(4, 12)
    ]  # fmt: skip

    _, lost = split(all_at_once(acts), (AppointmentSeries, Appointment))

    assert {type(error) for error in lost} <= {
        errors.SeriesRefused, errors.SlotTaken, errors.NoRoomFree, errors.RoomTaken, errors.TryAgain
    }, lost  # fmt: skip
    assert overlaps() == 0
    for series in AppointmentSeries.objects.all():
        assert series.appointments.count() == 5


def test_moving_a_series_and_booking_into_its_way_has_one_winner():
    desk = make_desk()
    series = book(desk)
    other = desk.new_patient()
    start = series.appointments.with_all_it_names().get(series_number=1)

    moved, booked = all_at_once([
        lambda: move_series(
            series=series, scope="all", start=start, change=Change(at=time(14)), by=desk.front_desk
        ),
        lambda: desk.book(at(14, 30, days=21), patient=other),
    ])  # fmt: skip

    if isinstance(booked, Appointment):
        assert type(moved) is errors.SeriesRefused
        assert set(series.appointments.values_list("version", flat=True)) == {1}
    else:
        assert type(booked) is errors.SlotTaken
        assert set(series.appointments.values_list("version", flat=True)) == {2}
    assert overlaps() == 0


def test_moving_and_cancelling_a_series_and_moving_one_of_its_visits_at_once_never_ends_in_a_server_error():
    desk = make_desk()
    series = book(desk)
    start, fourth = (series.appointments.with_all_it_names().get(series_number=number) for number in (1, 4))

    outcomes = all_at_once([
        lambda: move_series(series=series, scope="all", start=start, change=Change(at=time(14)), by=desk.front_desk),
        lambda: cancel_series(series=series, scope="following", start=fourth, reason="clinic", by=desk.front_desk),
        lambda: move_appointment(appointment=fourth, starts_at=at(11, days=22), by=desk.front_desk),
    ])  # fmt: skip

    _, lost = split(outcomes, (list, Appointment))
    assert {type(error) for error in lost} <= {errors.IllegalTransition, errors.TryAgain}, lost
    states = dict(series.appointments.values_list("series_number", "status"))
    assert [states[number] for number in (5, 6)] == ["cancelled"] * 2
    assert overlaps() == 0


def test_a_series_cancelled_twice_at_once_is_cancelled_once():
    desk = make_desk()
    series = book(desk, notify=False)
    start = series.appointments.with_all_it_names().get(series_number=1)

    won, lost = split(
        all_at_once(
            [lambda: cancel_series(series=series, scope="all", start=start, reason="clinic", by=desk.front_desk)] * 2
        ),
        list,
    )

    assert (len(won), [type(error) for error in lost]) == (1, [errors.NothingToChange])
    assert Message.objects.count() == 1
    assert set(series.appointments.values_list("version", flat=True)) == {2}
