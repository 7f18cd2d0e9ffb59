"""Somebody calls for the first time: registered inside the booking form, nothing chosen before is lost."""

import pytest

from patients.models import Patient
from scheduling.choices import value_of
from scheduling.models import Appointment
from tests.factories import PatientFactory
from tests.pages import text_of
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db


def post(client, desk, act="register", **changes):
    payload = {
        "location": str(desk.location.public_id),
        "service": str(desk.service.public_id),
        "on": at(9).date().isoformat(),
        "slot": value_of(at(10), desk.therapist.public_id),
        "new-given_name": "Ines",
        "new-family_name": "Marlow",
        "new-birth_on": "1991-03-02",
        "new-phone": "(212) 555-0123",
        "new-email": "",
        "new-language": "es",
        "new-channel": "email",
        act: "1",
        **changes,
    }
    return client.post(f"/diary/book/?location={desk.location.public_id}", payload)


def test_a_new_patient_is_registered_chosen_and_then_booked(desk, page_of):
    client = page_of(desk.front_desk)
    answer = post(client, desk)

    newcomer = Patient.objects.get(family_name="Marlow")
    assert answer.status_code == 200
    assert f'name="patient" value="{newcomer.public_id}" checked' in text_of(answer)
    assert f'value="{value_of(at(10), desk.therapist.public_id)}" checked' in text_of(answer)
    assert "Ines Marlow is registered and chosen." in text_of(answer)
    assert (newcomer.phone, newcomer.language, list(newcomer.locations.all())) == (
        "+12125550123", "es", [desk.location],
    )  # fmt: skip
    assert not Appointment.objects.exists()

    post(client, desk, "book", patient=str(newcomer.public_id))
    assert Appointment.objects.get().patient == newcomer


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"new-given_name": ""}, "This field is required."),
        ({"new-birth_on": "2.3.1991"}, "Write the date as year-month-day"),
        ({"new-birth_on": "2099-01-01"}, "This date is in the future."),
        ({"new-email": "ines"}, "mail"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost_or_written(desk, page_of, changes, said):
    before = Patient.objects.count()
    answer = post(page_of(desk.front_desk), desk, **changes)
    page = text_of(answer)
    assert answer.status_code == 422
    assert said in page
    assert 'value="Marlow"' in page
    assert Patient.objects.count() == before


def test_somebody_like_this_is_shown_first_and_can_be_chosen(desk, page_of):
    known = PatientFactory(
        given_name="Ines", family_name="Marlow", birth_on="1991-03-02", locations=[desk.location], phone="+12125550123"
    )
    client, before = page_of(desk.front_desk), Patient.objects.count()

    answer = post(client, desk)

    page = text_of(answer)
    assert answer.status_code == 409
    assert f'name="patient" value="{known.public_id}"' in page
    assert "Register another person" in page
    assert Patient.objects.count() == before

    assert post(client, desk, **{"new-is_another_person": "on"}).status_code == 200
    assert Patient.objects.filter(family_name="Marlow").count() == 2


def test_what_was_typed_stays_while_something_else_is_pressed(desk, page_of):
    answer = post(page_of(desk.front_desk), desk, "find", q="zz", **{"new-given_name": "Ine"})
    page = text_of(answer)
    assert 'value="Ine"' in page
    assert "This field is required" not in page
    assert not Patient.objects.filter(family_name="Marlow").exists()
