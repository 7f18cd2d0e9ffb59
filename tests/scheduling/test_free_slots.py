"""Free slots: the rules, the days clocks change, a slow second opinion, and a constant number of queries."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from clinic.core.clock import at_local
from scheduling.availability import free_slots
from scheduling.errors import WindowTooWide
from scheduling.intervals import grid_starts, instant, interval
from scheduling.models import Appointment
from tests.factories import AppointmentFactory, LocationFactory, RoomFactory, UserFactory, WorkingHoursFactory
from tests.scheduling.factories import TimeOffFactory, at, make_desk

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def starts(desk, from_=None, to=None, **changes):
    """Wall-clock starts of the coming Monday, as HH:MM."""
    asked = {"service": desk.service, "location": desk.location, **changes}
    slots = free_slots(from_=from_ or at(0), to=to or at(0, days=1), **asked)
    return [slot.starts_at.astimezone(ZoneInfo(desk.location.timezone)).strftime("%H:%M") for slot in slots]


def quarters(first, last):
    """Every quarter of an hour from HH:MM to HH:MM, both included."""
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (first, last))
    return [f"{minute // 60:02}:{minute % 60:02}" for minute in range(begin, end + 1, 15)]


def take(desk, starts_at, minutes=50, **changes):
    ends_at = starts_at + timedelta(minutes=minutes)
    asked = {"therapist": desk.therapist, "room": desk.room, "location": desk.location, "service": desk.service}
    return AppointmentFactory(starts_at=starts_at, ends_at=ends_at, **{**asked, **changes})


def test_an_empty_day_is_free_from_the_first_quarter_to_the_last_that_fits(desk):
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0), to=at(0, days=1))

    assert starts(desk) == quarters("09:00", "16:00")
    assert slots[0].starts_at == at(9)
    assert slots[0].ends_at == at(9, 50)
    assert slots[0].therapist == desk.therapist


def test_what_is_taken_is_left_out(desk):
    take(desk, at(10), patient=desk.patient)
    assert starts(desk) == [*quarters("09:00", "09:00"), *quarters("11:00", "16:00")]


def test_buffers_of_both_visits_are_kept():
    desk = make_desk(duration_minutes=30, buffer_before_minutes=5, buffer_after_minutes=10)
    take(desk, at(12), 30, busy_from=at(11, 55), busy_until=at(12, 40))
    # a visit at 11:15 is busy until 11:55; one at 12:45 is busy from 12:40
    assert starts(desk) == [*quarters("09:00", "11:15"), *quarters("12:45", "16:30")]


def test_a_therapists_visits_elsewhere_count(desk):
    elsewhere = RoomFactory()
    take(desk, at(9), 60 * 7, room=elsewhere, location=elsewhere.location)
    assert starts(desk) == quarters("16:00", "16:00")


def test_a_day_without_a_free_room_has_no_slots(desk):
    take(desk, at(9), 60 * 8, therapist=UserFactory())
    assert starts(desk) == []
    desk.new_room(is_active=False)
    assert starts(desk) == []
    desk.new_room()
    assert starts(desk) == quarters("09:00", "16:00")


def test_the_same_room_must_be_free_all_the_time(desk):
    second = desk.new_room()
    take(desk, at(9), 60 * 3, therapist=UserFactory())
    take(desk, at(12), 60 * 5, therapist=UserFactory(), room=second)
    # between them somebody would have to change rooms at noon
    assert starts(desk) == [*quarters("09:00", "11:00"), *quarters("12:00", "16:00")]


def test_time_off_and_breaks_are_left_out(desk):
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(12), ends_at=at(13))
    assert starts(desk) == [*quarters("09:00", "11:00"), *quarters("13:00", "16:00")]


def test_touching_hours_are_one_stretch():
    desk = make_desk()
    desk.therapist.working_hours.filter(weekday=0).delete()
    for begin, end in ((time(9), time(12)), (time(12), time(14))):
        WorkingHoursFactory(therapist=desk.therapist, location=desk.location, starts_at_local=begin, ends_at_local=end)
    assert starts(desk) == quarters("09:00", "13:00")


def test_hours_count_only_while_they_are_valid(desk):
    desk.therapist.working_hours.update(valid_until=at(9).date() - timedelta(days=1))
    assert starts(desk) == []


def test_only_therapists_who_could_give_it(desk):
    desk.new_therapist(is_active=False)
    desk.new_therapist(licence_expires_on=at(9).date() - timedelta(days=1))
    UserFactory(services=[desk.service], locations=[LocationFactory()])
    other = desk.new_therapist()
    other.services.clear()
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0), to=at(0, days=1))
    assert {slot.therapist for slot in slots} == {desk.therapist}


def test_any_therapist_means_all_of_them_in_order_of_time(desk):
    second = desk.new_therapist()
    desk.new_room()
    slots = free_slots(service=desk.service, location=desk.location, from_=at(9), to=at(9, 30))
    assert [(slot.starts_at, slot.therapist) for slot in slots] == [
        (start, person)
        for start in (at(9), at(9, 15))
        for person in sorted([desk.therapist, second], key=lambda one: (one.family_name, one.given_name, one.pk))
    ]


def test_one_therapist_may_be_asked_for(desk):
    second = desk.new_therapist()
    slots = free_slots(service=desk.service, location=desk.location, therapist=second, from_=at(9), to=at(9, 15))
    assert [slot.therapist for slot in slots] == [second]


def test_the_patients_own_visits_are_left_out_when_asked(desk):
    take(desk, at(9), 60, therapist=UserFactory(), room=RoomFactory(), patient=desk.patient)
    assert starts(desk, patient=desk.patient) == quarters("10:00", "16:00")
    assert starts(desk) == quarters("09:00", "16:00")


def test_a_visit_that_moves_is_not_in_its_own_way(desk):
    visit = take(desk, at(9), 60 * 8, patient=desk.patient)
    assert starts(desk) == []
    assert starts(desk, ignoring=visit, patient=desk.patient) == quarters("09:00", "16:00")


def test_cancelled_and_missed_visits_hold_nothing(desk):
    take(desk, at(9), 60 * 4, status="cancelled", cancelled_at=at(8), cancel_reason="clinic")
    take(desk, at(13), 60 * 4, status="no_show")
    assert starts(desk) == quarters("09:00", "16:00")


def test_nothing_before_now_and_the_notice(desk):
    assert starts(desk, now=at(14, 1)) == quarters("14:15", "16:00")
    desk.service.notice_minutes = 60
    assert starts(desk, now=at(14, 1)) == quarters("15:15", "16:00")


def test_a_withdrawn_service_has_no_slots(desk):
    desk.service.is_active = False
    assert starts(desk) == []


@pytest.mark.parametrize("to", [at(9), at(8), at(9, 1, days=56)])
def test_at_most_eight_weeks_that_end_after_they_start(desk, to):
    with pytest.raises(WindowTooWide):
        starts(desk, from_=at(9), to=to)


def test_every_free_slot_can_be_booked(desk):
    desk.new_room()
    take(desk, at(10))
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(13), ends_at=at(14))
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0), to=at(0, days=1))
    for slot in slots:
        visit = desk.book(slot.starts_at, notify=False)
        Appointment.objects.filter(pk=visit.pk).delete()
    assert len(slots) == len(set(slots)) > 10


# The days clocks change, worked from midnight to six: zone, date, walls offered and not offered, how many slots.
CHANGES = [
    ("America/New_York", date(2027, 3, 14), {"01:00", "01:15", "03:00"}, {"02:00", "02:45"}, 17),
    ("America/New_York", date(2027, 11, 7), {"01:00", "02:00"}, set(), 25),
    ("Europe/London", date(2027, 3, 28), {"00:00", "02:00"}, {"01:00", "01:45"}, 17),
    ("Europe/London", date(2027, 10, 31), {"01:00", "02:00"}, set(), 25),
    ("Australia/Lord_Howe", date(2027, 10, 3), {"01:45", "02:30"}, {"02:00", "02:15"}, 19),
    ("Australia/Lord_Howe", date(2027, 4, 4), {"01:30", "01:45", "02:00"}, set(), 23),
    ("Asia/Kathmandu", date(2027, 5, 2), {"00:00", "05:00"}, set(), 21),
    ("Pacific/Chatham", date(2027, 4, 4), {"02:45", "03:45"}, set(), 25),
]


@pytest.mark.parametrize(("zone", "day", "offered", "missing", "number"), CHANGES)
def test_days_on_which_clocks_change(zone, day, offered, missing, number):
    desk = make_desk(zone=zone, duration_minutes=60)
    desk.therapist.working_hours.all().delete()
    WorkingHoursFactory(
        therapist=desk.therapist, location=desk.location, weekday=day.weekday(),
        starts_at_local=time(0), ends_at_local=time(6),
    )  # fmt: skip
    slots = free_slots(
        service=desk.service,
        location=desk.location,
        from_=at_local(day, time(0), zone),
        to=at_local(day + timedelta(days=1), time(0), zone),
        now=LONG_AGO,
    )

    walls = [slot.starts_at.astimezone(ZoneInfo(zone)).strftime("%H:%M") for slot in slots]
    assert len(walls) == number
    assert offered <= set(walls)
    assert not missing & set(walls)
    assert all(slot.ends_at - slot.starts_at == timedelta(hours=1) for slot in slots)
    assert len({slot.starts_at for slot in slots}) == number


def test_a_grid_follows_the_wall_clock_through_a_change():
    """On the hour in Lord Howe, where clocks go on by half an hour at two."""
    zone, day = "Australia/Lord_Howe", date(2027, 10, 3)
    block = interval(at_local(day, time(0), zone), at_local(day, time(6), zone))
    starts = [instant(start).astimezone(ZoneInfo(zone)) for start in grid_starts(block, 0, ZoneInfo(zone), 3600)]
    assert [start.strftime("%H:%M") for start in starts] == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00"]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Lord_Howe"])
def test_nine_oclock_stays_nine_oclock_all_year(zone):
    desk = make_desk(zone=zone)
    day = date(2027, 1, 4)
    for week in range(52):
        monday = day + timedelta(weeks=week)
        slots = free_slots(
            service=desk.service,
            location=desk.location,
            from_=at_local(monday, time(0), zone),
            to=at_local(monday, time(9, 15), zone),
            now=LONG_AGO,
        )
        assert [slot.starts_at.astimezone(ZoneInfo(zone)).strftime("%H:%M") for slot in slots] == ["09:00"]


def second_opinion(desk, therapists, rooms, from_, to):
    """The same question answered minute by minute, with no arithmetic shared with the code under test."""
    zone = ZoneInfo(desk.location.timezone)
    length = timedelta(minutes=desk.service.duration_minutes)
    before, after = (
        timedelta(minutes=minutes)
        for minutes in (desk.service.buffer_before_minutes, desk.service.buffer_after_minutes)
    )
    visits = list(Appointment.objects.exclude(status__in=["cancelled", "no_show"]))
    answer = []
    for number in count():
        start = from_ + timedelta(minutes=number)
        if start >= to:
            return sorted(answer)
        if start.astimezone(zone).minute % 15:
            continue
        minutes = [start + timedelta(minutes=step) for step in range(int(length.total_seconds() // 60))]
        busy_from, busy_until = start - before, start + length + after
        for therapist in therapists:
            hours, away = list(therapist.working_hours.all()), list(therapist.time_off.all())
            works = all(
                any(
                    row.weekday == wall.weekday() and row.starts_at_local <= wall.time() < row.ends_at_local
                    for row in hours
                )
                for wall in (minute.astimezone(zone) for minute in minutes)
            )
            is_here = not any(row.starts_at < start + length and start < row.ends_at for row in away)
            in_the_way = [visit for visit in visits if visit.busy_from < busy_until and busy_from < visit.busy_until]
            is_free = all(visit.therapist_id != therapist.pk for visit in in_the_way)
            has_room = {room.pk for room in rooms} - {visit.room_id for visit in in_the_way}
            if works and is_here and is_free and has_room:
                answer.append((start, therapist.pk))


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_a_slow_second_opinion(seed):
    dice = random.Random(seed)  # noqa: S311 (the same every time, on purpose)
    zone = dice.choice(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"])
    desk = make_desk(
        zone=zone,
        duration_minutes=dice.choice([20, 45, 60]),
        buffer_before_minutes=dice.choice([0, 5]),
        buffer_after_minutes=dice.choice([0, 10, 15]),
    )
    therapists, rooms = [desk.therapist, desk.new_therapist()], [desk.room, desk.new_room()]
    change = {"America/New_York": date(2027, 3, 13), "Europe/London": date(2027, 10, 30)}
    first = change.get(zone, date(2027, 10, 2))
    from_, to = at_local(first, time(0), zone), at_local(first + timedelta(days=3), time(0), zone)
    for therapist in therapists:
        therapist.working_hours.all().delete()
        for weekday in range(7):
            begin = dice.choice([0, 4, 8])
            for starts_at, ends_at in ((time(begin), time(begin + 4)), (time(begin + 5), time(begin + 9, 40))):
                WorkingHoursFactory(
                    therapist=therapist, location=desk.location, weekday=weekday,
                    starts_at_local=starts_at, ends_at_local=ends_at,
                )  # fmt: skip
        TimeOffFactory(
            therapist=therapist,
            location=desk.location,
            starts_at=from_ + timedelta(minutes=dice.randrange(3000)),
            ends_at=from_ + timedelta(minutes=3000 + dice.randrange(60)),
        )
    take_at_random(dice, desk, therapists, rooms, from_)

    slots = free_slots(service=desk.service, location=desk.location, from_=from_, to=to, now=LONG_AGO)

    expected = second_opinion(desk, therapists, rooms, from_, to)
    assert sorted((slot.starts_at, slot.therapist.pk) for slot in slots) == expected
    assert expected


def take_at_random(dice, desk, therapists, rooms, from_):
    """Some visits that do not clash with each other."""
    held = []
    for _ in range(30):
        start = from_ + timedelta(minutes=5 * dice.randrange(3 * 24 * 12))
        until = start + timedelta(minutes=dice.choice([30, 55, 90]))
        therapist, room = dice.choice(therapists), dice.choice(rooms)
        status = dice.choice(["booked", "arrived", "cancelled"])
        clashes = [one for one in held if (one[2] == therapist or one[3] == room) and one[0] < until and start < one[1]]
        if clashes and status != "cancelled":
            continue
        if status != "cancelled":
            held.append((start, until, therapist, room))
        stamp = {"cancelled_at": start, "cancel_reason": "clinic"} if status == "cancelled" else {}
        AppointmentFactory(
            therapist=therapist, room=room, location=desk.location, starts_at=start, ends_at=until,
            status=status, **stamp,
        )  # fmt: skip


@pytest.mark.parametrize("number", [3, 12])
def test_the_number_of_queries_does_not_grow(desk, number, django_assert_num_queries):
    for day in range(number):
        desk.new_therapist()
        desk.new_room()
        take(desk, at(9 + day % 8, days=day // 8))
    with django_assert_num_queries(7):
        free_slots(
            service=desk.service,
            location=desk.location,
            from_=at(0),
            to=at(0, days=28),
            patient=desk.patient,
        )
