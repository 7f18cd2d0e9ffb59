"""Changing a location, a room or a service: by admins, with the version they read."""

import pytest

from audit.models import AuditEvent
from clinic import services
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from clinic.models import Location, Room, Service
from tests.factories import LocationFactory, RoomFactory, ServiceFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return LocationFactory(name="Downtown")


@pytest.fixture
def admin(place):
    return UserFactory(roles=["admin"], locations=[place])


def row_of(row):
    return type(row).objects.filter(pk=row.pk).values().get()


def address(row):
    noun = {Location: "locations", Room: "rooms", Service: "services"}[type(row)]
    return f"/api/v1/{noun}/{row.public_id}/"


def test_a_change_raises_the_version_and_names_its_fields_in_the_trail(place, admin):
    changed = services.change_location(
        location=place, changes={"slot_grid_minutes": 30, "offers_only_adjacent": True, "name": "Downtown"}, by=admin
    )
    assert (changed.slot_grid_minutes, changed.offers_only_adjacent, changed.version) == (30, True, 2)
    event = AuditEvent.objects.get()
    assert (event.action, event.facts) == (
        "location.changed",
        {"fields": ["offers_only_adjacent", "slot_grid_minutes"]},
    )


def test_the_same_again_changes_nothing(place, admin):
    before = row_of(place)
    services.change_location(location=place, changes={"name": "Downtown"}, by=admin)
    assert row_of(place) == before
    assert not AuditEvent.objects.exists()


def test_an_older_version_is_refused(place, admin):
    services.change_location(location=place, changes={"name": "Uptown"}, expected_version=1, by=admin)
    before = row_of(place)
    with pytest.raises(Changed):
        services.change_location(location=place, changes={"name": "Midtown"}, expected_version=1, by=admin)
    assert row_of(place) == before


def test_admins_only_and_only_their_locations(place, admin):
    room = RoomFactory(location=place)
    elsewhere = UserFactory(roles=["admin"], locations=[LocationFactory()])
    desk = UserFactory(roles=["front_desk"], locations=[place])
    before = row_of(place), row_of(room)
    for by, error in ((elsewhere, NotFound), (desk, NotAllowed)):
        with pytest.raises(error):
            services.change_location(location=place, changes={"name": "Mine"}, by=by)
        with pytest.raises(error):
            services.change_room(room=room, changes={"name": "Mine"}, by=by)
    assert (row_of(place), row_of(room)) == before
    assert not AuditEvent.objects.exists()


def test_only_admins_change_services():
    service = ServiceFactory()
    before = row_of(service)
    with pytest.raises(NotAllowed):
        services.change_service(service=service, changes={"notice_minutes": 60}, by=UserFactory())
    assert row_of(service) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slot_grid_minutes": 7}, "slot_grid_minutes"),
        ({"hold_minutes": 0}, "hold_minutes"),
        ({"late_cancel_hours": 721}, "late_cancel_hours"),
        ({"name": "Elsewhere"}, "name"),
    ],
)
def test_the_database_keeps_the_rules_of_a_location(place, admin, changes, field):
    LocationFactory(name="Elsewhere")
    before = row_of(place)
    with pytest.raises(Invalid) as refusal:
        services.change_location(location=place, changes=changes, by=admin)
    assert set(refusal.value.fields) == {field}
    assert row_of(place) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"horizon_days": 0}, "horizon_days"),
        ({"horizon_days": 731}, "horizon_days"),
        ({"notice_minutes": 43201}, "notice_minutes"),
        ({"duration_minutes": 4}, "duration_minutes"),
    ],
)
def test_the_database_keeps_the_rules_of_a_service(admin, changes, field):
    service = ServiceFactory()
    before = row_of(service)
    with pytest.raises(Invalid) as refusal:
        services.change_service(service=service, changes=changes, by=admin)
    assert set(refusal.value.fields) == {field}
    assert row_of(service) == before


def test_programs_change_with_the_etag_they_read(api, place, admin):
    room = RoomFactory(location=place)
    tag = api(admin).get(address(room))["ETag"]
    body = {"features": ["quiet", "hoist", "quiet"]}
    answer = api(admin).patch(address(room), body, format="json", headers={"If-Match": tag})
    assert (answer.status_code, answer["ETag"], answer.data["features"]) == (200, '"2"', ["hoist", "quiet"])
    assert api(admin).patch(address(room), body, format="json", headers={"If-Match": tag}).status_code == 412
    assert api(admin).patch(address(room), body, format="json").status_code == 428
    assert Room.objects.get().version == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"features": ["Hoist!"]}, "features"),
        ({"features": [f"x{number}" for number in range(21)]}, "features"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_the_field(api, place, admin, body, field):
    room = RoomFactory(location=place)
    before = row_of(room)
    answer = api(admin).patch(address(room), body, format="json", headers={"If-Match": '"1"'})
    assert answer.status_code == 400
    assert set(answer.data["fields"]) == {field}
    assert row_of(room) == before


def test_strangers_find_nothing_and_others_may_not(api, place):
    room, service = RoomFactory(location=place), ServiceFactory()
    elsewhere = UserFactory(roles=["admin"], locations=[LocationFactory()])
    therapist = UserFactory(locations=[place])
    tag = {"If-Match": '"1"'}
    for row in (place, room):
        assert api(elsewhere).patch(address(row), {"name": "Mine"}, format="json", headers=tag).status_code == 404
        assert api(therapist).patch(address(row), {"name": "Mine"}, format="json", headers=tag).status_code == 403
    assert api(therapist).patch(address(service), {"name": "Mine"}, format="json", headers=tag).status_code == 403
    assert not AuditEvent.objects.filter(action__endswith=".changed").exists()


def test_a_service_is_changed_by_an_admin(api, admin):
    service = ServiceFactory()
    body = {"audience": "new_patients", "notice_minutes": 120, "needed_features": ["hoist"]}
    answer = api(admin).patch(address(service), body, format="json", headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert Service.objects.filter(pk=service.pk, **body).exists()
