"""The desk's screens: diary, booking and a visit's page."""

import json
from datetime import time, timedelta

import pytest

from audit.models import AuditEvent
from messaging.models import Message
from scheduling import services
from scheduling.choices import value_of
from scheduling.models import Appointment
from tests.factories import AppointmentFactory, LocationFactory, PatientFactory, UserFactory
from tests.pages import text_of
from tests.scheduling.factories import TimeOffFactory, at, make_desk, work_weekdays

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def diary(client, desk, **query):
    return client.get("/diary/", {"date": at(9).date().isoformat(), "location": str(desk.location.public_id), **query})


def pressed(desk, hour, minute=0, therapist=None):
    return value_of(at(hour, minute), (therapist or desk.therapist).public_id)


def entries(desk, **changes):
    return {
        "location": str(desk.location.public_id),
        "patient": str(desk.patient.public_id),
        "service": str(desk.service.public_id),
        "therapist": "",
        "on": at(9).date().isoformat(),
        "slot": pressed(desk, 9),
        "notify": "on",
        **changes,
    }


def book_page(client, desk, payload, **headers):
    return client.post(f"/diary/book/?location={desk.location.public_id}", payload, headers=headers)


# The diary


def test_the_diary_shows_a_column_per_therapist_with_visits_and_the_zone(desk, page_of):
    colleague = desk.new_therapist()
    visit = desk.book(at(9))
    page = text_of(diary(page_of(desk.front_desk), desk))

    assert "New York time" in page
    assert page.count('class="diary-column"') == 2
    assert colleague.full_name in page
    assert desk.patient.full_name in page
    assert "09:00–09:50" in page
    assert f"/appointments/{visit.public_id}/" in page
    assert "at-9 past-0 for-0h for-50m" in page
    assert "Not screened yet" in page
    assert " style=" not in page
    assert "<script>" not in page


def test_free_places_lead_to_the_form_filled_in(desk, page_of):
    desk.book(at(9))
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(12), ends_at=at(17))
    page = text_of(diary(page_of(desk.front_desk), desk))

    starts = [at(10) + timedelta(minutes=30 * step) for step in range(4)]
    assert page.count('class="slot ') == 4
    for start in starts:
        assert f'aria-label="Book {desk.therapist.full_name} at {start:%H:%M}"' in page
    assert ">Away<" in page
    assert ">Closed<" not in page


def test_hours_nobody_works_are_shaded(desk, page_of):
    early = UserFactory(roles=["therapist"], locations=[desk.location], services=[desk.service])
    work_weekdays(early, desk.location, time(6), time(10))
    page = text_of(diary(page_of(desk.front_desk), desk))
    assert 'class="diary from-6 until-17 diary-normal"' in page
    assert '<div class="closed at-10 past-0 for-7h for-0m">Closed</div>' in page
    assert '<div class="closed at-6 past-0 for-3h for-0m">Closed</div>' in page


def test_the_past_has_no_free_places(desk, page_of):
    client = page_of(desk.front_desk)
    past = (at(9) - timedelta(days=70)).date().isoformat()
    page = text_of(diary(client, desk, date=past))
    assert 'class="diary-column"' in page
    assert 'class="slot ' not in page


def test_cancelled_visits_are_in_the_list_only(desk, page_of):
    visit = services.cancel_appointment(appointment=desk.book(at(9)), reason="clinic", by=desk.front_desk)
    page = text_of(diary(page_of(desk.front_desk), desk))
    grid, _, listed = page.partition('id="diary-list"')
    assert str(visit.public_id) not in grid
    assert str(visit.public_id) in listed


def test_a_therapist_sees_a_colleagues_visit_as_busy_time_without_a_name(desk, page_of):
    colleague = desk.new_therapist()
    desk.book(at(9))
    page = text_of(diary(page_of(colleague), desk))
    assert desk.patient.family_name not in page
    assert "Busy" in page


def test_a_visit_elsewhere_is_busy_time_too(desk, page_of):
    elsewhere = LocationFactory(name="Uptown")
    AppointmentFactory(therapist=desk.therapist, location=elsewhere, patient=desk.patient, starts_at=at(9))
    page = text_of(diary(page_of(desk.front_desk), desk))
    assert "Busy at Uptown" in page
    assert desk.patient.family_name not in page


def test_a_missed_visit_and_the_one_that_took_its_time_stand_side_by_side(desk, page_of):
    missed = desk.book(at(9))
    services.mark_no_show(appointment=missed, by=desk.front_desk, at=at(9, 20))
    desk.book(at(9), patient=desk.new_patient())
    page = text_of(diary(page_of(desk.front_desk), desk))
    assert "lane-1-of-2" in page
    assert "lane-2-of-2" in page


def test_another_locations_diary_is_not_shown(desk, page_of, stranger):
    desk.book(at(9))
    page = text_of(diary(page_of(stranger), desk))
    assert desk.patient.family_name not in page
    assert desk.location.name not in page


def test_the_location_is_remembered(desk, page_of):
    other = LocationFactory(name="AAA first by name")
    desk.front_desk.locations.add(other)
    client = page_of(desk.front_desk)
    assert "AAA first by name · " in text_of(client.get("/diary/"))
    diary(client, desk)
    assert f"{desk.location.name} · " in text_of(client.get("/diary/"))


def test_who_works_nowhere_is_told_what_to_do(page_of, db):
    page = text_of(page_of(UserFactory(roles=["front_desk"])).get("/diary/"))
    assert "You work at no location yet" in page


@pytest.mark.parametrize("date", ["", "yesterday", "0001-01-01", "9999-12-31", "2027-02-30"])
def test_any_date_in_the_address_gives_a_page(desk, page_of, date):
    assert diary(page_of(desk.front_desk), desk, date=date).status_code == 200


@pytest.mark.parametrize("address", ["/diary/", "/diary/book/", "/diary/slots/"])
def test_auditors_have_no_diary_and_visitors_sign_in(desk, client, page_of, address):
    assert client.get(address).url.startswith("/sign-in/")
    auditor = UserFactory(roles=["auditor"], locations=[desk.location])
    assert page_of(auditor).get(address).status_code == 403


def test_a_part_asked_for_after_the_session_ended_leads_to_sign_in_as_a_whole(client, db):
    answer = client.get("/diary/", headers={**HTMX, "HX-Target": "diary-grid"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/sign-in/")


def refresh_address(page):
    return page.split('<div hidden hx-get="')[1].split('"')[0]


def test_a_refresh_brings_only_what_changed(desk, page_of):
    client = page_of(desk.front_desk)
    headers = {**HTMX, "HX-Target": "diary-grid"}
    address = refresh_address(text_of(diary(client, desk)))

    assert client.get(f"/diary/{address}", headers=headers).status_code == 204
    desk.book(at(9))
    changed = client.get(f"/diary/{address}", headers=headers)

    assert changed.status_code == 200
    part = text_of(changed)
    assert desk.patient.full_name in part
    assert "<html" not in part
    assert 'hx-swap-oob="innerHTML"' in part
    assert client.get(f"/diary/{refresh_address(part)}", headers=headers).status_code == 204


def test_a_refresh_whose_hours_no_longer_fit_reloads_the_page(desk, page_of):
    client = page_of(desk.front_desk)
    address = refresh_address(text_of(diary(client, desk)))
    visit = desk.book(at(9))
    early = {"starts_at": at(7), "ends_at": at(8), "busy_from": at(7), "busy_until": at(8)}
    Appointment.objects.filter(pk=visit.pk).update(**early)
    answer = client.get(f"/diary/{address}", headers={**HTMX, "HX-Target": "diary-grid"})
    assert answer["HX-Refresh"] == "true"


@pytest.mark.parametrize("number", [3, 12])
def test_the_diary_takes_a_constant_number_of_queries(desk, page_of, number, django_assert_num_queries):
    for step in range(number):
        therapist = desk.new_therapist()
        desk.new_room()
        desk.book(at(9 + step % 7), patient=desk.new_patient(), therapist=therapist, notify=False)
    client = page_of(desk.front_desk)
    diary(client, desk)
    with django_assert_num_queries(14):
        assert text_of(diary(client, desk)).count('class="visit ') == number


# Booking


def test_booking_by_the_form(desk, page_of):
    answer = book_page(page_of(desk.front_desk), desk, entries(desk))
    visit = Appointment.objects.get()
    assert answer.url == f"/appointments/{visit.public_id}/"
    assert (visit.starts_at, visit.therapist, visit.room) == (at(9), desk.therapist, desk.room)
    assert Message.objects.count() == 1


def test_the_desk_is_asked_before_the_patient_is_told(desk, page_of):
    payload = entries(desk)
    del payload["notify"]
    book_page(page_of(desk.front_desk), desk, payload)
    assert Appointment.objects.count() == 1
    assert not Message.objects.exists()


def test_in_the_dialog_booking_empties_it_and_has_the_diary_look_again(desk, page_of):
    answer = book_page(page_of(desk.front_desk), desk, entries(desk), **HTMX, **{"HX-Target": "dialog-body"})
    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"]) == {"diary-changed": {}}
    outside = text_of(answer)
    assert 'id="alerts" hx-swap-oob="innerHTML"' in outside
    assert "is booked" in outside


def test_the_form_comes_filled_in_from_the_address(desk, page_of):
    query = {
        "location": str(desk.location.public_id),
        "therapist": str(desk.therapist.public_id),
        "starts_at": at(10).isoformat(),
        "patient": str(desk.patient.public_id),
        "service": str(desk.service.public_id),
    }
    page = text_of(page_of(desk.front_desk).get("/diary/book/", query))
    assert f'name="patient" value="{desk.patient.public_id}" checked' in page
    assert f'name="slot" value="{pressed(desk, 10)}" checked' in page
    assert page.count('type="radio" name="slot"') == 29


@pytest.mark.parametrize(
    "query",
    [
        {"starts_at": "then"},
        {"starts_at": "9999-12-31T23:59:59Z"},
        {"patient": "x", "therapist": "y", "service": "z"},
        {"date": "0001-01-01"},
        {"location": "\x00"},
    ],
)
def test_any_address_gives_a_form(desk, page_of, query):
    assert page_of(desk.front_desk).get("/diary/book/", query).status_code == 200


def test_a_clash_offers_times_to_press_and_loses_nothing(desk, page_of):
    desk.book(at(9), patient=desk.new_patient())
    client = page_of(desk.front_desk)

    answer = book_page(client, desk, entries(desk, q="lope"))

    assert answer.status_code == 409
    page = text_of(answer)
    assert 'data-code="slot_taken"' in page
    offered = [pressed(desk, 10), pressed(desk, 10, 15), pressed(desk, 10, 30)]
    for value in offered:
        assert f'name="alternative" value="{value}"' in page
    assert f'name="patient" value="{desk.patient.public_id}" checked' in page
    assert 'value="lope"' in page

    book_page(client, desk, entries(desk, alternative=offered[1]))
    assert Appointment.objects.filter(patient=desk.patient).get().starts_at == at(10, 15)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patient": ""}, "Find and choose the patient"),
        ({"patient": "11111111-1111-4111-8111-111111111111"}, "There is no such patient"),
        ({"patient": "nobody"}, "There is no such patient"),
        ({"slot": ""}, "Choose a time."),
        ({"slot": "x~y"}, "Choose one of the free times."),
        ({"slot": "2020-01-01T09:00:00+00:00~11111111-1111-4111-8111-111111111111"}, "Choose a therapist of this"),
        ({"service": ""}, "This field is required."),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_the_field(desk, page_of, changes, sentence):
    answer = book_page(page_of(desk.front_desk), desk, entries(desk, **changes))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Appointment.objects.exists()


def test_a_broken_rule_is_said_beside_the_time(desk, page_of):
    answer = book_page(page_of(desk.front_desk), desk, entries(desk, slot=pressed(desk, 20)))
    assert answer.status_code == 422
    assert "does not work at this location at that time" in text_of(answer)


def test_a_screening_block_tells_the_desk_to_ask_a_therapist_and_no_more(desk, page_of):
    desk.service.for_unscreened_patients = False
    desk.service.save()
    answer = book_page(page_of(desk.front_desk), desk, entries(desk))
    assert answer.status_code == 422
    assert 'data-code="screening_blocks"' in text_of(answer)
    assert not Appointment.objects.exists()


def test_a_hidden_patient_is_nobody(desk, page_of):
    hidden = PatientFactory(locations=[LocationFactory()])
    answer = book_page(page_of(desk.front_desk), desk, entries(desk, patient=str(hidden.public_id)))
    assert answer.status_code == 422
    assert hidden.family_name not in text_of(answer)


def test_enter_in_the_search_box_finds_and_books_nothing(desk, page_of):
    patient = desk.new_patient(given_name="Zora", family_name="Quill")
    answer = book_page(page_of(desk.front_desk), desk, entries(desk, patient="", q="zora", find="1"))
    assert answer.status_code == 200
    assert f'name="patient" value="{patient.public_id}"' in text_of(answer)
    assert not Appointment.objects.exists()


def test_free_times_for_what_is_chosen_so_far(desk, page_of):
    query = {name: value for name, value in entries(desk).items() if name in {"location", "service", "on", "slot"}}
    page = text_of(page_of(desk.front_desk).get("/diary/slots/", query))
    assert page.count('name="slot"') == 29
    assert f'value="{pressed(desk, 9)}" checked' in page


def test_a_full_day_offers_the_next_free_times(desk, page_of):
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(9), ends_at=at(17))
    page = text_of(page_of(desk.front_desk).get("/diary/slots/", entries(desk, slot="")))
    assert "The next free times" in page
    assert page.count('name="slot"') == 6
    assert pressed(desk, 9).replace(at(9).date().isoformat(), (at(9).date() + timedelta(days=1)).isoformat()) in page


def test_free_times_of_a_hidden_location_are_not_told(desk, page_of, stranger):
    page = text_of(page_of(stranger).get("/diary/slots/", entries(desk)))
    assert 'name="slot"' not in page


def test_with_any_therapist_the_one_with_most_time_left_is_offered(desk, page_of):
    busy, free = desk.therapist, desk.new_therapist()
    desk.new_room()
    desk.book(at(14), therapist=busy, patient=desk.new_patient())
    page = text_of(page_of(desk.front_desk).get("/diary/slots/", entries(desk, slot="")))
    assert pressed(desk, 9, therapist=free) in page
    assert pressed(desk, 9, therapist=busy) not in page


@pytest.mark.parametrize("number", [3, 12])
def test_the_booking_form_takes_a_constant_number_of_queries(desk, page_of, number, django_assert_num_queries):
    for step in range(number):
        desk.new_therapist()
        desk.new_room()
        desk.book(at(9 + step % 7, days=step // 7), patient=desk.new_patient(), notify=False)
    client = page_of(desk.front_desk)
    diary(client, desk)
    with django_assert_num_queries(16):
        client.get("/diary/book/", {"location": str(desk.location.public_id), "date": at(9).date().isoformat()})


# A visit's page


def visit_page(client, visit, **headers):
    return client.get(f"/appointments/{visit.public_id}/", headers=headers)


def test_a_visits_page_shows_it_and_leaves_one_trace(desk, page_of):
    visit = desk.book(at(9))
    page = text_of(visit_page(page_of(desk.front_desk), visit))
    for shown in (desk.patient.full_name, desk.room.name, desk.service.name, "New York time", "Confirmation of the"):
        assert shown in page
    assert "Not screened yet" in page
    assert AuditEvent.objects.filter(action="patient.read", patient_id=desk.patient.public_id).count() == 1


def test_the_dialog_shows_the_same_visit(desk, page_of):
    visit = desk.book(at(9))
    part = text_of(visit_page(page_of(desk.front_desk), visit, **HTMX, **{"HX-Target": "dialog-body"}))
    assert 'id="dialog-title"' in part
    assert "<html" not in part


@pytest.mark.parametrize(("act", "status"), [("confirm", "confirmed"), ("arrive", "arrived")])
def test_one_press_acts(desk, page_of, act, status):
    visit = desk.book(at(9))
    client = page_of(desk.front_desk)
    address = f"/appointments/{visit.public_id}/{act}/"
    assert client.get(address).status_code == 405
    assert client.post(address).url == f"/appointments/{visit.public_id}/"
    assert Appointment.objects.get().status == status


def test_in_the_dialog_an_act_closes_it(desk, page_of):
    visit = desk.book(at(9))
    answer = page_of(desk.front_desk).post(
        f"/appointments/{visit.public_id}/arrive/", headers={**HTMX, "HX-Target": "dialog-body"}
    )
    assert json.loads(answer["HX-Trigger"]) == {"diary-changed": {}}


def test_an_act_that_does_not_follow_is_an_alert(desk, page_of):
    visit = desk.book(at(9))
    Appointment.objects.update(status="completed")
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/confirm/", headers=HTMX)
    assert answer.status_code == 409
    assert "already completed" in text_of(answer)


def test_cancelling_with_a_reason(desk, page_of):
    visit = desk.book(at(9))
    client = page_of(desk.front_desk)
    address = f"/appointments/{visit.public_id}/cancel/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert Appointment.objects.get().status == "booked"

    client.post(address, {"reason": "clinic"})

    assert Appointment.objects.get().cancel_reason == "clinic"
    assert not Message.objects.filter(template="appointment_cancelled").exists()


def test_a_cancellation_is_taken_back_on_the_visits_page(desk, page_of):
    visit = services.cancel_appointment(appointment=desk.book(at(9)), reason="clinic", by=desk.front_desk)
    client = page_of(desk.front_desk)
    assert "Take back the cancellation" in text_of(visit_page(client, visit))

    answer = client.post(f"/appointments/{visit.public_id}/restore/", {"version": visit.version, "notify": "on"})

    assert answer.status_code == 302
    assert Appointment.objects.get().status == "booked"
    assert "Take back the cancellation" not in text_of(visit_page(client, visit))


@pytest.mark.parametrize(("version", "status", "shown"), [
    (2, 409, "That time is taken"), (1, 412, "Changed in the meantime"), ("", 422, "This field is required")
])  # fmt: skip
def test_a_cancellation_that_cannot_be_taken_back_says_why(desk, page_of, version, status, shown):
    visit = services.cancel_appointment(appointment=desk.book(at(9)), reason="clinic", by=desk.front_desk)
    desk.book(at(9), patient=desk.new_patient())
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/restore/", {"version": version})
    assert answer.status_code == status
    assert shown in text_of(answer)
    assert Appointment.objects.get(pk=visit.pk).status == "cancelled"


def moving(desk, visit, **changes):
    return {
        "on": at(9).date().isoformat(),
        "therapist": str(desk.therapist.public_id),
        "room": "",
        "slot": pressed(desk, 14),
        "minutes": 50,
        "version": visit.version,
        "notify": "on",
        **changes,
    }


def test_moving_to_a_free_time(desk, page_of):
    visit = desk.book(at(9))
    client = page_of(desk.front_desk)
    offered = text_of(client.get(f"/appointments/{visit.public_id}/slots/", {"on": at(9).date().isoformat()}))
    assert offered.count('name="slot"') == 29

    answer = client.post(f"/appointments/{visit.public_id}/move/", moving(desk, visit))

    assert answer.status_code == 302
    assert Appointment.objects.get().starts_at == at(14)
    assert Message.objects.filter(template="appointment_moved").count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "shown"),
    [
        ({"slot": ""}, 422, "Choose a time."),
        ({"minutes": 4}, 422, "greater than or equal to 5"),
        ({"minutes": 481}, 422, "less than or equal to 480"),
        ({"minutes": ""}, 422, "This field is required."),
        ({"slot": "2020-01-01T09:00:00+00:00~11111111-1111-4111-8111-111111111111"}, 422, "Choose a therapist"),
        ({"version": 9}, 412, "Changed in the meantime"),
    ],
)
def test_a_move_that_is_refused_says_why_and_changes_nothing(desk, page_of, changes, status, shown):
    visit = desk.book(at(9))
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/move/", moving(desk, visit, **changes))
    assert answer.status_code == status
    assert shown in text_of(answer)
    assert Appointment.objects.get().starts_at == at(9)


def test_a_visit_is_made_longer_where_it_is(desk, page_of):
    visit = desk.book(at(9))
    wanted = moving(desk, visit, minutes=80, slot=pressed(desk, 9))

    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/move/", wanted)

    assert answer.status_code == 302
    moved = Appointment.objects.get()
    assert (moved.starts_at, moved.minutes, moved.version) == (at(9), 80, 2)


def test_times_to_move_to_are_offered_for_the_length_of_the_visit_or_the_one_asked_for(desk, page_of):
    visit = desk.book(at(9), minutes=110)
    client, day = page_of(desk.front_desk), at(9).date().isoformat()

    def offered(**asked):
        return text_of(client.get(f"/appointments/{visit.public_id}/slots/", {"on": day, **asked})).count('name="slot"')

    assert offered() == 25
    assert offered(minutes="50") == 29
    assert [offered(minutes=odd) for odd in ("4", "x", "9999", "²")] == [25, 25, 25, 25]


def test_a_visit_may_stay_at_a_time_nobody_else_would_be_offered(desk, page_of):
    visit = desk.book(at(9, 5))
    client, address = page_of(desk.front_desk), f"/appointments/{visit.public_id}/slots/"

    page = text_of(client.get(address, {"on": at(9).date().isoformat()}))
    next_day = text_of(client.get(address, {"on": (at(9) + timedelta(days=1)).date().isoformat()}))

    assert "Stay at 09:05" in page
    assert page.count("checked") == 1
    assert "Stay at" not in next_day


def test_a_move_onto_somebody_offers_other_times(desk, page_of):
    visit = desk.book(at(9))
    desk.book(at(14), patient=desk.new_patient())
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/move/", moving(desk, visit))
    assert answer.status_code == 409
    assert f'name="slot" value="{pressed(desk, 15)}"' in text_of(answer)


@pytest.mark.parametrize("act", ["", "confirm/", "arrive/", "no-show/", "cancel/", "restore/", "move/", "slots/"])
def test_a_stranger_finds_no_visit(desk, page_of, stranger, act):
    visit = desk.book(at(9))
    client = page_of(stranger)
    method = client.get if act in {"", "slots/"} else client.post
    assert method(f"/appointments/{visit.public_id}/{act}").status_code == 404
    assert Appointment.objects.get().version == 1


def test_a_visit_elsewhere_is_shown_without_acts(desk, page_of):
    visit = desk.book(at(9))
    elsewhere = make_desk()
    desk.patient.locations.add(elsewhere.location)
    page = text_of(visit_page(page_of(elsewhere.front_desk), visit))
    assert "At another location" in page
    assert "Cancel the visit" not in page


def test_a_therapist_starts_the_session_from_an_arrived_visit(desk, page_of):
    visit = services.mark_arrived(appointment=desk.book(at(9)), by=desk.front_desk)
    assert f"/appointments/{visit.public_id}/start/" in text_of(visit_page(page_of(desk.therapist), visit))
    assert "Start the session" not in text_of(visit_page(page_of(desk.front_desk), visit))


@pytest.mark.parametrize("number", [3, 12])
def test_a_visits_page_takes_a_constant_number_of_queries(desk, page_of, number, django_assert_num_queries):
    visit = desk.book(at(9))
    for step in range(number):
        desk.new_therapist()
        desk.new_room()
        desk.book(at(9 + step % 7, days=1 + step // 7), patient=desk.new_patient(), notify=False)
    client = page_of(desk.front_desk)
    with django_assert_num_queries(22):
        visit_page(client, visit)
