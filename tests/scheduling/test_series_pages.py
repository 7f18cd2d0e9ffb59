"""The desk's screens for series: plan, book, see, move, call off."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from messaging.models import Message
from scheduling.choices import value_of
from scheduling.models import Appointment, AppointmentSeries
from scheduling.services import move_appointment
from tests.factories import LocationFactory, UserFactory
from tests.pages import text_of
from tests.scheduling.factories import at, make_desk
from tests.scheduling.test_book_series import book, starts, weekly

pytestmark = pytest.mark.django_db

NEW = "/diary/series/new/"


def entries(desk, **changes):
    return {
        "location": str(desk.location.public_id),
        "patient": str(desk.patient.public_id),
        "service": str(desk.service.public_id),
        "therapist": str(desk.therapist.public_id),
        "on": at(9).date().isoformat(),
        "at": "09:00",
        "every": "1",
        "ends": "count",
        "count": "3",
        "notify": "on",
        "do": "plan",
        **changes,
    }


def post(client, desk, payload):
    return client.post(f"{NEW}?location={desk.location.public_id}", payload)


def pick(desk, *when, therapist=None, **days):
    return value_of(at(*when, **days), (therapist or desk.therapist).public_id)


def planned(client, desk, **changes):
    """The page with the plan, and the hidden entry that says which plan it is."""
    answer = post(client, desk, entries(desk, **changes))
    page = text_of(answer)
    return page, page.partition('name="planned" value="')[2].partition('"')[0]


def booking(client, desk, picks, **changes):
    _, digest = planned(client, desk, **changes)
    return post(client, desk, {**entries(desk, **changes), "do": "book", "planned": digest, **picks})


def test_the_address_fills_the_form_in(desk, page_of):
    answer = page_of(desk.front_desk).get(NEW, {
        "location": str(desk.location.public_id), "patient": str(desk.patient.public_id),
        "service": str(desk.service.public_id), "therapist": str(desk.therapist.public_id),
        "starts_at": at(10, 30).isoformat(),
    })  # fmt: skip
    page = text_of(answer)
    assert answer.status_code == 200
    assert desk.patient.full_name in page
    assert f'value="{at(9).date().isoformat()}"' in page
    assert 'value="10:30"' in page
    assert f'<option value="{desk.therapist.public_id}" selected>' in page
    assert "New York time" in page


@pytest.mark.parametrize("query", ["", "?starts_at=x&patient=y&therapist=1&service=z", "?starts_at=2026-12-14T09:00"])
def test_an_address_that_says_nothing_shows_an_empty_form(desk, page_of, query):
    answer = page_of(desk.front_desk).get(NEW + query)
    assert answer.status_code == 200
    assert desk.patient.full_name not in text_of(answer)


def test_the_plan_shows_each_date_free_or_not_and_books_nothing(desk, page_of):
    desk.book(at(9, days=7), patient=desk.new_patient())
    page, digest = planned(page_of(desk.front_desk), desk)
    assert digest
    assert page.count(">Free<") == 2
    assert "The therapist already has a visit at that time." in page
    assert f'type="checkbox" name="pick-1" value="{pick(desk, 9)}" checked' in page
    assert f'type="radio" name="pick-2" value="{pick(desk, 10, days=7)}"' in page
    assert "Leave this date out" in page
    assert 'name="notify" id="id_notify" checked' in page.replace('class="checkbox" ', "")
    assert Appointment.objects.count() == 1
    assert " style=" not in page


@pytest.mark.parametrize(("every", "weekdays", "expected"), [
    ("1", [], [0, 7, 14]),
    ("2", [], [0, 14, 28]),
    ("4", [], [0, 28, 56]),
    ("1", ["MO", "WE"], [0, 2, 7]),
    ("daily", [], [0, 1, 2]),
    ("daily", ["MO", "FR"], [0, 4, 7]),
])  # fmt: skip
def test_what_is_booked_is_what_was_chosen(desk, page_of, every, weekdays, expected):
    picks = {f"pick-{number}": pick(desk, 9, days=days) for number, days in enumerate(expected, 1)}
    answer = booking(page_of(desk.front_desk), desk, picks, every=every, weekdays=weekdays)
    series = AppointmentSeries.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/diary/series/{series.public_id}/")
    assert starts(series) == [at(9, days=days) for days in expected]
    assert Message.objects.get().template == "series_booked"


def test_a_monthly_series_keeps_its_weekday(desk, page_of):
    page, digest = planned(page_of(desk.front_desk), desk, every="monthly")
    place = (at(9).day - 1) // 7 + 1
    assert f"FREQ=MONTHLY;COUNT=3;BYDAY={place if place < 5 else -1}MO" in digest
    assert page.count("Mon ") >= 3


def test_until_a_day(desk, page_of):
    page, digest = planned(page_of(desk.front_desk), desk, ends="until", until=at(9, days=14).date().isoformat())
    assert f"UNTIL={at(9, days=14):%Y%m%d}" in digest
    assert page.count(">Free<") == 3


def test_some_dates_are_left_out_and_one_is_moved(desk, page_of):
    desk.book(at(9, days=7), patient=desk.new_patient())
    picks = {"pick-1": pick(desk, 9), "pick-2": pick(desk, 10, days=7), "pick-3": ""}
    assert booking(page_of(desk.front_desk), desk, picks).status_code == 302
    assert starts(AppointmentSeries.objects.get()) == [at(9), at(10, days=7)]


def test_a_clash_in_the_meantime_books_nothing_and_shows_the_dates_anew(desk, page_of):
    client = page_of(desk.front_desk)
    _, digest = planned(client, desk)
    desk.book(at(9, days=7), patient=desk.new_patient())
    picks = {f"pick-{number}": pick(desk, 9, days=7 * (number - 1)) for number in (1, 2, 3)}
    answer = post(client, desk, {**entries(desk), "do": "book", "planned": digest, **picks})
    page = text_of(answer)
    assert answer.status_code == 409
    assert 'data-code="series_refused"' in page
    assert f'type="radio" name="pick-2" value="{pick(desk, 10, days=7)}"' in page
    assert f'name="pick-3" value="{pick(desk, 9, days=14)}" checked' in page
    assert Appointment.objects.count() == 1
    assert not AppointmentSeries.objects.exists()


def test_dates_of_other_entries_are_never_booked(desk, page_of):
    client = page_of(desk.front_desk)
    _, digest = planned(client, desk)
    picks = {f"pick-{number}": pick(desk, 9, days=7 * (number - 1)) for number in (1, 2, 3)}
    answer = post(client, desk, {**entries(desk, at="11:00"), "do": "book", "planned": digest, **picks})
    assert answer.status_code == 409
    assert "The dates have changed" in text_of(answer)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(("changes", "shown"), [
    ({"patient": ""}, "Find and choose the patient"),
    ({"patient": "11111111-1111-4111-8111-111111111111"}, "There is no such patient."),
    ({"count": "1"}, "greater than or equal to 2"),
    ({"count": "10000"}, "less than or equal to 60"),
    ({"count": ""}, "Say when the series ends."),
    ({"ends": "until"}, "Say when the series ends."),
    ({"ends": "until", "until": "2020-01-01"}, "The last date of the series has passed."),
    ({"ends": "until", "until": "2199-01-01"}, "at most 60 visits"),
    ({"on": "2020-01-06"}, "Choose a time that has not passed."),
    ({"on": "2199-01-06"}, "within the next two years"),
    ({"on": "nonsense"}, "valid date"),
    ({"at": "25:00"}, "valid time"),
    ({"every": "hourly"}, "valid choice"),
    ({"every": "daily", "weekdays": ["XX"]}, "valid choice"),
    ({"every": "4", "count": "30"}, "within the next two years"),
    ({"therapist": "11111111-1111-4111-8111-111111111111"}, "valid choice"),
])  # fmt: skip
def test_wrong_entries_are_told_beside_their_field(desk, page_of, changes, shown):
    answer = post(page_of(desk.front_desk), desk, entries(desk, **changes))
    assert answer.status_code == 422
    assert shown in text_of(answer)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("picks", [{}, {"pick-1": "x"}, {"pick-1": "2026-12-14T09:00:00+00:00~x", "pick-2": "y"}])
def test_wrong_picks_book_nothing(desk, page_of, picks):
    answer = booking(page_of(desk.front_desk), desk, picks)
    assert answer.status_code == 422
    assert "Please check what you entered" in text_of(answer)
    assert not Appointment.objects.exists()


def test_a_therapist_who_is_not_to_be_seen_cannot_be_picked(desk, page_of):
    hidden = UserFactory(locations=[LocationFactory()], services=[desk.service])
    picks = {"pick-1": pick(desk, 9), "pick-2": pick(desk, 9, days=7, therapist=hidden)}
    assert booking(page_of(desk.front_desk), desk, picks).status_code == 422
    assert not Appointment.objects.exists()


def test_patients_are_found_without_scripts(desk, page_of):
    answer = post(page_of(desk.front_desk), desk, entries(desk, patient="", do="find", q=desk.patient.family_name))
    page = text_of(answer)
    assert answer.status_code == 200
    assert f'type="radio" name="patient" value="{desk.patient.public_id}"' in page
    assert "Please check" not in page


def series_page(client, series):
    return client.get(f"/diary/series/{series.public_id}/")


def moving(series, **changes):
    start = series.appointments.get(series_number=3)
    return {
        "move-start": str(start.public_id), "move-scope": "following", "move-at": "14:00", "move-days": "0",
        "move-notify": "on", "move-version": str(series.version), "do": "look", **changes,
    }  # fmt: skip


def cancelling(series, **changes):
    start = series.appointments.get(series_number=3)
    return {
        "cancel-start": str(start.public_id), "cancel-scope": "following", "cancel-reason": "patient_asked",
        "cancel-notify": "on", "cancel-version": str(series.version), "do": "look", **changes,
    }  # fmt: skip


def test_the_series_page_lists_its_visits_and_the_visit_leads_to_it(desk, page_of):
    series = book(desk)
    client = page_of(desk.front_desk)
    page = text_of(series_page(client, series))
    for visit in series.appointments.all():
        assert f"/appointments/{visit.public_id}/" in page
    assert "Confirmation of the series" in page
    assert "Move visits" in page
    assert AuditEvent.objects.filter(action="patient.read").count() == 1

    third = series.appointments.get(series_number=3)
    visit_page = text_of(client.get(f"/appointments/{third.public_id}/"))
    assert f'<a href="/diary/series/{series.public_id}/">Visit 3 of 6 in a series</a>' in visit_page
    alone = desk.book(at(11), patient=desk.new_patient())
    assert "in a series" not in text_of(client.get(f"/appointments/{alone.public_id}/"))


@pytest.mark.parametrize("count", [3, 30])
def test_the_series_page_takes_a_constant_number_of_queries(desk, page_of, count, django_assert_num_queries):
    series = book(desk, rule=f"FREQ=WEEKLY;COUNT={count}")
    client = page_of(desk.front_desk)
    with django_assert_num_queries(20):
        series_page(client, series)


def test_this_and_following_are_looked_at_and_then_moved(desk, page_of):
    series = book(desk)
    client = page_of(desk.front_desk)
    address = f"/diary/series/{series.public_id}/move/"

    looked = client.post(address, moving(series))
    page = text_of(looked)
    assert looked.status_code == 200
    assert page.count(">Yes<") == 4
    assert "Move the visits" in page
    assert starts(series) == weekly(6)

    assert client.post(address, moving(series, do="move")).status_code == 302
    assert starts(series) == weekly(2) + [at(14, days=7 * number) for number in range(2, 6)]


def test_a_move_into_somebodys_way_is_shown_and_refused(desk, page_of):
    series = book(desk)
    desk.book(at(14, days=21), patient=desk.new_patient())
    client = page_of(desk.front_desk)
    address = f"/diary/series/{series.public_id}/move/"
    looked = text_of(client.post(address, moving(series)))
    assert "Not every visit can be moved like this" in looked
    assert "Move the visits" not in looked
    refused = client.post(address, moving(series, do="move"))
    assert refused.status_code == 409
    assert 'data-code="series_refused"' in text_of(refused)
    assert starts(series) == weekly(6)


@pytest.mark.parametrize(("changes", "status", "shown"), [
    ({"move-at": ""}, 422, "Say what is to change"),
    ({"move-at": "09:00"}, 422, "No visit of the series would be changed"),
    ({"move-days": "9"}, 422, "valid choice"),
    ({"move-scope": "some"}, 422, "valid choice"),
    ({"move-start": "11111111-1111-4111-8111-111111111111"}, 422, "valid choice"),
    ({"move-start": "x"}, 422, "valid choice"),
    ({"move-version": "9"}, 412, "Changed in the meantime"),
])  # fmt: skip
def test_a_move_that_is_refused_says_why_and_changes_nothing(desk, page_of, changes, status, shown):
    series = book(desk)
    answer = page_of(desk.front_desk).post(
        f"/diary/series/{series.public_id}/move/", moving(series, do="move", **changes)
    )
    assert answer.status_code == status
    assert shown in text_of(answer)
    assert starts(series) == weekly(6)


def test_the_rest_is_looked_at_and_then_cancelled(desk, page_of):
    series = book(desk)
    client = page_of(desk.front_desk)
    address = f"/diary/series/{series.public_id}/cancel/"
    looked = text_of(client.post(address, cancelling(series)))
    assert "Cancel these visits" in looked
    assert set(series.appointments.values_list("status", flat=True)) == {"booked"}
    assert client.post(address, cancelling(series, do="cancel")).status_code == 302
    states = series.appointments.order_by("series_number").values_list("status", flat=True)
    assert list(states) == ["booked"] * 2 + ["cancelled"] * 4
    again = client.post(address, cancelling(series, do="cancel", **{"cancel-version": "2"}))
    assert again.status_code == 422


@pytest.mark.parametrize(("changes", "status"), [
    ({"cancel-reason": "patient_by_link"}, 422), ({"cancel-version": "9"}, 412), ({"cancel-scope": ""}, 422),
])  # fmt: skip
def test_a_cancellation_that_is_refused_changes_nothing(desk, page_of, changes, status):
    series = book(desk)
    answer = page_of(desk.front_desk).post(
        f"/diary/series/{series.public_id}/cancel/", cancelling(series, do="cancel", **changes)
    )
    assert answer.status_code == status
    assert set(series.appointments.values_list("status", flat=True)) == {"booked"}


def test_what_was_moved_by_itself_is_marked_and_kept(desk, page_of):
    series = book(desk)
    fifth = series.appointments.with_all_it_names().get(series_number=5)
    move_appointment(appointment=fifth, starts_at=fifth.starts_at + timedelta(days=1), by=desk.front_desk)
    client = page_of(desk.front_desk)
    assert "moved by itself" in text_of(series_page(client, series))
    looked = text_of(client.post(f"/diary/series/{series.public_id}/move/", moving(series)))
    assert "Was moved by itself" in looked


def test_a_stranger_finds_no_series(desk, page_of, stranger):
    series = book(desk)
    client = page_of(stranger)
    assert series_page(client, series).status_code == 404
    for act, payload in (("move", moving(series, do="move")), ("cancel", cancelling(series, do="cancel"))):
        assert client.post(f"/diary/series/{series.public_id}/{act}/", payload).status_code == 404
    answer = client.post(NEW, entries(desk))
    assert answer.status_code == 422
    assert desk.patient.full_name not in text_of(answer)
    assert starts(series) == weekly(6)
    assert AppointmentSeries.objects.count() == 1


def test_auditors_have_no_screen_for_it(desk, page_of):
    series = book(desk)
    client = page_of(UserFactory(roles=["auditor"], locations=[desk.location]))
    assert client.get(NEW).status_code == 403
    assert series_page(client, series).status_code == 403


def test_a_series_elsewhere_is_shown_without_acts(desk, page_of):
    series = book(desk)
    elsewhere = make_desk()
    desk.patient.locations.add(elsewhere.location)
    client = page_of(elsewhere.front_desk)
    page = text_of(series_page(client, series))
    assert "At another location" in page
    assert "Move visits" not in page
    assert client.post(f"/diary/series/{series.public_id}/move/", moving(series, do="move")).status_code == 403
    assert starts(series) == weekly(6)
