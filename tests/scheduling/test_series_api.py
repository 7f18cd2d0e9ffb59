"""The API's doors to series: what they answer, to whom, and what they refuse."""

from datetime import UTC

import pytest
from rest_framework.test import APIClient

from audit.models import AuditEvent
from messaging.models import Message
from scheduling.models import Appointment, AppointmentSeries
from tests.factories import LocationFactory, PatientFactory, RoomFactory, UserFactory
from tests.scheduling.factories import at
from tests.scheduling.test_book_series import book, starts

pytestmark = pytest.mark.django_db

URL = "/api/v1/appointment-series/"


def zulu(instant):
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def body(desk, **changes):
    return {
        "patient_id": str(desk.patient.public_id),
        "therapist_id": str(desk.therapist.public_id),
        "service_id": str(desk.service.public_id),
        "location_id": str(desk.location.public_id),
        "rule": "FREQ=WEEKLY;COUNT=3",
        "first_at": zulu(at(9)),
        **changes,
    }


def post(client, address, payload, **headers):
    return client.post(address, payload, format="json", headers=headers)


def one(series, act=""):
    return f"{URL}{series.public_id}/{act}"


def start(series, number=2):
    return str(series.appointments.get(series_number=number).public_id)


@pytest.fixture
def client(api, desk):
    return api(desk.front_desk)


def test_plans_without_writing_anything(desk, client):
    desk.book(at(9, days=7), patient=desk.new_patient())
    before = (AuditEvent.objects.count(), Appointment.objects.count())

    answer = post(client, f"{URL}plan/", body(desk))

    assert answer.status_code == 200
    told = answer.json()
    assert (told["rule"], told["timezone"], told["is_free"]) == ("FREQ=WEEKLY;COUNT=3", "America/New_York", False)
    assert told["visits"][0] == {
        "number": 1,
        "starts_at": zulu(at(9)),
        "ends_at": zulu(at(9, 50)),
        "therapist_id": str(desk.therapist.public_id),
        "is_free": True,
        "code": "free",
        "reason": "",
        "warnings": ["not_screened"],
        "alternatives": [],
    }
    clash = told["visits"][1]
    assert (clash["is_free"], clash["code"]) == (False, "slot_taken")
    assert (
        clash["reason"] == "The therapist already has a visit at that time. Choose another time or another therapist."
    )
    assert [slot["starts_at"] for slot in clash["alternatives"]] == [
        zulu(at(10, days=7)), zulu(at(10, 15, days=7)), zulu(at(9, days=8))
    ]  # fmt: skip
    assert (AuditEvent.objects.count(), Appointment.objects.count()) == before
    assert not AppointmentSeries.objects.exists()


def test_books_and_shows_its_visits(desk, client):
    answer = post(client, URL, body(desk))
    series = AppointmentSeries.objects.get()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    told = answer.json()
    assert told["id"] == str(series.public_id)
    assert (told["rule"], told["first_at"], told["room_id"]) == ("FREQ=WEEKLY;COUNT=3", zulu(at(9)), None)
    row = series.appointments.get(series_number=1)
    assert told["visits"][0] == {
        "id": str(row.public_id),
        "number": 1,
        "starts_at": zulu(at(9)),
        "ends_at": zulu(at(9, 50)),
        "therapist_id": str(desk.therapist.public_id),
        "room_id": str(desk.room.public_id),
        "status": "booked",
        "was_moved": False,
        "version": 1,
    }
    assert len(told["visits"]) == 3
    assert client.get(one(series)).json() == told


def test_the_same_key_books_once_and_another_body_is_refused(desk, client):
    answers = [post(client, URL, body(desk), **{"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert post(client, URL, body(desk, rule="FREQ=DAILY;COUNT=2"), **{"Idempotency-Key": "k1"}).status_code == 422
    assert AppointmentSeries.objects.count() == 1
    assert Message.objects.count() == 1


def test_books_what_was_picked(desk, client):
    colleague = desk.new_therapist()
    picks = [{"number": 1}, {"number": 3, "starts_at": zulu(at(11, days=15)), "therapist_id": str(colleague.public_id)}]
    assert post(client, URL, body(desk, picks=picks)).status_code == 201
    assert list(Appointment.objects.order_by("starts_at").values_list("starts_at", "therapist")) == [
        (at(9), desk.therapist.pk), (at(11, days=15), colleague.pk)
    ]  # fmt: skip


def test_a_clash_is_a_409_that_names_every_date(desk, client):
    other = desk.new_patient()
    for days in (0, 14):
        desk.book(at(9, days=days), patient=other)
    answer = post(client, URL, body(desk), **{"Idempotency-Key": "k2"})

    assert (answer.status_code, answer.json()["code"]) == (409, "series_refused")
    dates = answer.json()["facts"]["dates"]
    assert [(each["number"], each["code"], len(each["alternatives"])) for each in dates] == [
        (1, "slot_taken", 3), (3, "slot_taken", 3)
    ]  # fmt: skip
    assert Appointment.objects.count() == 2
    assert not AppointmentSeries.objects.exists()
    picks = [{"number": each["number"], "starts_at": each["alternatives"][0]["starts_at"]} for each in dates]
    retried = post(client, URL, body(desk, picks=[*picks, {"number": 2}]), **{"Idempotency-Key": "k2b"})
    assert retried.status_code == 201


@pytest.mark.parametrize(("change", "field"), [
    ({"rule": ""}, "rule"),
    ({"rule": "x" * 201}, "rule"),
    ({"rule": "FREQ=WEEKLY\x00"}, "rule"),
    ({"rule": "FREQ=WEEKLY"}, "rule"),
    ({"rule": "FREQ=DAILY;COUNT=10000"}, "rule"),
    ({"rule": "FREQ=DAILY;UNTIL=99991231T235959Z"}, "rule"),
    ({"rule": "FREQ=WEEKLY;UNTIL=20200101"}, "rule"),
    ({"rule": "FREQ=WEEKLY;COUNT=3;BYSETPOS=1"}, "rule"),
    ({"rule": ["FREQ=WEEKLY;COUNT=3"]}, "rule"),
    ({"first_at": "2026-12-14T09:00:00"}, "first_at"),
    ({"first_at": "2020-12-14T09:00:00Z"}, "first_at"),
    ({"first_at": "0001-01-01T00:00:00Z"}, "first_at"),
    ({"first_at": "9999-12-31T23:59:59Z"}, "first_at"),
    ({"first_at": "soon"}, "first_at"),
    ({"starts_at": "2026-12-14T09:00:00Z"}, "starts_at"),
])  # fmt: skip
@pytest.mark.parametrize("address", [URL, f"{URL}plan/"])
def test_bad_input_names_the_field_and_writes_nothing(desk, client, address, change, field):
    answer = post(client, address, body(desk, **change))
    assert answer.status_code in {400, 422}
    assert list(answer.json()["fields"]) == [field]
    assert not Appointment.objects.exists()
    assert not AppointmentSeries.objects.exists()


@pytest.mark.parametrize("picks", [
    [], [{"number": 1}], [{"number": 1}, {"number": 1}], [{"number": 0}, {"number": 1}], [{"number": 1}, {"number": 4}],
    [{"number": 1}, {"number": 2, "starts_at": "2026-12-21T09:00:00"}], [{"number": 1}, {"number": 2, "day": 1}],
    [{"number": 1}] * 61, "all", [1, 2],
])  # fmt: skip
def test_bad_picks_name_the_field(desk, client, picks):
    answer = post(client, URL, body(desk, picks=picks))
    assert answer.status_code in {400, 422}
    assert "picks" in answer.json()["fields"]
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("field", ["patient_id", "therapist_id", "location_id", "room_id"])
@pytest.mark.parametrize("address", [URL, f"{URL}plan/"])
def test_what_is_hidden_looks_like_nothing(desk, client, address, field):
    elsewhere = LocationFactory()
    hidden = {
        "patient_id": PatientFactory(locations=[elsewhere]),
        "therapist_id": UserFactory(locations=[elsewhere], services=[desk.service]),
        "location_id": elsewhere,
        "room_id": RoomFactory(location=elsewhere),
    }[field]
    answer = post(client, address, body(desk, **{field: str(hidden.public_id)}))
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Appointment.objects.exists()


def test_moves_from_one_visit_on_after_a_dry_run(desk, client):
    series = book(desk)
    asked = {"scope": "following", "from": start(series), "local_time": "14:00", "days": 1}
    tried = post(client, one(series, "move/"), {**asked, "dry_run": True})
    assert tried.status_code == 200
    assert tried.json()["is_possible"] is True
    assert [each["kept"] for each in tried.json()["visits"]] == ["outside"] + [None] * 5
    assert tried.json()["visits"][1]["planned"]["starts_at"] == zulu(at(14, days=8))
    assert starts(series)[1] == at(9, days=7)

    done = post(client, one(series, "move/"), asked, **{"If-Match": '"1"'})
    assert (done.status_code, done["ETag"]) == (200, '"2"')
    assert [each["starts_at"] for each in done.json()["series"]["visits"]] == [
        zulu(each) for each in [at(9), *(at(14, days=7 * number + 1) for number in range(1, 6))]
    ]
    assert post(client, one(series, "move/"), asked, **{"If-Match": '"1"'}).status_code == 412


def test_a_move_into_somebodys_way_is_a_409_and_told_by_the_dry_run(desk, client):
    series = book(desk)
    desk.book(at(14, days=14), patient=desk.new_patient())
    asked = {"scope": "all", "from": start(series), "local_time": "14:00"}
    tried = post(client, one(series, "move/"), {**asked, "dry_run": True}).json()
    assert tried["is_possible"] is False
    assert [each["planned"]["code"] for each in tried["visits"]] == ["free", "free", "slot_taken"] + ["free"] * 3
    answer = post(client, one(series, "move/"), asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "series_refused")
    assert [each["number"] for each in answer.json()["facts"]["dates"]] == [3]
    assert set(series.appointments.values_list("version", flat=True)) == {1}


def test_cancels_the_rest_after_a_dry_run(desk, client):
    series = book(desk)
    asked = {"scope": "following", "from": start(series, 5), "reason": "patient_asked"}
    tried = post(client, one(series, "cancel/"), {**asked, "dry_run": True}).json()
    assert [each["is_touched"] for each in tried["visits"]] == [False] * 4 + [True] * 2
    assert set(series.appointments.values_list("status", flat=True)) == {"booked"}
    done = post(client, one(series, "cancel/"), asked)
    assert [each["status"] for each in done.json()["series"]["visits"]] == ["booked"] * 4 + ["cancelled"] * 2


@pytest.mark.parametrize(("act", "change", "field"), [
    ("move", {"scope": "some"}, "scope"),
    ("move", {"from": "11111111-1111-4111-8111-111111111111"}, "from"),
    ("move", {"from": "x"}, "from"),
    ("move", {"local_time": "25:00"}, "local_time"),
    ("move", {"local_time": None}, "local_time"),
    ("move", {"days": 61}, "days"),
    ("move", {"local_time": "09:00"}, "scope"),
    ("cancel", {"reason": "because"}, "reason"),
    ("cancel", {"reason": "patient_by_link"}, "reason"),
    ("cancel", {"scope": ""}, "scope"),
])  # fmt: skip
def test_a_bad_change_names_the_field_and_changes_nothing(desk, client, act, change, field):
    series = book(desk)
    sound = {"move": {"local_time": "14:00"}, "cancel": {"reason": "clinic"}}[act]
    for dry_run in (True, False):
        asked = {"scope": "all", "from": start(series), **sound, **change, "dry_run": dry_run}
        answer = post(client, one(series, f"{act}/"), asked)
        if dry_run and change == {"local_time": "09:00"}:
            assert answer.json()["is_possible"] is False
        else:
            assert answer.status_code in {400, 422}
            assert list(answer.json()["fields"]) == [field]
    assert set(series.appointments.values_list("version", flat=True)) == {1}


def test_a_visit_of_another_series_is_no_start(desk, client):
    series, other = book(desk), book(desk, first_at=at(11), patient=desk.new_patient())
    answer = post(client, one(series, "move/"), {"scope": "all", "from": start(other), "local_time": "14:00"})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["from"])


def test_lists_what_was_asked_for_at_a_constant_price(desk, client, django_assert_num_queries):
    other = desk.new_patient()
    series = [book(desk, first_at=at(9)), book(desk, first_at=at(11)), book(desk, first_at=at(13), patient=other)]
    with django_assert_num_queries(1):
        listed = client.get(URL).json()["results"]
    assert {each["id"] for each in listed} == {str(each.public_id) for each in series}
    only = client.get(URL, {"patient": str(other.public_id)}).json()["results"]
    assert [each["id"] for each in only] == [str(series[2].public_id)]
    assert client.get(URL, {"updated_since": "2099-01-01T00:00:00Z"}).json()["results"] == []


def test_reading_one_is_noted_in_the_patients_trail(desk, client):
    series = book(desk)
    assert client.get(one(series))["ETag"] == '"1"'
    assert AuditEvent.objects.filter(action="patient.read", patient_id=desk.patient.public_id).count() == 1


def test_a_stranger_finds_nothing(desk, api, stranger):
    series = book(desk)
    client = api(stranger)
    assert client.get(URL).json()["results"] == []
    assert client.get(one(series)).status_code == 404
    asked = {"scope": "all", "from": start(series), "local_time": "14:00", "reason": "clinic"}
    assert post(client, one(series, "move/"), asked).status_code == 404
    assert post(client, one(series, "cancel/"), asked).status_code == 404
    assert post(client, URL, body(desk)).status_code == 400
    assert post(client, f"{URL}plan/", body(desk)).status_code == 400
    assert set(series.appointments.values_list("status", "version")) == {("booked", 1)}
    assert AppointmentSeries.objects.count() == 1


def test_a_desk_that_knows_the_patient_but_not_the_place_is_refused(desk, api):
    elsewhere = LocationFactory()
    desk.patient.locations.add(elsewhere)
    series = book(desk)
    client = api(UserFactory(roles=["front_desk"], locations=[elsewhere]))
    asked = {"scope": "all", "from": start(series), "reason": "clinic"}
    assert post(client, one(series, "cancel/"), asked).json()["code"] == "not_your_location"
    asked = {"scope": "all", "from": start(series), "local_time": "14:00", "dry_run": True}
    assert post(client, one(series, "move/"), asked).status_code == 403
    assert set(series.appointments.values_list("version", flat=True)) == {1}


def test_auditors_read_and_do_nothing(desk, api):
    series = book(desk)
    client = api(UserFactory(roles=["auditor"], locations=[desk.location]))
    assert client.get(one(series)).status_code == 200
    assert post(client, URL, body(desk)).status_code == 403
    assert post(client, f"{URL}plan/", body(desk)).status_code == 403
    asked = {"scope": "all", "from": start(series), "reason": "clinic"}
    assert post(client, one(series, "cancel/"), asked).status_code == 403
    assert AppointmentSeries.objects.count() == 1


def test_a_visitor_gets_401(desk):
    for address in (URL, f"{URL}plan/"):
        assert post(APIClient(), address, {}).status_code == 401
