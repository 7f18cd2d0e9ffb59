"""Booking in random order, step by step beside a calendar of its own: the same answers, the same diary, no overlap."""

import os
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from clinic.core.errors import ClinicError
from scheduling import services
from scheduling.models import Appointment, SlotHold, TimeOff
from tests.battery.calendar_model import Calendar, Entry, Wish
from tests.battery.size import IS_FULL, sized
from tests.factories import (
    LocationFactory,
    PatientFactory,
    RoomFactory,
    ServiceFactory,
    UserFactory,
    WorkingHoursFactory,
)

pytestmark = pytest.mark.django_db

DAYS = 3
OPENS, CLOSES = time(0, 30), time(6, 0)
LENGTH, BEFORE, AFTER = 30, 5, 10
# Pairs that share a therapist, a room (one of them with its buffers only) or a patient; each counted once.
OVERLAPS = """
SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b ON a.id < b.id
WHERE a.status NOT IN ('cancelled', 'no_show') AND b.status NOT IN ('cancelled', 'no_show')
AND ((a.therapist_id = b.therapist_id OR a.room_id = b.room_id)
     AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until
  OR a.patient_id = b.patient_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at)
"""

people = st.integers(0, 1)
patients = st.integers(0, 2)
days = st.integers(0, DAYS - 1)
# Every ten minutes from midnight to half past six: some of it before the day, some after it, some while clocks change.
moments = st.integers(0, 39)
lengths = st.sampled_from([LENGTH, LENGTH, 20, 50])
which = st.integers(0, 50)


def next_change(zone):
    """The next date, two weeks off at least, on which the zone's clock changes."""
    day = timezone.now().date() + timedelta(days=14)
    while offset(day, zone) == offset(day + timedelta(days=1), zone):
        day += timedelta(days=1)
    return day


def offset(day, zone):
    return datetime.combine(day, time(0), tzinfo=zone).utcoffset()


class Clinic:
    """Two therapists who work from half past midnight until six on the days around a change of clocks."""

    def __init__(self, zone_name):
        self.zone = ZoneInfo(zone_name)
        self.first: date = next_change(self.zone) - timedelta(days=1)
        self.location = LocationFactory(timezone=zone_name)
        self.service = ServiceFactory(duration_minutes=LENGTH, buffer_before_minutes=BEFORE, buffer_after_minutes=AFTER)
        self.rooms = [RoomFactory(location=self.location) for _ in range(2)]
        self.people = [
            UserFactory(roles=["therapist"], locations=[self.location], services=[self.service]) for _ in range(2)
        ]
        for person in self.people:
            for weekday in range(7):
                WorkingHoursFactory(
                    therapist=person, location=self.location, weekday=weekday,
                    starts_at_local=OPENS, ends_at_local=CLOSES,
                )  # fmt: skip
        self.patients = [PatientFactory(locations=[self.location]) for _ in range(3)]
        self.desk = UserFactory(roles=["front_desk", "admin"], locations=[self.location])

    def wall(self, day, clock):
        return datetime.combine(self.first + timedelta(days=day), clock, tzinfo=self.zone).astimezone(ZoneInfo("UTC"))

    def moment(self, day, number):
        """So many times ten minutes after midnight, in real time."""
        return self.wall(day, time(0)) + timedelta(minutes=10 * number)

    def calendar(self):
        shifts = [(self.wall(day, OPENS), self.wall(day, CLOSES)) for day in range(DAYS + 2)]
        minutes = [timedelta(minutes=number) for number in (BEFORE, AFTER)]
        return Calendar([room.pk for room in self.rooms], *minutes, shifts)


class Desk(RuleBasedStateMachine):
    """The acts in any order, each beside what the calendar says of it. `clinic` is given by a subclass."""

    clinic: Clinic

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.calendar = self.clinic.calendar()

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # Acts

    @rule(person=people, patient=patients, when=st.tuples(days, moments), minutes=lengths, room=st.integers(0, 5))
    def book(self, person, patient, when, minutes, room):
        starts_at = self.clinic.moment(*when)
        chosen = self.clinic.rooms[room] if room < 2 else None
        wish = Wish(
            self.clinic.people[person].pk, self.clinic.patients[patient].pk, starts_at, minutes, chosen and chosen.pk
        )
        asked = {**self._what(person, starts_at), "room": chosen, "minutes": minutes}
        row = self._expect(
            wish, lambda: services.book_appointment(**asked, patient=self.clinic.patients[patient], notify=False)
        )
        self._put(row, wish, "booked")

    @precondition(lambda self: self._keys())
    @rule(number=which, person=people, when=st.tuples(days, moments), minutes=lengths)
    def move(self, number, person, when, minutes):
        key = self._pick(number, self._keys())
        was = self.calendar.entries[key]
        starts_at, whose = self.clinic.moment(*when), self.clinic.people[person]
        visit = Appointment.objects.get(public_id=key)

        def act():
            return services.move_appointment(
                appointment=visit, starts_at=starts_at, therapist=whose, minutes=minutes, notify=False,
                by=self.clinic.desk,
            )  # fmt: skip

        if was.state not in {"booked", "confirmed"}:
            self._refuses({"illegal_transition"}, act)
        elif (was.starts_at, was.minutes, was.therapist) == (starts_at, minutes, whose.pk):
            assert act().version == visit.version
        else:
            wish = Wish(whose.pk, was.patient, starts_at, minutes, None, was.room, key)
            row = self._expect(wish, act)
            self._put(row, wish, "booked")

    @precondition(lambda self: self._keys())
    @rule(number=which)
    def confirm(self, number):
        key = self._pick(number, self._keys())
        visit = Appointment.objects.get(public_id=key)

        def act():
            return services.confirm_appointment(appointment=visit, by=self.clinic.desk)

        if self.calendar.entries[key].state == "cancelled":
            self._refuses({"illegal_transition"}, act)
        else:
            act()
            self.calendar.change(key, state="confirmed")

    @precondition(lambda self: self._keys())
    @rule(number=which)
    def cancel(self, number):
        key = self._pick(number, self._keys())
        visit = Appointment.objects.get(public_id=key)
        services.cancel_appointment(appointment=visit, reason="clinic", notify=False, by=self.clinic.desk)
        self.calendar.change(key, state="cancelled")

    @precondition(lambda self: self._keys("cancelled", "confirmed"))
    @rule(number=which)
    def restore(self, number):
        key = self._pick(number, self._keys("cancelled", "confirmed"))
        was = self.calendar.entries[key]
        visit = Appointment.objects.get(public_id=key)

        def act():
            return services.restore_appointment(appointment=visit, notify=False, by=self.clinic.desk)

        if was.state == "confirmed":
            self._refuses({"illegal_transition"}, act)
        else:
            wish = Wish(was.therapist, was.patient, was.starts_at, was.minutes, None, was.room, key)
            self._put(self._expect(wish, act), wish, "booked")

    @rule(person=people, patient=st.integers(0, 3), day=days, moment=moments)
    def hold(self, person, patient, day, moment):
        starts_at = self.clinic.moment(day, moment)
        whom = self.clinic.patients[patient] if patient < 3 else None
        wish = Wish(self.clinic.people[person].pk, whom and whom.pk, starts_at, LENGTH)
        if len(self._keys("held")) < services.holds.MOST_HOLDS:
            row = self._expect(wish, lambda: services.hold_slot(**self._what(person, starts_at), patient=whom))
            self._put(row, wish, "held")

    @precondition(lambda self: self._keys("held"))
    @rule(number=which)
    def let_lapse(self, number):
        key = self._pick(number, self._keys("held"))
        SlotHold.objects.filter(public_id=key).update(held_until=timezone.now() - timedelta(seconds=1))
        self.calendar.change(key, is_lapsed=True)

    @precondition(lambda self: self._keys("held"))
    @rule(number=which)
    def release(self, number):
        key = self._pick(number, self._keys("held"))
        held = SlotHold.objects.filter(public_id=key).first()
        # One that has lapsed may have been cleared away by the next who booked.
        assert held is not None or self.calendar.entries[key].is_lapsed
        if held is not None:
            services.release_hold(hold=held, by=self.clinic.desk)
        del self.calendar.entries[key]

    @precondition(lambda self: self._keys("held"))
    @rule(number=which, patient=patients)
    def book_the_hold(self, number, patient):
        key = self._pick(number, self._keys("held"))
        held = SlotHold.objects.filter(public_id=key).with_all_it_names().first()
        if held is None:
            return
        was = self.calendar.entries[key]
        wish = Wish(was.therapist, self.clinic.patients[patient].pk, was.starts_at, was.minutes, None, was.room, key)
        row = self._expect(
            wish,
            lambda: services.book_held(
                hold=held, patient=self.clinic.patients[patient], notify=False, by=self.clinic.desk
            ),
        )
        if row is not None:
            del self.calendar.entries[key]
        self._put(row, wish, "booked")

    @rule(person=people, patient=patients, moment=moments, count=st.integers(2, 3))
    def book_series(self, person, patient, moment, count):
        clock = (datetime.combine(self.clinic.first, time(0)) + timedelta(minutes=10 * moment)).time()
        if not self._is_plain(clock, count):
            return
        wishes = [
            Wish(self.clinic.people[person].pk, self.clinic.patients[patient].pk, self.clinic.wall(day, clock), LENGTH)
            for day in range(count)
        ]
        what = self._what(person, None)
        del what["starts_at"]

        def act():
            return services.book_series(
                **what, patient=self.clinic.patients[patient], rule=f"FREQ=DAILY;COUNT={count}",
                first_at=wishes[0].starts_at, notify=False,
            )  # fmt: skip

        if any(self.calendar.judge(wish)[0] for wish in wishes):
            self._refuses({"series_refused"}, act)
            return
        for row, wish in zip(act().appointments.order_by("series_number"), wishes, strict=True):
            self._put(row, wish, "booked")

    @rule(person=people, day=days, moment=moments, hours=st.integers(1, 4))
    def go_away(self, person, day, moment, hours):
        from_ = self.clinic.moment(day, moment)
        row = services.add_time_off(
            therapist=self.clinic.people[person], location=self.clinic.location, starts_at=from_,
            ends_at=from_ + timedelta(hours=hours), by=self.clinic.desk,
        )  # fmt: skip
        self.calendar.away[str(row.public_id)] = (self.clinic.people[person].pk, row.starts_at, row.ends_at)

    @precondition(lambda self: self.calendar.away)
    @rule(number=which)
    def come_back(self, number):
        key = self._pick(number, sorted(self.calendar.away))
        services.remove_time_off(time_off=TimeOff.objects.get(public_id=key), by=self.clinic.desk)
        del self.calendar.away[key]

    # What must hold after each

    @invariant()
    def the_diary_is_the_calendar(self):
        rows = Appointment.objects.holding_a_slot().values_list(
            "public_id", "therapist", "room", "patient", "starts_at", "ends_at", "status"
        )
        assert {str(key): tuple(row) for key, *row in rows} == self.calendar.occupying()

    @invariant()
    def nothing_overlaps(self):
        with connection.cursor() as cursor:
            cursor.execute(OVERLAPS)
            assert cursor.fetchone() == (0,)

    # Inside

    def _what(self, person, starts_at):
        return {
            "therapist": self.clinic.people[person], "service": self.clinic.service, "location": self.clinic.location,
            "starts_at": starts_at, "by": self.clinic.desk,
        }  # fmt: skip

    def _keys(self, *states):
        wanted = states or ("booked", "confirmed", "cancelled")
        return [one.key for one in self.calendar.entries.values() if one.state in wanted]

    def _pick(self, number, keys):
        return keys[number % len(keys)]

    def _is_plain(self, clock, count):
        """Wall times that occur once on each of the days: which one of two is meant is the series' own test."""
        walls = [datetime.combine(self.clinic.first + timedelta(days=day), clock) for day in range(count)]
        return all(
            one.replace(tzinfo=self.clinic.zone, fold=0).utcoffset()
            == one.replace(tzinfo=self.clinic.zone, fold=1).utcoffset()
            for one in walls
        )

    def _expect(self, wish, act):
        refusals, room = self.calendar.judge(wish)
        if refusals:
            self._refuses(refusals, act)
            return None
        row = act()
        assert row.room.pk == room
        return row

    def _refuses(self, codes, act):
        with pytest.raises(ClinicError) as refusal:
            act()
        assert refusal.value.code in codes

    def _put(self, row, wish, state):
        if row is not None:
            self.calendar.put(
                Entry(
                    str(row.public_id), wish.therapist, row.room.pk, wish.patient, wish.starts_at, wish.minutes,
                    state,
                )
            )  # fmt: skip


@pytest.mark.timeout(0)
@pytest.mark.parametrize("zone_name", os.environ.get("BATTERY_ZONES", "Australia/Lord_Howe America/New_York").split())
def test_booking_agrees_with_a_plain_calendar(zone_name):
    desk = type("DeskHere", (Desk,), {"clinic": Clinic(zone_name)})
    run_state_machine_as_test(
        desk,
        settings=settings(
            max_examples=sized(8, 1000),
            stateful_step_count=sized(25, 50),
            deadline=None,
            database=None,
            # Finding the shortest example takes minutes: only where there is time.
            phases=[Phase.generate, Phase.shrink] if IS_FULL else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
