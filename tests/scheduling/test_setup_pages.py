"""The pages on which admins set up locations, rooms, hours, services and limits."""

from datetime import time, timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditEvent
from clinic.models import Room, Service
from scheduling.models import Closure, ExtraHours, OpeningHours, TherapistLimits, TimeOff, WorkingHours
from scheduling.stranded import stranded_visits
from tests.factories import AppointmentFactory, LocationFactory, RoomFactory, UserFactory
from tests.pages import text_of
from tests.scheduling.factories import at, work_weekdays

pytestmark = pytest.mark.django_db


def places(desk):
    place = f"/setup/locations/{desk.location.public_id}/"
    return {"place": place, "person": f"{place}therapists/{desk.therapist.public_id}/"}


def week(**changes):
    return {"valid_from": at(9).date().isoformat(), "valid_until": "", **changes}


def about(desk, **changes):
    return {
        "version": "1", "name": "Riverside", "address": "1 Main Street", "phone": "", "late_cancel_hours": "48",
        "hold_minutes": "10", "slot_grid_minutes": "30", "offers_only_adjacent": "on", **changes,
    }  # fmt: skip


def service_entries(**changes):
    return {
        "name": "Long release", "technique_family": "myofascial_release", "duration_minutes": "80",
        "buffer_before_minutes": "0", "buffer_after_minutes": "10", "audience": "returning_patients",
        "notice_minutes": "120", "horizon_days": "90", "needed_features": "Hoist, wide table", **changes,
    }  # fmt: skip


def test_the_menu_leads_to_it_and_it_names_what_there_is(desk, page_of):
    client = page_of(desk.admin)
    page = text_of(client.get("/setup/"))
    for shown in (desk.location.name, desk.service.name, desk.therapist.full_name, 'aria-current="page"'):
        assert shown in page
    assert "/setup/" not in text_of(page_of(desk.front_desk).get("/diary/"))


@pytest.mark.parametrize("roles", [["front_desk"], ["therapist"], ["auditor"]])
def test_only_admins_enter(desk, page_of, client, roles):
    client.logout()
    assert client.get("/setup/").url.startswith("/sign-in/")
    assert page_of(UserFactory(roles=roles, locations=[desk.location])).get("/setup/").status_code == 403


def test_an_admin_of_another_location_finds_nothing_of_ours_and_changes_nothing(desk, page_of):
    elsewhere = page_of(UserFactory(roles=["admin"], locations=[LocationFactory()]))
    address = places(desk)
    for path in (
        address["place"], address["person"], f"/setup/rooms/{desk.room.public_id}/",
    ):  # fmt: skip
        assert elsewhere.get(path).status_code == 404
    for path in ("place", "person"):
        for part in ("hours/", "closures/", "extra/", "rooms/", "absences/", "limits/"):
            assert elsewhere.post(address[path] + part, week(monday="9-12")).status_code in (404, 405)
    assert not OpeningHours.objects.exists()
    assert desk.location.name not in text_of(elsewhere.get("/setup/"))


def test_a_location_is_changed_and_a_stale_change_refused(desk, page_of):
    client, address = page_of(desk.admin), places(desk)["place"]
    assert client.post(address, about(desk)).status_code == 302
    desk.location.refresh_from_db()
    kept = desk.location
    assert (kept.name, kept.late_cancel_hours, kept.slot_grid_minutes, kept.offers_only_adjacent, kept.version) == (
        "Riverside", 48, 30, True, 2,
    )  # fmt: skip
    stale = client.post(address, about(desk, name="Lost"))
    assert stale.status_code == 412
    page = text_of(stale)
    assert 'value="Lost"' in page
    assert "Saving again replaces what they saved here: Name." in page
    desk.location.refresh_from_db()
    assert desk.location.name == "Riverside"
    # The page knows the newest version now: what was typed can be saved over it.
    assert '<input type="hidden" name="version" value="2"' in page
    assert client.post(address, about(desk, name="Lost", version="2")).status_code == 302
    desk.location.refresh_from_db()
    assert desk.location.name == "Lost"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"late_cancel_hours": "721"}, "less than or equal to 720"),
        ({"hold_minutes": "0"}, "greater than or equal to 1"),
        ({"slot_grid_minutes": "7"}, "not one of the available choices"),
    ],
)
def test_what_a_location_cannot_be_is_said_beside_the_field(desk, page_of, changes, said):
    answer = page_of(desk.admin).post(places(desk)["place"], about(desk, **changes))
    assert answer.status_code == 422
    assert said in text_of(answer)
    desk.location.refresh_from_db()
    assert desk.location.version == 1


def test_rooms_are_added_and_changed(desk, page_of):
    client = page_of(desk.admin)
    client.post(places(desk)["place"] + "rooms/", {"name": "Quiet room", "features": "Hoist,  wide table, hoist"})
    room = Room.objects.get(name="Quiet room")
    assert (room.features, room.location) == (["hoist", "wide table"], desk.location)
    again = client.post(places(desk)["place"] + "rooms/", {"name": "Quiet room", "features": ""})
    assert again.status_code == 422
    assert "room of this name already" in text_of(again)

    address = f"/setup/rooms/{room.public_id}/"
    assert 'value="hoist, wide table"' in text_of(client.get(address))
    client.post(address, {"version": "1", "name": "Quiet room", "features": ""})
    room.refresh_from_db()
    assert (room.is_active, room.features, room.version) == (False, [], 2)


def test_opening_hours_are_set_for_the_week_and_shown(desk, page_of):
    client, address = page_of(desk.admin), places(desk)["place"]
    assert "open whenever somebody works there" in text_of(client.get(address))
    today = timezone.now().date() - timedelta(days=1)
    hours = week(valid_from=today.isoformat(), monday="9-12, 13:00–17:30", friday="8:15-12:00")

    assert client.post(f"{address}hours/", hours).status_code == 302

    rows = OpeningHours.objects.order_by("weekday", "starts_at_local")
    assert [(row.weekday, row.starts_at_local, row.ends_at_local) for row in rows] == [
        (0, time(9), time(12)), (0, time(13), time(17, 30)), (4, time(8, 15), time(12)),
    ]  # fmt: skip
    page = text_of(client.get(address))
    assert 'value="09:00–12:00, 13:00–17:30"' in page
    assert "open whenever somebody works there" not in page

    client.post(f"{address}hours/", week(monday="10-16"))
    assert "Monday: 10:00–16:00" in text_of(client.get(address))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"monday": "nine to five"}, "Write hours as 09:00–12:00, 13:00–17:00."),
        ({"monday": "25-26"}, "Write hours as"),
        ({"monday": "12-9"}, "Each period ends after it starts"),
        ({"monday": "9-12, 11-13"}, "may not overlap"),
        ({"monday": ",".join(f"{hour}-{hour + 1}" for hour in range(7))}, "At most 6 periods"),
        ({"valid_until": "2020-01-01", "monday": "9-12"}, "The end must be after the start."),
        ({"valid_from": ""}, "This field is required."),
    ],
)
def test_hours_that_cannot_be_are_refused_whole(desk, page_of, changes, said):
    answer = page_of(desk.admin).post(places(desk)["place"] + "hours/", week(**{"tuesday": "9-12", **changes}))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not OpeningHours.objects.exists()


def test_closures_and_extra_hours_come_and_go(desk, page_of):
    client, address = page_of(desk.admin), places(desk)["place"]
    day = at(9).date().isoformat()
    client.post(f"{address}closures/", {"first_on": day, "last_on": day, "name": "Holiday"})
    client.post(
        f"{address}extra/",
        {"on": day, "starts_at_local": "18:00", "ends_at_local": "20:00", "therapist": str(desk.therapist.public_id)},
    )
    page = text_of(client.get(address))
    assert "Holiday" in page
    assert "18:00–20:00" in page

    client.post(f"/setup/closure/{Closure.objects.get().public_id}/remove/")
    client.post(f"/setup/extra/{ExtraHours.objects.get().public_id}/remove/")
    assert (Closure.objects.count(), ExtraHours.objects.count()) == (0, 0)
    assert client.post(f"/setup/other/{desk.room.public_id}/remove/").status_code == 404


@pytest.mark.parametrize(
    ("part", "entries", "said"),
    [
        ("closures/", {"first_on": "2027-01-05", "last_on": "2027-01-04"}, "may not be before the first"),
        ("extra/", {"on": "2027-01-05", "starts_at_local": "9:00", "ends_at_local": "9:00"}, "must be after the start"),
    ],
)
def test_days_that_cannot_be_are_refused_beside_the_field(desk, page_of, part, entries, said):
    answer = page_of(desk.admin).post(places(desk)["place"] + part, entries)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert (Closure.objects.count(), ExtraHours.objects.count()) == (0, 0)


def test_whoever_closes_hears_of_the_visits_that_lie_in_it(desk, page_of):
    desk.book(at(9))
    desk.book(at(11), patient=desk.new_patient())
    day = at(9).date()
    answer = page_of(desk.admin).post(
        places(desk)["place"] + "closures/", {"first_on": day.isoformat(), "last_on": day.isoformat()}, follow=True
    )
    page = text_of(answer)
    assert f"2 visits lie outside the hours at {desk.location} now and stay until they are moved." in page
    assert f"/diary/?location={desk.location.public_id}&date={day.isoformat()}" in page


def test_visits_far_ahead_are_stranded_too(desk):
    far = desk.book(at(9, days=140))
    work_weekdays(desk.therapist, desk.location, time(12), time(13))
    WorkingHours.objects.filter(ends_at_local=time(17)).delete()
    assert stranded_visits(location=desk.location) == [far]


def test_an_absence_warns_of_every_location_and_names_none_that_is_not_ours(desk, page_of):
    """Visits at a location the admin does not see are counted, without a way in."""
    other = LocationFactory(name="Hillside", timezone="America/New_York")
    desk.therapist.locations.add(other)
    work_weekdays(desk.therapist, other, time(9), time(17))
    room = RoomFactory(location=other)
    desk.book(at(9))
    AppointmentFactory(
        patient=desk.new_patient(), therapist=desk.therapist, location=other, room=room, starts_at=at(14)
    )
    day = at(9).date().isoformat()
    answer = page_of(desk.admin).post(
        f"{places(desk)['person']}absences/", {"first_on": day, "last_on": day}, follow=True
    )
    page = text_of(answer)
    assert f"One visit lies outside the hours at {desk.location} now" in page
    assert (
        "One visit lies outside the hours at Hillside now and stay until they are moved. Tell the desk there." in page
    )
    assert str(other.public_id) not in page


def test_a_whole_day_away_ends_at_the_midnight_after_it(desk, page_of):
    first, last = at(9).date(), at(9, days=1).date()
    entries = {"first_on": first.isoformat(), "last_on": last.isoformat()}
    page_of(desk.admin).post(f"{places(desk)['person']}absences/", entries)
    absence = TimeOff.objects.get()
    assert (absence.starts_at, absence.ends_at) == (at(0), at(0, days=2))


@pytest.mark.parametrize(("path", "model"), [("place", OpeningHours), ("person", WorkingHours)])
def test_hours_set_for_later_are_kept_unless_somebody_says_otherwise(desk, page_of, path, model):
    """Leaving *Until* empty must not end, without a word, what somebody set for the summer."""
    client, address = page_of(desk.admin), places(desk)[path]
    summer = at(9, days=28).date()
    client.post(f"{address}hours/", week(monday="9-17"))
    client.post(f"{address}hours/", week(monday="10-14", valid_from=summer.isoformat()))
    page = text_of(client.get(address))
    assert 'name="later" value="keep"' in page
    answer = client.post(f"{address}hours/", week(monday="8-12", later="keep"), follow=True)
    until = summer - timedelta(days=1)
    assert f"They hold until {until:%-d %b %Y}: other hours are set from {summer:%-d %b %Y} on." in text_of(answer)
    mondays = model.objects.filter(weekday=0, valid_from__gte=at(9).date()).order_by("valid_from")
    assert [(row.starts_at_local.hour, row.valid_until) for row in mondays] == [(8, until), (10, None)]
    client.post(f"{address}hours/", week(monday="7-12", later="replace"))
    mondays = model.objects.filter(weekday=0, valid_from__gte=at(9).date())
    assert [(row.starts_at_local.hour, row.valid_until) for row in mondays] == [(7, None)]


def test_the_list_of_later_hours_says_which_days_become_closed(desk, page_of):
    client, address = page_of(desk.admin), places(desk)["place"]
    client.post(f"{address}hours/", week(monday="9-17", tuesday="9-17"))
    summer = at(9, days=28).date()
    client.post(f"{address}hours/", week(monday="10-14", valid_from=summer.isoformat()))
    page = text_of(client.get(address))
    assert f"From {summer:%-d %b %Y}, Monday: 10:00–14:00" in page
    assert f"From {summer:%-d %b %Y}, Tuesday: closed" in page
    assert f"From {summer:%-d %b %Y}, Wednesday" not in page


def test_home_says_what_the_door_says_today(desk, page_of):
    client = page_of(desk.admin)
    assert "No opening hours: open whenever somebody works" in text_of(client.get("/setup/"))
    noon, tomorrow = at(12), at(12, days=1)
    day = noon.date()
    with time_machine.travel(noon):
        client = page_of(desk.admin)
        client.post(f"{places(desk)['place']}hours/", week(monday="9-12, 13-17", valid_from=day.isoformat()))
        assert "Open today 09:00–12:00, 13:00–17:00" in text_of(client.get("/setup/"))
        Closure.objects.create(location=desk.location, first_on=day, last_on=day, name="Founders day")
        assert "Closed today: Founders day" in text_of(client.get("/setup/"))
        ExtraHours.objects.create(location=desk.location, on=day, starts_at_local=time(18), ends_at_local=time(20))
        assert "Open today 18:00–20:00" in text_of(client.get("/setup/"))
    with time_machine.travel(tomorrow):
        assert "Closed today<" in text_of(page_of(desk.admin).get("/setup/"))


@pytest.mark.parametrize(
    ("part", "entries", "said"),
    [
        ("absences/", {"first_on": "2027-01-05", "starts": "9:00", "last_on": "2027-01-05", "ends": "8:00"}, "after"),
        ("limits/", {"most_minutes_a_day": "4", "break_minutes": "15"}, "greater than or equal to 5"),
        ("hours/", {"valid_from": "2027-01-04", "monday": "x"}, "Write hours as"),
    ],
)
def test_what_a_therapist_cannot_have_is_refused_and_changes_nothing(desk, page_of, part, entries, said):
    before, events = WorkingHours.objects.count(), AuditEvent.objects.count()
    answer = page_of(desk.admin).post(places(desk)["person"] + part, entries)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert (WorkingHours.objects.count(), TimeOff.objects.count(), TherapistLimits.objects.count()) == (before, 0, 0)
    assert AuditEvent.objects.count() == events


def test_services_are_added_changed_and_given(desk, page_of):
    client = page_of(desk.admin)
    assert client.post("/setup/services/new/", service_entries()).status_code == 302
    made = Service.objects.get(name="Long release")
    assert (made.duration_minutes, made.audience, made.needed_features, made.horizon_days) == (
        80, "returning_patients", ["hoist", "wide table"], 90,
    )  # fmt: skip

    address = f"/setup/services/{made.public_id}/"
    assert 'value="80"' in text_of(client.get(address))
    client.post(address, service_entries(version="1", duration_minutes="75"))
    made.refresh_from_db()
    assert (made.duration_minutes, made.is_active, made.version) == (75, False, 2)
    assert client.post(address, service_entries(version="1")).status_code == 412

    client.post(f"{address}therapists/", {"therapists": [str(desk.therapist.public_id)]})
    assert list(made.therapists.all()) == [desk.therapist]
    assert AuditEvent.objects.filter(action="service.therapists_set").count() == 1
    client.post(f"{address}therapists/", {})
    assert not made.therapists.exists()


def test_who_gives_a_service_elsewhere_is_not_ours_to_say(desk, page_of):
    elsewhere = UserFactory(roles=["therapist"], locations=[LocationFactory()], services=[desk.service])
    client, address = page_of(desk.admin), f"/setup/services/{desk.service.public_id}/therapists/"
    refused = client.post(address, {"therapists": [str(elsewhere.public_id)]})
    assert refused.status_code == 422
    client.post(address, {})
    assert list(desk.service.therapists.all()) == [elsewhere]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"duration_minutes": "4"}, "greater than or equal to 5"),
        ({"horizon_days": "0"}, "greater than or equal to 1"),
        ({"needed_features": "hoist!"}, "short words of letters"),
        ({"audience": "friends"}, "not one of the available choices"),
    ],
)
def test_a_service_that_cannot_be_is_refused(desk, page_of, changes, said):
    answer = page_of(desk.admin).post("/setup/services/new/", service_entries(**changes))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert Service.objects.count() == 1


@pytest.mark.parametrize("number", [3, 12])
def test_the_pages_take_a_constant_number_of_queries(desk, page_of, number, django_assert_num_queries):
    for _ in range(number):
        desk.new_therapist()
        desk.new_room()
    client = page_of(desk.admin)
    client.get("/setup/")
    others = [LocationFactory() for _ in range(number)]
    desk.admin.locations.add(*others)
    set_hours(desk, number)
    address = places(desk)
    with django_assert_num_queries(10):
        client.get("/setup/")
    with django_assert_num_queries(9):
        client.get(address["place"])
    with django_assert_num_queries(7):
        client.get(address["person"])
    with django_assert_num_queries(5):
        client.get(f"/setup/services/{desk.service.public_id}/")
    with django_assert_num_queries(4):
        client.get(f"/setup/rooms/{Room.objects.first().public_id}/")


def set_hours(desk, number):
    """So many of all that a location and a therapist have lists of."""
    for week in range(number):
        day = at(9, days=7 * week).date()
        Closure.objects.create(location=desk.location, first_on=day, last_on=day)
        ExtraHours.objects.create(location=desk.location, on=day, starts_at_local=time(18), ends_at_local=time(20))
        TimeOff.objects.create(
            therapist=desk.therapist,
            location=desk.location,
            starts_at=at(20, days=7 * week),
            ends_at=at(21, days=7 * week),
        )
        OpeningHours.objects.create(
            location=desk.location, weekday=week % 7, starts_at_local=time(9), ends_at_local=time(17), valid_from=day
        )


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [("48, 2", [2880, 120], "48, 2"), ("0.5,24", [1440, 30], "24, 0.5"), ("none", [], "none"), ("", None, "")],
)
def test_reminders_are_typed_in_hours_for_a_location_and_a_service(desk, page_of, typed, kept, shown):
    client, address = page_of(desk.admin), places(desk)["place"]
    client.post(address, about(desk, reminder_minutes=typed, quiet_from="21:00", quiet_until="08:00"))
    desk.location.refresh_from_db()
    place = desk.location
    assert (place.reminder_minutes, place.quiet_from, place.quiet_until) == (kept, time(21), time(8))
    page = text_of(client.get(address))
    assert 'value="21:00"' in page
    assert not shown or f'value="{shown}"' in page

    client.post("/setup/services/new/", service_entries(reminder_minutes=typed))
    assert Service.objects.get(name="Long release").reminder_minutes == kept


@pytest.mark.parametrize("typed", ["soon", "0.1", "337", "1,2,3,4,5,6", "1,,2", "nan", "inf"])
def test_reminders_that_cannot_be_are_refused(desk, page_of, typed):
    answer = page_of(desk.admin).post(places(desk)["place"], about(desk, reminder_minutes=typed))
    assert answer.status_code == 422
    desk.location.refresh_from_db()
    assert (desk.location.reminder_minutes, desk.location.version) == (None, 1)
