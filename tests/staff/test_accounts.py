"""Opening accounts, and seeing colleagues."""

import pytest
from django.db import IntegrityError, transaction

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import ClinicError
from staff.models import User
from staff.services import create_user
from tests.factories import LocationFactory, UserFactory

GOOD = {
    "email": "Rosa@Clinic.example",
    "given_name": "Rosa",
    "family_name": "Diaz",
    "roles": ["therapist"],
    "password": "a long and quiet sentence",
}


def test_an_account_keeps_its_address_in_lower_case(location):
    user = create_user(**GOOD, locations=[location], by=SYSTEM)
    assert user.email == "rosa@clinic.example"
    assert list(user.locations.all()) == [location]
    assert user.password.startswith("argon2")
    assert AuditEvent.objects.get().facts == {"roles": ["therapist"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "short"}, "invalid"),
        ({"password": "password1234"}, "invalid"),
        ({"roles": ["owner"]}, "invalid"),
        ({"email": "taken@clinic.example"}, "email_taken"),
    ],
)
def test_a_bad_account_is_refused_and_nothing_is_left(location, change, code):
    UserFactory(email="taken@clinic.example")
    with pytest.raises(ClinicError) as refusal:
        create_user(**{**GOOD, **change}, locations=[location], by=SYSTEM)
    assert refusal.value.code == code
    assert User.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_the_database_refuses_an_address_in_capitals(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(email="LOUD@clinic.example")
    assert not User.objects.exists()


def test_colleagues_are_those_at_your_locations(api, location, therapist, front_desk):
    UserFactory(locations=[LocationFactory()])
    answer = api(therapist).get("/api/v1/staff/")
    assert {row["id"] for row in answer.data["results"]} == {str(therapist.public_id), str(front_desk.public_id)}


def test_a_colleague_elsewhere_does_not_exist(api, therapist):
    other = UserFactory(locations=[LocationFactory()])
    assert api(therapist).get(f"/api/v1/staff/{other.public_id}/").status_code == 404


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_takes_the_same_queries_however_many_rows(api, location, therapist, count, django_assert_num_queries):
    for _ in range(count):
        UserFactory(locations=[location])
    with django_assert_num_queries(3):
        api(therapist).get("/api/v1/staff/")
