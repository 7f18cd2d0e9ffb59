"""The wait-list and its offers for programs."""

import pytest

from scheduling.models import Appointment, SlotHold, Vacancy, WaitListEntry
from tests.scheduling.factories import at
from tests.scheduling.waiting import cancelled, offered, states, waits

pytestmark = pytest.mark.django_db

ENTRIES, VACANCIES, OFFERS = "/api/v1/wait-list-entries/", "/api/v1/vacancies/", "/api/v1/offers/"


def body(desk, **changes):
    return {
        "patient_id": str(desk.patient.public_id),
        "location_id": str(desk.location.public_id),
        "service_id": str(desk.service.public_id),
        "from_on": at(9).date().isoformat(),
        "until_on": at(9, days=20).date().isoformat(),
        "weekdays": [2, 0],
        "earliest_local": "09:00",
        "therapist_ids": [str(desk.therapist.public_id)],
        **changes,
    }


def test_join_read_change_and_leave(desk, api):
    client = api(desk.front_desk)
    joined = client.post(ENTRIES, body(desk), format="json")
    assert (joined.status_code, joined["ETag"]) == (201, '"1"')
    entry = joined.json()
    assert set(entry) == {
        "id", "patient_id", "location_id", "service_id", "therapist_ids", "weekdays", "earliest_local",
        "latest_local", "from_on", "until_on", "minutes", "notice_minutes", "instead_of_id", "status",
        "appointment_id", "version", "created_at", "updated_at",
    }  # fmt: skip
    assert (entry["weekdays"], entry["therapist_ids"]) == ([0, 2], [str(desk.therapist.public_id)])
    address = f"{ENTRIES}{entry['id']}/"

    wish = {"from_on": entry["from_on"], "until_on": entry["until_on"], "minutes": 80}
    assert client.put(address, wish, format="json").status_code == 428
    changed = client.put(address, wish, format="json", headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["minutes"], changed.json()["weekdays"]) == (200, 80, [])
    assert client.put(address, wish, format="json", headers={"If-Match": '"1"'}).status_code == 412

    assert client.post(f"{address}leave/").json()["status"] == "withdrawn"
    assert client.post(f"{address}leave/").status_code == 200
    assert client.get(address).json()["version"] == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until_on": "2020-01-01"}, "until_on"),
        ({"from_on": "soon"}, "from_on"),
        ({"weekdays": [7]}, "weekdays"),
        ({"minutes": 3}, "minutes"),
        ({"notice_minutes": 99999}, "notice_minutes"),
        ({"patient_id": "11111111-1111-4111-8111-111111111111"}, "patient_id"),
        ({"therapist_ids": ["x"]}, "therapist_ids"),
        ({"latest_local": "08:00"}, "latest_local"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(desk, api, changes, field):
    answer = api(desk.front_desk).post(ENTRIES, body(desk, **changes), format="json")
    assert answer.status_code in (400, 422)
    assert field in str(answer.json()["fields"])
    assert not WaitListEntry.objects.exists()


def test_twice_is_a_conflict(desk, api):
    client = api(desk.front_desk)
    client.post(ENTRIES, body(desk), format="json")
    answer = client.post(ENTRIES, body(desk), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_waiting")
    assert WaitListEntry.objects.count() == 1


def test_a_time_is_offered_accepted_and_ended(desk, api):
    client = api(desk.front_desk)
    visit, entries = cancelled(desk), [waits(desk), waits(desk)]
    wanted = {
        "appointment_id": str(visit.public_id),
        "entry_ids": [str(entry.public_id) for entry in entries],
        "mode": "one_by_one",
        "answer_minutes": 30,
    }
    created = client.post(VACANCIES, wanted, format="json")
    assert created.status_code == 201
    first, second = created.json()["offers"]
    assert (first["status"], second["status"], first["entry_id"]) == ("offered", "next", str(entries[0].public_id))

    assert client.post(f"{OFFERS}{first['id']}/decline/").json()["status"] == "declined"
    booked = client.post(f"{OFFERS}{second['id']}/accept/")
    assert booked.json()["patient_id"] == str(entries[1].patient.public_id)
    assert client.post(f"{OFFERS}{first['id']}/accept/").json()["code"] == "offer_over"
    address = f"{VACANCIES}{created.json()['id']}/"
    assert client.post(f"{address}end/").json()["status"] == "taken"
    assert Appointment.objects.filter(status="booked").count() == 1


def test_ending_an_offer_frees_the_time(desk, api):
    vacancy = offered(desk, [waits(desk)])
    answer = api(desk.front_desk).post(f"{VACANCIES}{vacancy.public_id}/end/")
    assert (answer.json()["status"], [one["status"] for one in answer.json()["offers"]]) == ("ended", ["lost"])
    assert not SlotHold.objects.standing().exists()


@pytest.mark.parametrize("number", [3, 12])
def test_lists_take_a_constant_number_of_queries(desk, api, number, django_assert_num_queries):
    entries = [waits(desk, therapists=[desk.therapist]) for _ in range(number)]
    offered(desk, entries, mode="broadcast")
    client = api(desk.front_desk)
    client.get(ENTRIES)
    with django_assert_num_queries(2):
        assert len(client.get(ENTRIES).json()["results"]) == number
    with django_assert_num_queries(2):
        assert len(client.get(VACANCIES).json()["results"][0]["offers"]) == number


def test_strangers_find_nothing(desk, api, stranger):
    vacancy = offered(desk, [waits(desk)])
    entry, offer = WaitListEntry.objects.get(), vacancy.offers.get()
    client = api(stranger)
    assert client.get(ENTRIES).json()["results"] == []
    assert client.get(VACANCIES).json()["results"] == []
    for address in (
        f"{ENTRIES}{entry.public_id}/leave/",
        f"{VACANCIES}{vacancy.public_id}/end/",
        f"{OFFERS}{offer.public_id}/accept/",
        f"{OFFERS}{offer.public_id}/decline/",
    ):
        assert client.post(address).status_code == 404
    assert (states(vacancy), Vacancy.objects.get().status) == (["offered"], "open")
