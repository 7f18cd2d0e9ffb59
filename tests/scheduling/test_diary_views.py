"""The diary looked at in other ways: by room, by week, one therapist only, taller; and what is still to confirm."""

from datetime import date, timedelta

import pytest

from scheduling import services
from scheduling.board import Arrangement
from scheduling.diary import board
from tests.factories import AppointmentFactory, LocationFactory, UserFactory
from tests.pages import text_of
from tests.scheduling.factories import TimeOffFactory, at

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def diary(client, desk, **query):
    return client.get("/diary/", {"date": at(9).date().isoformat(), "location": str(desk.location.public_id), **query})


def shown(desk, **wish):
    return board(location=desk.location, day=at(9).date(), user=desk.front_desk, **wish)


def test_rooms_have_columns_with_their_visits_and_free_places(desk, page_of):
    empty = desk.new_room()
    visit = desk.book(at(9))

    by_room = {column.room: column for column in shown(desk, arrangement=Arrangement.ROOMS).columns}
    page = text_of(diary(page_of(desk.front_desk), desk, view="rooms"))

    assert set(by_room) == {desk.room, empty}
    assert [card.appointment for card in by_room[desk.room].cards] == [visit]
    assert by_room[empty].cards == []
    assert len(by_room[empty].slots) == len(by_room[desk.room].slots) + 2
    assert f'data-room="{empty.public_id}"' in page
    assert desk.therapist.full_name in page


def test_a_room_out_of_use_is_shown_only_while_visits_are_in_it_and_offers_nothing(desk):
    desk.new_room(is_active=False)
    desk.book(at(9))
    desk.room.is_active = False
    desk.room.save()

    columns = shown(desk, arrangement=Arrangement.ROOMS).columns

    assert [column.room for column in columns] == [desk.room]
    assert columns[0].slots == []


def test_a_place_in_a_rooms_column_leads_to_the_form_with_that_room_and_time(desk, page_of):
    second = desk.new_room()
    client = page_of(desk.front_desk)
    query = {"location": str(desk.location.public_id), "room": str(second.public_id), "starts_at": at(10).isoformat()}

    page = text_of(client.get("/diary/book/", query))

    assert f'<option value="{second.public_id}" selected' in page
    pressed = page.split(" checked><span>10:00")[0].rsplit('value="', 1)[1]
    assert pressed.endswith(f'{desk.therapist.public_id}"')


def test_a_booking_takes_the_room_that_was_chosen(desk, page_of):
    second = desk.new_room()
    payload = {
        "location": str(desk.location.public_id),
        "service": str(desk.service.public_id),
        "patient": str(desk.patient.public_id),
        "on": at(9).date().isoformat(),
        "slot": f"{at(9).isoformat()}~{desk.therapist.public_id}",
        "room": str(second.public_id),
    }
    answer = page_of(desk.front_desk).post(f"/diary/book/?location={desk.location.public_id}", payload)
    assert answer.status_code == 302
    assert desk.patient.appointments.get().room == second


def test_times_are_offered_for_the_chosen_room_only(desk, page_of):
    second = desk.new_room()
    colleague = desk.new_therapist()
    desk.book(at(9), therapist=colleague, room=second)
    query = {
        "location": str(desk.location.public_id),
        "service": str(desk.service.public_id),
        "therapist": str(desk.therapist.public_id),
        "on": at(9).date().isoformat(),
    }
    client = page_of(desk.front_desk)

    def offered(**more):
        return text_of(client.get("/diary/slots/", {**query, **more})).count('name="slot"')

    assert offered() == 29
    assert offered(room=str(second.public_id)) < offered(room=str(desk.room.public_id)) == 29


def test_a_week_is_one_therapists_monday_to_friday_and_the_weekend_only_if_there_is_something(desk):
    desk.new_therapist()
    first, third = desk.book(at(9)), desk.book(at(9, days=2), patient=desk.new_patient())
    week = shown(desk, arrangement=Arrangement.WEEK, whose=desk.therapist)

    assert [column.day.weekday() for column in week.columns] == [0, 1, 2, 3, 4]
    assert week.whose == desk.therapist
    assert [[card.appointment for card in column.cards] for column in week.columns] == [[first], [], [third], [], []]
    assert [len(column.slots) for column in week.columns][1] == 16

    saturday = week.days[5]
    AppointmentFactory(
        therapist=desk.therapist, location=desk.location, patient=desk.new_patient(), room=desk.room,
        starts_at=at(9, days=(saturday - at(9).date()).days),
    )  # fmt: skip
    again = shown(desk, arrangement=Arrangement.WEEK, whose=desk.therapist)
    assert [column.day.weekday() for column in again.columns] == [0, 1, 2, 3, 4, 5]


def test_a_week_without_a_name_is_the_readers_own_or_the_first_therapists(desk):
    colleague = desk.new_therapist()
    wish = {"location": desk.location, "day": at(9).date(), "arrangement": Arrangement.WEEK}
    assert board(**wish, user=colleague).whose == colleague
    assert board(**wish, user=desk.front_desk).whose in (desk.therapist, colleague)


def test_a_therapist_of_another_location_is_nobody_here(desk):
    elsewhere = UserFactory(roles=["therapist"], locations=[LocationFactory()])
    week = shown(desk, arrangement=Arrangement.WEEK, whose=elsewhere)
    assert week.whose == desk.therapist
    assert shown(desk, whose=elsewhere).whose is None


def test_one_therapist_only(desk, page_of):
    colleague = desk.new_therapist()
    desk.book(at(9))
    other = desk.book(at(9), therapist=colleague, patient=desk.new_patient(), room=desk.new_room())

    page = text_of(diary(page_of(desk.front_desk), desk, whose=str(colleague.public_id)))

    assert page.count('class="diary-column"') == 1
    assert str(other.public_id) in page
    assert page.count('class="visit ') == 1


def test_absences_and_the_past_offer_nothing_in_a_week(desk):
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(0, days=1), ends_at=at(0, days=2))
    week = shown(desk, arrangement=Arrangement.WEEK, now=at(12))
    assert [len(column.slots) for column in week.columns] == [10, 0, 16, 16, 16]
    assert [column.is_today for column in week.columns] == [True, False, False, False, False]
    assert [bool(column.away) for column in week.columns] == [False, True, False, False, False]


def test_how_the_diary_was_looked_at_is_remembered_but_not_by_a_refresh_in_the_background(desk, page_of):
    client = page_of(desk.front_desk)
    diary(client, desk, view="rooms", zoom="tall", whose=str(desk.therapist.public_id))

    again = text_of(client.get("/diary/"))
    assert 'class="diary from-9 until-17 diary-tall"' in again
    assert "data-room=" in again

    client.get("/diary/?view=list&zoom=compact", headers={**HTMX, "HX-Target": "diary-grid"})
    assert "data-room=" in text_of(client.get("/diary/"))
    assert text_of(client.get("/diary/?view=grid")).count('class="diary-column"') == 1


@pytest.mark.parametrize("query", [{"view": "x"}, {"zoom": "y"}, {"whose": "z"}, {"week_of": "1"}])
def test_a_look_nobody_knows_is_the_usual_one(desk, page_of, query):
    page = text_of(diary(page_of(desk.front_desk), desk, **query))
    assert "diary-normal" in page
    assert f'data-therapist="{desk.therapist.public_id}"' in page


@pytest.mark.parametrize("view", ["grid", "rooms", "week", "list"])
def test_every_view_steps_by_its_own_length(desk, page_of, view):
    page = text_of(diary(page_of(desk.front_desk), desk, view=view))
    days = 7 if view == "week" else 1
    for step in (-days, days):
        assert f"?date={(at(9).date() + timedelta(days=step)).isoformat()}&location=" in page


@pytest.mark.parametrize("day", [date(2000, 1, 1), date(2199, 12, 31)])
def test_a_week_at_the_edge_of_the_calendar(desk, page_of, day):
    assert diary(page_of(desk.front_desk), desk, view="week", date=day.isoformat()).status_code == 200


QUERIES = {"rooms": 15, "week": 15, "list": 14}


@pytest.mark.parametrize("number", [3, 12])
@pytest.mark.parametrize("view", QUERIES)
def test_every_view_takes_a_constant_number_of_queries(desk, page_of, number, view, django_assert_num_queries):
    for step in range(number):
        whose = desk.therapist if view == "week" else desk.new_therapist()
        room = desk.new_room()
        when = at(9 + step % 7, days=step // 7)
        if view == "week" or step < 7:
            desk.book(when, patient=desk.new_patient(), therapist=whose, room=room, notify=False)
    client = page_of(desk.front_desk)
    diary(client, desk, view=view, week_of=str(desk.therapist.public_id))
    with django_assert_num_queries(QUERIES[view]):
        diary(client, desk, view=view)


def test_strangers_see_no_room_of_ours(desk, page_of, stranger):
    page = text_of(diary(page_of(stranger), desk, view="rooms"))
    assert str(desk.room.public_id) not in page


def test_visits_to_confirm_stand_beside_the_diary_until_they_are(desk, page_of):
    client = page_of(desk.front_desk)
    visit = desk.book(at(9))
    page = text_of(diary(client, desk))
    assert f'action="/appointments/{visit.public_id}/confirm/"' in page

    services.confirm_appointment(appointment=visit, by=desk.front_desk)

    page = text_of(diary(client, desk))
    assert f'action="/appointments/{visit.public_id}/confirm/"' not in page
    assert "Every visit to come on this day is confirmed." in page
