"""The API's doors: what they answer, to whom, and what they refuse."""

from datetime import UTC, timedelta

import pytest
from rest_framework.test import APIClient

from audit.models import AuditEvent
from scheduling import services
from scheduling.models import Appointment, TimeOff, WorkingHours
from tests.factories import LocationFactory, PatientFactory, RoomFactory, ServiceFactory, UserFactory
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db

URL = "/api/v1/appointments/"


def zulu(instant):
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def one(appointment, act=""):
    return f"{URL}{appointment.public_id}/{act}"


@pytest.fixture
def client_of(api, desk):
    return lambda user=None: api(user or desk.front_desk)


def body(desk, **changes):
    return {
        "patient_id": str(desk.patient.public_id),
        "therapist_id": str(desk.therapist.public_id),
        "service_id": str(desk.service.public_id),
        "location_id": str(desk.location.public_id),
        "starts_at": zulu(at(9)),
        **changes,
    }


def test_books(desk, client_of):
    answer = client_of().post(URL, body(desk), format="json")

    assert answer.status_code == 201
    row = Appointment.objects.get()
    assert answer["ETag"] == '"1"'
    assert answer.json() == {
        "id": str(row.public_id),
        "patient_id": str(desk.patient.public_id),
        "therapist_id": str(desk.therapist.public_id),
        "room_id": str(desk.room.public_id),
        "service_id": str(desk.service.public_id),
        "location_id": str(desk.location.public_id),
        "starts_at": zulu(at(9)),
        "ends_at": zulu(at(9, 50)),
        "busy_from": zulu(at(9)),
        "busy_until": zulu(at(9, 50)),
        "timezone": "America/New_York",
        "status": "booked",
        "confirmed_at": None,
        "arrived_at": None,
        "cancelled_at": None,
        "cancel_reason": "",
        "is_late_cancellation": False,
        "overlaps_on_purpose": False,
        "overlap_reason": "",
        "version": 1,
        "warnings": ["not_screened"],
        "created_at": zulu(row.created_at),
        "updated_at": zulu(row.updated_at),
    }


def test_the_same_key_books_once_and_answers_the_same(desk, client_of):
    client = client_of()
    first = client.post(URL, body(desk), format="json", headers={"Idempotency-Key": "one"})
    again = client.post(URL, body(desk), format="json", headers={"Idempotency-Key": "one"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert Appointment.objects.count() == 1


def test_a_clash_is_a_409_with_whose_time_and_three_alternatives(desk, client_of):
    desk.book(at(9), patient=desk.new_patient())

    answer = client_of().post(URL, body(desk), format="json")

    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "slot_taken"
    assert [one["starts_at"] for one in problem["facts"]["alternatives"]] == [
        start.astimezone(UTC).isoformat() for start in (at(10), at(10, 15), at(10, 30))
    ]
    assert Appointment.objects.count() == 1


def test_a_refused_booking_may_be_tried_again_with_its_key(desk, client_of):
    blocking = desk.book(at(9), patient=desk.new_patient())
    client = client_of()
    refused = client.post(URL, body(desk), format="json", headers={"Idempotency-Key": "one"})
    services.cancel_appointment(appointment=blocking, reason="clinic", by=desk.front_desk)
    booked = client.post(URL, body(desk), format="json", headers={"Idempotency-Key": "one"})
    assert (refused.status_code, booked.status_code) == (409, 201)


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("starts_at", "2020-01-01T09:00:00Z", (422, "slot_in_the_past")),
        ("starts_at", "0001-01-01T00:00:00Z", (422, "slot_in_the_past")),
        ("starts_at", "9999-12-31T23:00:00Z", (422, "too_far_ahead")),
        ("starts_at", "9999-12-31T23:59:59-12:00", (400, "invalid")),
        ("starts_at", "2027-01-11T09:00:00", (400, "invalid")),
        ("starts_at", "soon", (400, "invalid")),
        ("starts_at", None, (400, "invalid")),
        ("patient_id", "not-an-id", (400, "invalid")),
        ("room_id", "\x00", (400, "invalid")),
        ("service_id", 7, (400, "invalid")),
        ("colour", "red", (400, "invalid")),
    ],
)
def test_bad_input_is_a_4xx_that_names_the_field(desk, client_of, field, value, refusal):
    answer = client_of().post(URL, body(desk, **{field: value}), format="json")
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert list(answer.json()["fields"]) == [field]
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("field", ["patient_id", "therapist_id", "location_id", "room_id"])
def test_what_is_hidden_cannot_be_booked_and_looks_like_nothing(desk, client_of, field):
    elsewhere = LocationFactory()
    hidden = {
        "patient_id": PatientFactory(locations=[elsewhere]),
        "therapist_id": UserFactory(locations=[elsewhere], services=[desk.service]),
        "location_id": elsewhere,
        "room_id": RoomFactory(location=elsewhere),
    }[field]
    client = client_of()
    refused = client.post(URL, body(desk, **{field: str(hidden.public_id)}), format="json")
    absent = client.post(URL, body(desk, **{field: "11111111-1111-4111-8111-111111111111"}), format="json")

    assert (refused.status_code, absent.status_code) == (400, 400)
    assert refused.json()["fields"][field][0].replace(str(hidden.public_id), "") == absent.json()["fields"][field][
        0
    ].replace("11111111-1111-4111-8111-111111111111", "")
    assert not Appointment.objects.exists()


def test_screening_blocks_with_codes(desk, client_of):
    service = ServiceFactory()
    service.for_unscreened_patients = False
    service.save()
    desk.therapist.services.add(service)
    answer = client_of().post(URL, body(desk, service_id=str(service.public_id)), format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "screening_blocks")
    assert answer.json()["facts"] == {"reasons": ["not_screened"]}


def test_reading_one_is_noted_in_the_patients_trail(desk, client_of):
    appointment = desk.book()
    answer = client_of().get(one(appointment))
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    assert AuditEvent.objects.filter(action="patient.read", patient_id=desk.patient.public_id).count() == 1


def test_moving_needs_the_version_that_was_read(desk, client_of):
    appointment = desk.book(at(9))
    client = client_of()
    change = {"starts_at": zulu(at(14))}

    assert client.patch(one(appointment), change, format="json").status_code == 428
    assert client.patch(one(appointment), change, format="json", headers={"If-Match": '"2"'}).status_code == 412
    appointment.refresh_from_db()
    assert appointment.starts_at == at(9)

    moved = client.patch(one(appointment), change, format="json", headers={"If-Match": '"1"'})
    assert (moved.status_code, moved["ETag"], moved.json()["starts_at"]) == (200, '"2"', zulu(at(14)))
    assert moved.json()["id"] == str(appointment.public_id)


def test_moving_only_the_room_keeps_the_time(desk, client_of):
    appointment = desk.book(at(9))
    room = desk.new_room()
    moved = client_of().patch(
        one(appointment), {"room_id": str(room.public_id)}, format="json", headers={"If-Match": '"1"'}
    )
    assert (moved.json()["room_id"], moved.json()["starts_at"]) == (str(room.public_id), zulu(at(9)))


@pytest.mark.parametrize(
    ("act", "payload", "status"),
    [("confirm", None, "confirmed"), ("arrive", None, "arrived"), ("cancel", {"reason": "clinic"}, "cancelled")],
)
def test_acts_answer_the_visit_and_may_be_repeated(desk, client_of, act, payload, status):
    appointment = desk.book()
    client = client_of()
    answers = [client.post(one(appointment, f"{act}/"), payload, format="json") for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"], answer["ETag"]) for answer in answers] == [
        (200, status, '"2"')
    ] * 2


def test_a_visit_gets_another_length(desk, client_of):
    appointment = desk.book()
    client = client_of()
    longer = client.patch(one(appointment), {"minutes": 80}, format="json", headers={"If-Match": '"1"'})
    assert (longer.status_code, longer.json()["ends_at"], longer["ETag"]) == (200, zulu(at(10, 20)), '"2"')
    for wrong in (0, -5, 4, 481, "long"):
        refused = client.patch(one(appointment), {"minutes": wrong}, format="json", headers={"If-Match": '"2"'})
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["minutes"])
    assert Appointment.objects.get().ends_at == at(10, 20)


def test_a_visit_is_booked_with_a_length_of_its_own(desk, client_of):
    client = client_of()
    asked = {"service": str(desk.service.public_id), "location": str(desk.location.public_id),
             "from": zulu(at(15)), "to": zulu(at(17)), "minutes": 120}  # fmt: skip
    offered = client.get("/api/v1/availability/", asked).json()["results"]
    assert [(slot["starts_at"], slot["ends_at"]) for slot in offered] == [(zulu(at(15)), zulu(at(17)))]
    answer = client.post(URL, body(desk, starts_at=zulu(at(15)), minutes=120), format="json")
    assert (answer.status_code, answer.json()["ends_at"]) == (201, zulu(at(17)))


def test_a_cancellation_is_taken_back_once(desk, client_of):
    appointment = desk.book()
    client = client_of()
    client.post(one(appointment, "cancel/"), {"reason": "clinic"}, format="json")
    answers = [client.post(one(appointment, "restore/"), format="json") for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"], answer["ETag"]) for answer in answers] == [
        (200, "booked", '"3"')
    ] * 2


def test_a_time_given_away_is_not_taken_back(desk, client_of):
    appointment = desk.book()
    client = client_of()
    client.post(one(appointment, "cancel/"), {"reason": "clinic"}, format="json")
    desk.book(patient=desk.new_patient(), room=desk.new_room())
    answer = client.post(one(appointment, "restore/"), {"notify": False}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert len(answer.json()["facts"]["alternatives"]) == 3
    assert Appointment.objects.get(pk=appointment.pk).status == "cancelled"


def test_a_no_show_before_the_visit_names_the_rule(desk, client_of):
    answer = client_of().post(one(desk.book(), "no-show/"))
    assert (answer.status_code, answer.json()["code"]) == (422, "too_early_for_no_show")


def test_an_illegal_act_names_what_is_allowed(desk, client_of):
    appointment = desk.book()
    Appointment.objects.update(status="in_session")
    answer = client_of().post(one(appointment, "confirm/"))
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert answer.json()["facts"] == {"status": "in_session", "allowed": ["completed"]}


@pytest.mark.parametrize("payload", [{}, {"reason": "patient_by_link"}, {"reason": "because"}])
def test_cancelling_needs_a_reason_staff_may_give(desk, client_of, payload):
    appointment = desk.book()
    answer = client_of().post(one(appointment, "cancel/"), payload, format="json")
    assert answer.status_code == 400
    assert Appointment.objects.get().status == "booked"


@pytest.mark.parametrize("act", ["", "confirm/", "arrive/", "no-show/", "cancel/", "restore/"])
def test_a_stranger_finds_nothing(desk, api, stranger, act):
    appointment = desk.book()
    client = api(stranger)
    if act:
        payload = {"reason": "clinic"} if act == "cancel/" else None
        assert client.post(one(appointment, act), payload, format="json").status_code == 404
    else:
        assert client.get(one(appointment)).status_code == 404
        change = {"starts_at": zulu(at(14))}
        moved = client.patch(one(appointment), change, format="json", headers={"If-Match": '"1"'})
        assert moved.status_code == 404
        assert client.get(URL).json()["results"] == []
    assert Appointment.objects.get().version == 1


def test_auditors_read_and_do_nothing(desk, api):
    appointment = desk.book()
    client = api(UserFactory(roles=["auditor"], locations=[desk.location]))
    assert client.get(one(appointment)).status_code == 200
    assert client.post(one(appointment, "confirm/")).status_code == 403
    assert client.get("/api/v1/availability/").status_code == 403
    assert Appointment.objects.get().status == "booked"


def test_a_visitor_gets_401(desk):
    assert APIClient().get(URL).status_code == 401


def test_lists_what_was_asked_for(desk, client_of):
    client = client_of()
    colleague, other = desk.new_therapist(), desk.new_patient()
    desk.new_room()
    first, second = desk.book(at(9)), desk.book(at(9), therapist=colleague, patient=other)
    third = services.cancel_appointment(appointment=desk.book(at(9, days=1)), reason="clinic", by=desk.front_desk)

    def ids(**query):
        rows = client.get(URL, query).json()["results"]
        return {row["id"] for row in rows}

    def of(*visits):
        return {str(visit.public_id) for visit in visits}

    assert ids() == of(first, second, third)
    assert ids(therapist=str(colleague.public_id)) == of(second)
    assert ids(patient=str(desk.patient.public_id)) == of(first, third)
    assert ids(status="cancelled") == of(third)
    assert ids(status=["cancelled", "booked"], therapist=str(desk.therapist.public_id)) == of(first, third)
    assert ids(location=str(desk.location.public_id), **{"from": zulu(at(9)), "to": zulu(at(9, 30))}) == of(
        first, second
    )
    day = at(9).date()
    assert ids(location=str(desk.location.public_id), **{"from": day.isoformat(), "to": day.isoformat()}) == of(
        first, second
    )
    later = zulu(Appointment.objects.order_by("-updated_at").first().updated_at)
    assert ids(updated_since=later) == of(third)


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"location": "x"}, {"status": "lost"}, {"from": "9999-99-99"}, {"to": "9999-12-31"}],
)
def test_a_filter_that_makes_no_sense_is_a_400(desk, client_of, query):
    assert client_of().get(URL, query).status_code == 400


@pytest.mark.parametrize("number", [3, 12])
def test_the_list_takes_a_constant_number_of_queries(desk, client_of, number, django_assert_num_queries):
    for step in range(number):
        desk.book(at(9 + step % 7, days=step // 7), patient=desk.new_patient(), notify=False)
    client = client_of()
    with django_assert_num_queries(1):
        assert len(client.get(URL).json()["results"]) == number


AVAILABILITY = "/api/v1/availability/"


def test_availability_is_told_with_the_locations_zone(desk, client_of):
    answer = client_of().get(
        AVAILABILITY,
        {
            "service": str(desk.service.public_id),
            "location": str(desk.location.public_id),
            "therapist": str(desk.therapist.public_id),
            "from": zulu(at(9)),
            "to": zulu(at(9, 30)),
        },
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "location_id": str(desk.location.public_id),
        "service_id": str(desk.service.public_id),
        "timezone": "America/New_York",
        "results": [
            {
                "starts_at": zulu(start),
                "ends_at": zulu(start + timedelta(minutes=50)),
                "therapist_id": str(desk.therapist.public_id),
            }
            for start in (at(9), at(9, 15))
        ],
    }


def test_availability_of_dates_means_local_days(desk, client_of):
    day = at(9).date().isoformat()
    query = {"service": str(desk.service.public_id), "location": str(desk.location.public_id), "from": day, "to": day}
    assert len(client_of().get(AVAILABILITY, query).json()["results"]) == 29


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"from": None}, 400),
        ({"service": "x"}, 400),
        ({"to": "2020-01-01"}, 422),
        ({"from": "0001-01-01", "to": "0001-01-02"}, 200),
        ({"from": "9999-12-30", "to": "9999-12-31"}, 400),
        ({"from": "2027-01-01", "to": "2027-04-01"}, 422),
    ],
)
def test_an_availability_window_that_makes_no_sense_is_a_4xx(desk, client_of, changes, status):
    query = {
        "service": str(desk.service.public_id),
        "location": str(desk.location.public_id),
        "from": "2027-01-11",
        "to": "2027-01-12",
        **changes,
    }
    answer = client_of().get(AVAILABILITY, {name: value for name, value in query.items() if value})
    assert answer.status_code == status


def test_a_stranger_asks_for_no_free_slots_here(desk, api, stranger):
    query = {
        "service": str(desk.service.public_id),
        "location": str(desk.location.public_id),
        "from": "2027-01-11",
        "to": "2027-01-12",
    }
    assert api(stranger).get(AVAILABILITY, query).status_code == 400


def hours(desk, **changes):
    return {
        "therapist_id": str(desk.therapist.public_id),
        "location_id": str(desk.location.public_id),
        "weekday": 0,
        "periods": [{"starts_at_local": "08:00", "ends_at_local": "12:00"}],
        "valid_from": "2027-01-01",
        **changes,
    }


def test_admins_set_hours_and_see_them(desk, api):
    client = api(desk.admin)
    answer = client.post("/api/v1/working-hours/", hours(desk), format="json")
    assert answer.status_code == 201
    assert [row["starts_at_local"] for row in answer.json()] == ["08:00:00"]
    assert len(client.get("/api/v1/working-hours/").json()["results"]) == 6


def test_others_do_not_set_hours(desk, api, stranger):
    before = WorkingHours.objects.count()
    assert api(desk.front_desk).post("/api/v1/working-hours/", hours(desk), format="json").status_code == 403
    assert api(stranger).post("/api/v1/working-hours/", hours(desk), format="json").status_code == 400
    assert api(stranger).get("/api/v1/working-hours/").json()["results"] == []
    wrong = hours(desk, periods=[{"starts_at_local": "12:00", "ends_at_local": "08:00"}])
    assert api(desk.admin).post("/api/v1/working-hours/", wrong, format="json").status_code == 422
    assert WorkingHours.objects.count() == before


def test_admins_note_time_off_and_take_it_back(desk, api, stranger):
    client = api(desk.admin)
    away = {
        "therapist_id": str(desk.therapist.public_id),
        "location_id": str(desk.location.public_id),
        "starts_at": zulu(at(9)),
        "ends_at": zulu(at(12)),
    }
    assert api(desk.front_desk).post("/api/v1/time-off/", away, format="json").status_code == 403
    noted = client.post("/api/v1/time-off/", away, format="json")
    assert noted.status_code == 201
    address = f"/api/v1/time-off/{noted.json()['id']}/"
    assert api(stranger).delete(address).status_code == 404
    assert api(desk.front_desk).delete(address).status_code == 403
    assert TimeOff.objects.count() == 1
    assert client.delete(address).status_code == 204
    assert not TimeOff.objects.exists()


@pytest.mark.parametrize(("url", "number"), [("/api/v1/working-hours/", 10), ("/api/v1/time-off/", 0)])
def test_hours_take_one_query(desk, api, url, number, django_assert_num_queries):
    desk.new_therapist()
    client = api(desk.admin)
    with django_assert_num_queries(1):
        assert len(client.get(url).json()["results"]) == number


def test_a_visit_elsewhere_is_seen_but_not_changed(desk, api):
    appointment = desk.book()
    elsewhere = make_desk()
    desk.patient.locations.add(elsewhere.location)
    client = api(elsewhere.front_desk)
    assert client.get(one(appointment)).status_code == 200
    answer = client.post(one(appointment, "cancel/"), {"reason": "clinic"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_location")
    assert Appointment.objects.get().status == "booked"


HOLDS = "/api/v1/slot-holds/"


def test_a_slot_is_held_extended_and_booked(desk, client_of):
    client = client_of()
    asked = {name: value for name, value in body(desk).items() if name != "patient_id"}
    held = client.post(HOLDS, asked, format="json")
    assert held.status_code == 201
    assert set(held.json()) == {
        "id", "therapist_id", "room_id", "service_id", "location_id", "starts_at", "ends_at", "held_until", "updated_at"
    }  # fmt: skip
    key = held.json()["id"]
    assert [one["id"] for one in client.get(HOLDS).json()["results"]] == [key]
    assert client.get(URL).json()["results"] == []
    assert client.post(URL, body(desk), format="json").json()["code"] == "slot_taken"
    assert client.post(f"{HOLDS}{key}/extend/").status_code == 200

    answer = client.post(URL, body(desk, hold_id=key), format="json")

    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (201, key, "booked")
    assert client.get(HOLDS).json()["results"] == []


def test_a_held_slot_is_let_go(desk, client_of):
    client = client_of()
    held = services.hold_slot(
        therapist=desk.therapist, service=desk.service, location=desk.location, starts_at=at(9), by=desk.front_desk
    )
    assert client.delete(f"{HOLDS}{held.public_id}/").status_code == 204
    assert client.delete(f"{HOLDS}{held.public_id}/").status_code == 404
    assert not Appointment.objects.exists()


def test_a_stranger_finds_no_held_slot(desk, api, stranger):
    held = services.hold_slot(
        therapist=desk.therapist, service=desk.service, location=desk.location, starts_at=at(9), by=desk.front_desk
    )
    client = api(stranger)
    assert client.get(HOLDS).json()["results"] == []
    assert client.delete(f"{HOLDS}{held.public_id}/").status_code == 404
    assert client.post(f"{HOLDS}{held.public_id}/extend/").status_code == 404
    assert Appointment.objects.get().status == "held"


def test_a_deliberate_overlap_needs_the_right_member_and_is_shown(desk, client_of):
    desk.new_room()
    desk.book(at(9))
    wanted = body(desk, patient_id=str(desk.new_patient().public_id), overlap_reason="A couple, treated together")
    refused = client_of().post(URL, wanted, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert Appointment.objects.count() == 1

    answer = client_of(desk.admin).post(URL, wanted, format="json")

    assert answer.status_code == 201
    assert (answer.json()["overlaps_on_purpose"], answer.json()["overlap_reason"]) == (
        True,
        "A couple, treated together",
    )
