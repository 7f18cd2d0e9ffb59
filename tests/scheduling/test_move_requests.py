"""A patient asks for another time by the link of a visit; the visit stays until the desk has answered."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotFound
from messaging.models import SignedLink
from scheduling import services
from scheduling.errors import NothingToAnswer
from scheduling.models import Appointment, MoveRequest
from tests.factories import PatientFactory
from tests.pages import text_of
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db


def link_of(visit):
    return SignedLink.objects.filter(target_id=visit.public_id).latest("pk")


def test_the_patient_asks_and_the_visit_stays(desk, holder):
    visit = desk.book(at(9))
    browser = holder(visit)
    assert "Which other time would suit you?" in text_of(browser.get("/p/visit/move/"))

    thanks = browser.post("/p/visit/move/", {"weekdays": ["4", "0"], "part_of_day": "morning"})

    assert "Thank you. We will find another time with you." in text_of(thanks)
    asked = MoveRequest.objects.open().get()
    assert (asked.appointment, asked.weekdays, asked.part_of_day) == (visit, [0, 4], "morning")
    visit.refresh_from_db()
    assert (visit.starts_at, visit.status, visit.version) == (at(9), "booked", 1)
    assert "You asked for another time." in text_of(browser.get("/p/visit/"))


def test_asking_again_replaces_the_wish(desk, holder):
    browser = holder(desk.book(at(9)))
    for part in ("morning", "evening"):
        browser.post("/p/visit/move/", {"part_of_day": part})
    assert MoveRequest.objects.get().part_of_day == "evening"
    assert AuditEvent.objects.filter(action="move_request.asked").count() == 2


def test_a_wish_that_cannot_be_is_refused_on_the_page(desk, holder):
    answer = holder(desk.book(at(9))).post("/p/visit/move/", {"weekdays": ["9"], "part_of_day": "night"})
    assert answer.status_code == 422
    assert not MoveRequest.objects.exists()


def test_the_page_speaks_the_patients_language(desk, holder):
    visit = desk.book(at(9), patient=PatientFactory(locations=[desk.location], language="es"))
    page = text_of(holder(visit).get("/p/visit/move/"))
    assert "¿Qué otra hora le conviene?" in page
    assert "lunes" in page


def test_a_visit_that_was_called_off_cannot_be_asked_about(desk, holder):
    visit = desk.book(at(9))
    browser, link = holder(visit), link_of(visit)
    services.cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert browser.get("/p/visit/move/").status_code == 404
    with pytest.raises(NothingToAnswer):
        services.ask_for_another_time(appointment=visit, by=link)
    assert not MoveRequest.objects.exists()


def test_the_past_cannot_be_asked_about(desk):
    visit = desk.book(at(9, days=-40), by=desk.admin, is_history=True)
    with pytest.raises(NothingToAnswer):
        services.ask_for_another_time(appointment=visit, by=desk.front_desk)


@pytest.mark.parametrize("wish", [{"weekdays": [7]}, {"part_of_day": "night"}])
def test_the_service_names_what_is_wrong(desk, wish):
    visit = desk.book(at(9))
    with pytest.raises(Invalid) as refusal:
        services.ask_for_another_time(appointment=visit, by=desk.front_desk, **wish)
    assert list(refusal.value.fields) == list(wish)
    assert not MoveRequest.objects.exists()


def test_another_visits_link_asks_nothing(desk):
    visit, other = desk.book(at(9)), desk.book(at(11))
    with pytest.raises(NotFound):
        services.ask_for_another_time(appointment=visit, by=link_of(other))
    assert not MoveRequest.objects.exists()


def test_the_desk_sees_it_beside_the_diary_and_on_the_visit_until_it_is_moved(desk, page_of):
    visit, client = desk.book(at(9)), page_of(desk.front_desk)
    services.ask_for_another_time(appointment=visit, weekdays=[2], part_of_day="afternoon", by=link_of(visit))
    assert "wants Wednesday, in the afternoon" in text_of(client.get("/diary/"))
    assert "The patient wants another time" in text_of(client.get(f"/appointments/{visit.public_id}/"))

    services.move_appointment(appointment=visit, starts_at=at(14), by=desk.front_desk)

    assert "Want another time" not in text_of(client.get("/diary/"))
    assert "The patient wants another time" not in text_of(client.get(f"/appointments/{visit.public_id}/"))


def test_the_desk_settles_it_on_the_telephone_once(desk, page_of):
    visit, client = desk.book(at(9)), page_of(desk.front_desk)
    asked = services.ask_for_another_time(appointment=visit, by=link_of(visit))
    for _ in range(2):
        client.post(f"/diary/move-requests/{asked.public_id}/settle/")
    assert not MoveRequest.objects.open().exists()
    assert AuditEvent.objects.filter(action="move_request.settled").count() == 1
    assert Appointment.objects.get().starts_at == at(9)
    # The patient may ask anew.
    services.ask_for_another_time(appointment=visit, by=link_of(visit))
    assert MoveRequest.objects.open().count() == 1


def test_a_visit_that_has_begun_is_no_longer_open(desk):
    visit = desk.book(at(9))
    services.ask_for_another_time(appointment=visit, by=link_of(visit))
    Appointment.objects.filter(pk=visit.pk).update(
        **{
            name: getattr(visit, name) - timedelta(days=40)
            for name in ("starts_at", "ends_at", "busy_from", "busy_until")
        }
    )
    assert not MoveRequest.objects.open().exists()


def test_strangers_settle_nothing(desk, page_of, stranger):
    visit = desk.book(at(9))
    asked = services.ask_for_another_time(appointment=visit, by=link_of(visit))
    assert page_of(stranger).post(f"/diary/move-requests/{asked.public_id}/settle/").status_code == 404
    assert MoveRequest.objects.open().count() == 1
