"""Crowds of programs that want the same slot, against the running web server: one wins, the others are told why.

What the tables hold afterwards is asked by SQL written here, which knows nothing of the constraints.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.battery.clients import Crowd
from tests.battery.size import IS_FULL, sized
from tests.live import live_clinic
from tests.pages import form_with

API = "/api/v1"
# Minutes beside other work, and a running clinic of its own: for `make battery`. In every run fifty race for a slot in
# tests/test_one_day.py, and threads race in tests/scheduling.
pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not IS_FULL, reason="Crowds race over HTTP in `make battery` only."),
]

CLIENTS = sized(12, 200)
OVERLAPS = """
WITH visits AS ({visits})
SELECT a.id, b.id FROM visits a JOIN visits b ON a.id < b.id
AND ((a.therapist_id = b.therapist_id OR a.room_id = b.room_id)
     AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until
     OR a.patient_id = b.patient_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at)
"""
STANDING = """SELECT id, therapist_id, room_id, patient_id, starts_at, ends_at, busy_from, busy_until
FROM scheduling_appointment WHERE status NOT IN ('cancelled', 'no_show') AND NOT overlaps_on_purpose"""
# Patients of the demo's own location, all of whom may have a first visit; and rooms enough that no room is in the way.
SET_UP = """
from datetime import date, time
from audit.actors import SYSTEM
from clinic.models import Location, Room, Service
from clinic.services import add_location, add_room, add_service
from patients.services import register_patient
from scheduling.services import set_working_hours
from staff.models import User
location = add_location(name="Races", timezone="America/New_York", by=SYSTEM)
for number in range(4):
    add_room(location=location, name=f"Ring {{number}}", by=SYSTEM)
service = add_service(name="Race", technique_family="myofascial_release", duration_minutes=50,
                      buffer_after_minutes=10, for_unscreened_patients=True, by=SYSTEM)
User.objects.get(email="desk@demo.example").locations.add(location)
for person in User.objects.therapists().order_by("pk")[:3]:
    person.locations.add(location)
    person.services.add(service)
    for weekday in range(7):
        set_working_hours(therapist=person, location=location, weekday=weekday, periods=[(time(0), time(23, 59))],
                          valid_from=date(2020, 1, 1), by=SYSTEM)
for number in range({patients}):
    register_patient(given_name=f"Racer{{number}}", family_name="Crowd", birth_on=date(1980, 1, 1), location=location,
                     by=SYSTEM)
"""


@pytest.fixture(scope="module")
def races(tmp_path_factory):
    with live_clinic(
        tmp_path_factory.mktemp("races"), name="live_races", queue=6, demo=["--patients", "4"], processes=("web",)
    ) as clinic:
        clinic.manage("shell", "-v", "0", "-c", SET_UP.format(patients=CLIENTS))
        running = Races(clinic)
        yield running
        running.crowd.close()


class Races:
    """A location of its own in a running clinic, a crowd in front of it, and its tables."""

    def __init__(self, clinic):
        self.clinic = clinic
        self.crowd = Crowd(clinic.url, token_of(clinic), CLIENTS)
        self.one = self.crowd.clients[0]
        self.location = self.named("locations", "Races")
        self.service = self.named("services", "Race")
        self.rooms = [room["id"] for room in self.all("rooms") if room["location_id"] == self.location]
        self.patients = [one["id"] for one in self.all("patients") if one["family_name"] == "Crowd"]
        offered = self.get("availability/", **self.window(2, 3))
        self.therapists = sorted({slot["therapist_id"] for slot in offered})
        self.days = itertools.count(40)  # beyond the demo's own visits
        assert (len(self.rooms), len(self.patients), len(self.therapists)) == (4, CLIENTS, 3)

    def named(self, kind, name):
        return next(row["id"] for row in self.all(kind) if row["name"] == name)

    def get(self, path, **query):
        answer = self.one.get(f"{API}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    def all(self, kind, **query):
        rows, address = [], f"{API}/{kind}/"
        while address:
            answer = self.one.get(address, params={"per_page": 100, **query} if "?" not in address else None).json()
            rows, address = rows + answer["results"], answer["next"]
        return rows

    def window(self, first, last):
        day = datetime.now(UTC).date()
        return {
            "service": self.service, "location": self.location,
            "from": str(day + timedelta(days=first)), "to": str(day + timedelta(days=last)),
        }  # fmt: skip

    def fresh_time(self):
        """Noon in New York or an hour beside it, on a day nobody has touched yet."""
        day = datetime.now(UTC).date() + timedelta(days=next(self.days))
        return datetime(day.year, day.month, day.day, 17, tzinfo=UTC)

    def body(self, starts_at, patient=0, therapist=0, **more):
        return {
            "patient_id": self.patients[patient % len(self.patients)],
            "therapist_id": self.therapists[therapist % 3],
            "service_id": self.service,
            "location_id": self.location,
            "starts_at": starts_at.isoformat(),
            "notify": False,
            **more,
        }

    def booking(self, *place, **more):
        wanted = self.body(*place, **more)
        return lambda client: client.post(f"{API}/appointments/", json=wanted)

    def act(self, visit, name, **body):
        return lambda client: client.post(f"{API}/appointments/{visit['id']}/{name}/", json=body)

    def move(self, visit, starts_at):
        headers = {"If-Match": f'"{visit["version"]}"'}
        wanted = {"starts_at": starts_at.isoformat(), "notify": False}
        return lambda client: client.patch(f"{API}/appointments/{visit['id']}/", json=wanted, headers=headers)

    def booked(self, *place):
        answer = self.booking(*place)(self.one)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def sql(self, query, *values):
        with psycopg.connect(self.clinic.environment["DATABASE_URL"]) as connection:
            return connection.execute(query, values).fetchall()

    def race(self, asks):
        """How often each status was answered; anything that no program could act on fails with its text."""
        answers = self.crowd.at_once(asks)
        for answer in answers:
            assert answer.status_code < 500, answer.text
        assert self.sql(OVERLAPS.format(visits=STANDING)) == []
        return Counter(answer.status_code for answer in answers), answers


def token_of(clinic):
    browser = clinic.staff("desk@demo.example")
    page = browser.get("/account/tokens/")
    entries = {name: values for name, values in form_with(page.text, "days").values.items() if values}
    answer = browser.post(page.url, data={**entries, "name": "Races", "days": "30", "can_write": "on"})
    return re.search(r"<code>(mfc_[^<]+)</code>", answer.text).group(1)


def test_the_search_for_overlaps_finds_them(races):
    row = "SELECT {id} AS id, {t} AS therapist_id, {r} AS room_id, {p} AS patient_id, " + ", ".join(
        f"timestamptz '2026-01-05 {{{name}}}' AS {name}" for name in ("starts_at", "ends_at", "busy_from", "busy_until")
    )
    first = {"starts_at": "09:00Z", "ends_at": "09:50Z", "busy_from": "09:00Z", "busy_until": "10:00Z"}
    later = {"starts_at": "09:55Z", "ends_at": "10:45Z", "busy_from": "09:55Z", "busy_until": "10:55Z"}

    def found(one, other):
        rows = [row.format(**who, **when) for who, when in (one, other)]
        return races.sql(OVERLAPS.format(visits=" UNION ALL ".join(rows)))

    one = ({"id": 1, "t": 1, "r": 1, "p": 1}, first)
    assert found(one, ({"id": 2, "t": 1, "r": 2, "p": 2}, later)) == [(1, 2)]
    assert found(one, ({"id": 2, "t": 2, "r": 1, "p": 2}, later)) == [(1, 2)]
    assert found(one, ({"id": 2, "t": 2, "r": 2, "p": 1}, later)) == []
    assert found(one, ({"id": 2, "t": 2, "r": 2, "p": 1}, first)) == [(1, 2)]
    assert found(one, ({"id": 2, "t": 2, "r": 2, "p": 2}, first)) == []


def test_one_slot_has_one_winner(races):
    for _ in range(sized(1, 50)):
        slot = races.fresh_time()
        statuses, answers = races.race([races.booking(slot, number) for number in range(CLIENTS)])
        assert statuses == {201: 1, 409: CLIENTS - 1}
        refusals = [answer.json() for answer in answers if answer.status_code == 409]
        assert {refusal["code"] for refusal in refusals} == {"slot_taken"}
        assert all(len(refusal["facts"]["alternatives"]) == 3 for refusal in refusals)


def test_times_a_minute_apart_have_one_winner(races):
    for _ in range(sized(1, 10)):
        slot = races.fresh_time()
        starts = [slot + timedelta(minutes=number % 45) for number in range(CLIENTS)]
        statuses, _ = races.race([races.booking(start, number) for number, start in enumerate(starts)])
        assert statuses == {201: 1, 409: CLIENTS - 1}


def test_one_room_has_one_winner_whoever_treats(races):
    for _ in range(sized(1, 10)):
        slot, room = races.fresh_time(), races.rooms[0]
        asks = [races.booking(slot, number, number, room_id=room) for number in range(CLIENTS)]
        statuses, _ = races.race(asks)
        assert statuses == {201: 1, 409: CLIENTS - 1}


def test_one_patient_has_one_visit_whoever_treats(races):
    for _ in range(sized(1, 10)):
        slot = races.fresh_time()
        asks = [races.booking(slot, 0, number, room_id=races.rooms[number % 3]) for number in range(CLIENTS)]
        statuses, _ = races.race(asks)
        assert statuses == {201: 1, 409: CLIENTS - 1}


def test_a_cancellation_is_taken_back_or_its_slot_given_away(races):
    for _ in range(sized(1, 10)):
        slot = races.fresh_time()
        visit = races.booked(slot, 0)
        assert races.act(visit, "cancel", reason="clinic", notify=False)(races.one).status_code == 200
        half = CLIENTS // 2
        restoring = [races.act(visit, "restore", notify=False)] * half
        booking = [races.booking(slot, number) for number in range(1, CLIENTS - half + 1)]

        _, answers = races.race([ask for pair in zip(restoring, booking, strict=False) for ask in pair])

        restored = Counter(answer.status_code for answer in answers[::2])
        booked = Counter(answer.status_code for answer in answers[1::2])
        # Taking it back twice is one restoring, so every restorer hears that it stands, or none.
        assert (restored, booked) in (({200: half}, {409: half}), ({409: half}, {201: 1, 409: half - 1}))


def test_many_visits_moved_onto_one_slot_have_one_winner(races):
    for _ in range(sized(1, 10)):
        slot = races.fresh_time()
        visits = [races.booked(slot + timedelta(hours=hours), number, number % 3) for number, hours in enumerate(
            (-4, -4, -4, -2, -2, -2, 2, 2, 2)
        )]  # fmt: skip
        mine = [visit for visit in visits if visit["therapist_id"] == races.therapists[0]]
        asks = [races.move(mine[number % len(mine)], slot) for number in range(CLIENTS)]

        statuses, _ = races.race(asks)

        # The winner's own repeats name a version that is over, or ask for what is so already.
        winners = races.sql(
            "SELECT public_id, version FROM scheduling_appointment WHERE starts_at = %s AND status = 'booked'", slot
        )
        assert [version for _, version in winners] == [2]
        assert set(statuses) <= {200, 409, 412}
        assert statuses[200] >= 1
        assert statuses[409] + statuses[412] >= CLIENTS - CLIENTS // len(mine) - 1


def test_twenty_identical_requests_are_one_act(races):
    for _ in range(sized(1, 10)):
        visit = races.booked(races.fresh_time())
        for name, body, done in (
            ("confirm", {}, "appointment.confirmed"),
            ("arrive", {}, "appointment.arrived"),
            ("cancel", {"reason": "clinic", "notify": False}, "appointment.cancelled"),
            ("restore", {"notify": False}, "appointment.restored"),
        ):
            size = min(20, CLIENTS)
            statuses, answers = races.race([races.act(visit, name, **body)] * size)
            assert set(statuses) <= {200, 409}, answers[0].text
            events = races.sql(
                "SELECT count(*) FROM audit_auditevent WHERE subject_id = %s AND action = %s", visit["id"], done
            )
            assert (name, events, statuses[200] >= 1) == (name, [(1,)], True)
