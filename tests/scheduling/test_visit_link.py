"""The patient's own page: two answers, no names, and a link that dies with the promise."""

import pytest

from messaging.models import SignedLink
from scheduling import services
from scheduling.models import Appointment
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db


def test_shows_when_and_where_and_nothing_else(desk, holder):
    page = holder(desk.book(at(9))).get("/p/visit/").content.decode()

    assert "9:00 AM (New York time)" in page
    assert "1 Main Street" in page
    for hidden in (
        desk.patient.given_name,
        desk.patient.family_name,
        desk.patient.email,
        desk.therapist.family_name,
        desk.service.name,
        desk.room.name,
    ):
        assert hidden not in page


def test_says_before_cancelling_that_it_is_late(desk, holder):
    desk.location.late_cancel_hours = 720
    desk.location.save()
    browser = holder(desk.book(at(9)))
    late = "We ask for 720 h notice. This counts as a late cancellation."
    assert late in browser.get("/p/visit/cancel/").content.decode()

    browser.post("/p/visit/cancel/")

    assert Appointment.objects.get().is_late_cancellation is True


def test_does_not_speak_of_notice_in_good_time(desk, holder):
    assert "late cancellation" not in holder(desk.book(at(9))).get("/p/visit/cancel/").content.decode()


def test_speaks_the_patients_language(desk, holder):
    patient = desk.new_patient(language="es")
    page = holder(desk.book(at(9), patient=patient)).get("/p/visit/")
    assert '<html lang="es"' in page.content.decode()


def test_confirming_is_a_press_of_a_button(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    browser.get("/p/visit/")
    assert browser.get("/p/visit/confirm/").status_code == 405
    assert Appointment.objects.get().status == "booked"

    assert browser.post("/p/visit/confirm/").url == "/p/visit/"

    assert Appointment.objects.get().status == "confirmed"
    assert "confirmed this visit" in browser.get("/p/visit/").content.decode()


def test_cancelling_asks_once_more_and_kills_the_link(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    asked = browser.get("/p/visit/cancel/")
    assert "Yes, cancel my visit" in asked.content.decode()
    assert Appointment.objects.get().status == "booked"

    answer = browser.post("/p/visit/cancel/")

    assert answer.status_code == 200
    row = Appointment.objects.get()
    assert (row.status, row.cancel_reason) == ("cancelled", "patient_by_link")
    assert browser.get("/p/visit/").status_code == 404
    assert browser.post("/p/visit/cancel/").status_code == 404
    assert not SignedLink.objects.working().exists()


def test_a_link_dies_when_the_visit_moves(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    services.move_appointment(appointment=visit, starts_at=at(14), by=desk.front_desk)

    assert browser.get("/p/visit/").status_code == 404
    assert browser.post("/p/visit/cancel/").status_code == 404
    assert Appointment.objects.get().status == "booked"

    assert "2:00 PM" in holder(visit).get("/p/visit/").content.decode()


def test_a_link_dies_when_the_desk_cancels(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    services.cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert browser.post("/p/visit/confirm/").status_code == 404
    assert Appointment.objects.get().status == "cancelled"


def test_once_the_patient_is_here_nothing_is_offered(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    services.mark_arrived(appointment=visit, by=desk.front_desk)
    page = browser.get("/p/visit/").content.decode()
    assert "can no longer be changed here" in page
    assert "I cannot come" not in page
    for address in ("/p/visit/confirm/", "/p/visit/cancel/"):
        assert browser.post(address).url == "/p/visit/"
    assert Appointment.objects.get().status == "arrived"


@pytest.mark.parametrize("address", ["/p/visit/", "/p/visit/cancel/"])
def test_without_a_link_there_is_no_page(desk, client, address):
    desk.book(at(9))
    assert client.get(address).status_code == 404


def test_staff_without_a_link_get_no_patients_page(desk, page_of):
    desk.book(at(9))
    assert page_of(desk.front_desk).get("/p/visit/").status_code == 404
