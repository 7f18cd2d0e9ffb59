"""Dragging a visit: asked about, then done by the same act as every move."""

import json

import pytest

from messaging.models import Message
from scheduling.models import Appointment
from tests.factories import LocationFactory, UserFactory
from tests.pages import text_of
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db

DIALOG = {"HX-Request": "true", "HX-Target": "dialog-body"}


def put_down(visit, hour=14, minute=0, **changes):
    where = {
        "on": at(9).date().isoformat(),
        "at": f"{hour:02}:{minute:02}",
        "minutes": 50,
        "therapist": str(visit.therapist.public_id),
        "version": visit.version,
        **changes,
    }
    return {name: value for name, value in where.items() if value is not None}


def ask(client, visit, **changes):
    return client.get(f"/appointments/{visit.public_id}/shift/", put_down(visit, **changes), headers=DIALOG)


def shift(client, visit, **changes):
    return client.post(f"/appointments/{visit.public_id}/shift/", put_down(visit, **changes), headers=DIALOG)


def times():
    return list(Appointment.objects.order_by("id").values_list("starts_at", "ends_at", "therapist", "room", "version"))


def test_the_desk_is_asked_first_and_nothing_has_happened_yet(desk, page_of):
    visit = desk.book(at(9))
    before = times()

    page = text_of(ask(page_of(desk.front_desk), visit))

    assert "09:00–09:50" in page
    assert "14:00–14:50" in page
    assert 'name="notify" checked' in page
    assert times() == before


def test_yes_moves_it_tells_the_patient_and_has_the_diary_look_again(desk, page_of):
    visit = desk.book(at(9), notify=False)
    answer = shift(page_of(desk.front_desk), visit, minute=15, minutes=80, notify="on")

    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"]) == {"diary-changed": {}}
    moved = Appointment.objects.get()
    assert (moved.starts_at, moved.minutes, moved.version) == (at(14, 15), 80, 2)
    assert Message.objects.filter(template="appointment_moved").count() == 1


def test_the_patient_is_not_told_when_the_desk_says_so(desk, page_of):
    visit = desk.book(at(9), notify=False)
    shift(page_of(desk.front_desk), visit)
    assert Appointment.objects.get().starts_at == at(14)
    assert not Message.objects.filter(template="appointment_moved").exists()


def test_to_another_therapist_or_another_room(desk, page_of):
    visit, colleague, room = desk.book(at(9)), desk.new_therapist(), desk.new_room()
    client = page_of(desk.front_desk)

    shift(client, visit, hour=9, therapist=str(colleague.public_id))
    visit.refresh_from_db()
    assert (visit.therapist, visit.room, visit.starts_at) == (colleague, desk.room, at(9))

    shift(client, visit, hour=9, therapist=None, room=str(room.public_id))
    visit.refresh_from_db()
    assert (visit.therapist, visit.room) == (colleague, room)


def test_onto_somebody_is_refused_with_free_times_to_press(desk, page_of):
    visit, other = desk.book(at(9)), desk.book(at(14), patient=desk.new_patient())
    client, before = page_of(desk.front_desk), times()

    answer = shift(client, visit, notify="on")

    assert answer.status_code == 409
    page = text_of(answer)
    assert 'data-code="slot_taken"' in page
    assert other.patient.family_name not in page
    assert times() == before
    free = page.split('name="slot" value="')[1].split('"')[0]

    assert shift(client, visit, slot=free).status_code == 200
    visit.refresh_from_db()
    assert visit.starts_at == at(15)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"hour": 3}, 422, "does not work at this location at that time"),
        ({"minutes": 4}, 422, "greater than or equal to 5"),
        ({"minutes": "x"}, 422, "whole number"),
        ({"at": "25:00"}, 422, "valid time"),
        ({"on": "2027-02-30"}, 422, "valid date"),
        ({"therapist": "11111111-1111-4111-8111-111111111111"}, 422, "valid choice"),
        ({"room": "x"}, 422, "valid choice"),
        ({"version": 9}, 412, "Changed in the meantime"),
        ({"version": None}, 422, "required"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(desk, page_of, changes, status, said):
    visit = desk.book(at(9))
    before = times()

    answer = shift(page_of(desk.front_desk), visit, **changes)

    assert answer.status_code == status
    assert said in text_of(answer)
    assert times() == before


def test_a_therapist_or_room_of_another_location_is_none(desk, page_of):
    visit, before = desk.book(at(9)), times()
    elsewhere = UserFactory(roles=["therapist"], locations=[LocationFactory()])
    answer = shift(page_of(desk.front_desk), visit, therapist=str(elsewhere.public_id))
    assert answer.status_code == 422
    assert times() == before


@pytest.mark.parametrize("role", ["front_desk", "therapist", "admin"])
def test_strangers_find_no_such_visit(desk, page_of, role):
    visit, before = desk.book(at(9)), times()
    stranger = page_of(UserFactory(roles=[role], locations=[LocationFactory()]))
    assert ask(stranger, visit).status_code == 404
    assert shift(stranger, visit).status_code == 404
    assert times() == before


def test_an_answer_without_scripts_is_heard_too(desk, page_of):
    visit, client = desk.book(at(9)), page_of(desk.front_desk)
    address = f"/appointments/{visit.public_id}/shift/"
    desk.book(at(11), patient=desk.new_patient())

    refused = client.post(address, put_down(visit, 11), follow=True)
    assert "The visit was not moved." in text_of(refused)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (at(9), 1)

    done = client.post(address, put_down(visit), follow=True)
    assert "is moved." in text_of(done)
    visit.refresh_from_db()
    assert visit.starts_at == at(14)


def test_without_scripts_the_address_leads_to_the_visits_page(desk, page_of):
    visit = desk.book(at(9))
    answer = page_of(desk.front_desk).get(f"/appointments/{visit.public_id}/shift/")
    assert answer.url == f"/appointments/{visit.public_id}/"
