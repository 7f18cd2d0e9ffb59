"""When a location is open: weekly hours, closures and extra hours, on its own clock, for booking and for free slots."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from scheduling import errors, services
from scheduling.availability import free_slots
from scheduling.diary import board
from scheduling.models import Appointment, Closure, ExtraHours, OpeningHours
from scheduling.plans import plan_series
from tests.scheduling.factories import at, coming_monday, make_desk

pytestmark = pytest.mark.django_db

SINCE = date(2026, 1, 1)


def opens(desk, *periods, weekday=0, **changes):
    asked = {"location": desk.location, "weekday": weekday, "periods": periods, "valid_from": SINCE, "by": desk.admin}
    return services.set_opening_hours(**{**asked, **changes})


def closes(desk, days=0, length=1, **changes):
    first = coming_monday() + timedelta(days=days)
    asked = {"location": desk.location, "first_on": first, "last_on": first + timedelta(days=length - 1)}
    return services.add_closure(**{**asked, "by": desk.admin, **changes})


def extra(desk, starts, ends, **changes):
    asked = {"location": desk.location, "on": coming_monday(), "starts_at_local": starts, "ends_at_local": ends}
    return services.add_extra_hours(**{**asked, "by": desk.admin, **changes})


def offered(desk, days=0):
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0, days=days), to=at(23, 59, days=days))
    return [slot.starts_at for slot in slots]


def test_without_any_hours_it_is_open_whenever_somebody_works(desk):
    assert (offered(desk)[0], offered(desk)[-1]) == (at(9), at(16))


def test_visits_begin_and_end_while_it_is_open(desk):
    opens(desk, (time(10), time(12)), (time(13), time(20)))
    assert (offered(desk)[0], offered(desk)[-1]) == (at(10), at(16))
    assert at(11, 15) not in offered(desk)
    for refused in (at(9), at(11, 30), at(12, 30)):
        with pytest.raises(errors.LocationClosed) as refusal:
            desk.book(refused)
        assert set(refusal.value.fields) == {"starts_at"}
    assert not Appointment.objects.exists()
    assert desk.book(at(10)).starts_at == at(10)


def test_a_weekday_without_hours_is_closed_once_others_have_some(desk):
    opens(desk, (time(9), time(17)))
    assert offered(desk, days=1) == []
    with pytest.raises(errors.LocationClosed):
        desk.book(at(9, days=1))
    assert not Appointment.objects.exists()


def test_hours_count_from_a_day_on_and_until_one(desk):
    following = coming_monday() + timedelta(days=7)
    opens(desk, (time(10), time(12)), valid_from=following, valid_until=following)
    assert offered(desk)[0] == at(9)
    assert (offered(desk, days=7)[0], offered(desk, days=7)[-1]) == (at(10, days=7), at(11, days=7))
    assert offered(desk, days=14)[0] == at(9, days=14)


def test_new_hours_end_the_old_ones_and_an_interruption_ends_itself(desk):
    opens(desk, (time(9), time(17)))
    monday = coming_monday()
    opens(desk, (time(12), time(13)), valid_from=monday, valid_until=monday)
    rows = OpeningHours.objects.order_by("valid_from").values_list("starts_at_local", "valid_from", "valid_until")
    assert list(rows) == [
        (time(9), SINCE, monday - timedelta(days=1)),
        (time(12), monday, monday),
        (time(9), monday + timedelta(days=1), None),
    ]


def test_a_closure_shuts_whole_days_for_everybody(desk):
    closes(desk, days=1, length=2)
    assert offered(desk)[0] == at(9)
    assert offered(desk, days=1) == offered(desk, days=2) == []
    assert offered(desk, days=3)[0] == at(9, days=3)
    with pytest.raises(errors.LocationClosed):
        desk.book(at(9, days=2))
    assert not Appointment.objects.exists()


def test_what_was_booked_before_stays(desk):
    visit = desk.book(at(9))
    closes(desk)
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_a_therapists_extra_hours_open_a_closed_day_for_that_therapist(desk):
    colleague = desk.new_therapist()
    closes(desk)
    extra(desk, time(18), time(20), therapist=desk.therapist)
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0), to=at(23))
    assert {slot.therapist for slot in slots} == {desk.therapist}
    assert desk.book(at(18)).starts_at == at(18)
    with pytest.raises(errors.OutsideWorkingHours):
        desk.book(at(18), patient=desk.new_patient(), therapist=colleague, room=desk.new_room())


def test_extra_hours_of_the_location_help_those_who_work_then(desk):
    opens(desk, (time(12), time(13)))
    extra(desk, time(9), time(10))
    assert offered(desk) == [at(9), at(12)]
    with pytest.raises(errors.OutsideWorkingHours):
        desk.book(at(18))


def test_an_absence_takes_away_from_extra_hours_too(desk):
    extra(desk, time(18), time(20), therapist=desk.therapist)
    services.add_time_off(
        therapist=desk.therapist, location=desk.location, starts_at=at(18), ends_at=at(20), by=desk.admin
    )
    with pytest.raises(errors.TherapistAway):
        desk.book(at(18))
    assert not Appointment.objects.exists()


def test_a_series_plan_says_which_dates_are_closed(desk):
    closes(desk, days=7)
    planned = plan_series(
        patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
        rule="FREQ=WEEKLY;COUNT=3", first_at=at(9), by=desk.front_desk,
    )  # fmt: skip
    assert [one.refusal.code if one.refusal else "free" for one in planned] == ["free", "location_closed", "free"]


def test_the_diary_shades_what_is_closed(desk):
    opens(desk, (time(10), time(17)))
    column = board(location=desk.location, day=coming_monday(), user=desk.front_desk).columns[0]
    assert at(10) in [gap.ends_at for gap in column.closed]
    assert column.away == []
    assert column.slots[0].starts_at == at(10)


def test_hours_over_a_gap_of_the_clocks_are_shorter_by_the_gap():
    """Lord Howe moves its clocks by half an hour: on 3 October 2027 forwards at two."""
    desk = make_desk(zone="Australia/Lord_Howe", duration_minutes=30)
    day = date(2027, 10, 3)
    services.set_working_hours(
        therapist=desk.therapist, location=desk.location, weekday=6, periods=[(time(0), time(4))], valid_from=SINCE,
        by=desk.admin,
    )  # fmt: skip
    opens(desk, (time(1), time(3)), weekday=6)
    from_ = at(0, zone=desk_zone(desk)) + (day - coming_monday())
    slots = free_slots(service=desk.service, location=desk.location, from_=from_, to=from_ + timedelta(hours=5))
    walls = [slot.starts_at.astimezone(desk_zone(desk)).strftime("%H:%M") for slot in slots]
    assert walls == ["01:00", "01:15", "01:30", "01:45", "02:30"]


def desk_zone(desk):
    return ZoneInfo(desk.location.timezone)


@pytest.mark.parametrize("periods", [[(time(12), time(9))], [(time(9), time(12)), (time(11), time(13))]])
def test_hours_that_overlap_or_end_early_are_refused(desk, periods):
    with pytest.raises(errors.HoursOverlap):
        opens(desk, *periods)
    assert not OpeningHours.objects.exists()


def test_closures_and_extra_hours_go_forwards(desk):
    with pytest.raises(errors.ClosureEndsEarly) as refusal:
        closes(desk, length=0)
    assert set(refusal.value.fields) == {"last_on"}
    with pytest.raises(errors.EndsBeforeItStarts):
        extra(desk, time(9), time(9))
    assert not Closure.objects.exists()
    assert not ExtraHours.objects.exists()
    assert not AuditEvent.objects.exists()


def test_only_admins_of_the_location_set_them(desk):
    shut, more = closes(desk), extra(desk, time(18), time(20))
    noted = AuditEvent.objects.count()
    for by, refusal in ((desk.front_desk, NotAllowed), (desk.therapist, NotAllowed), (make_desk().admin, NotFound)):
        for act in (
            lambda by=by: opens(desk, (time(9), time(10)), by=by),
            lambda by=by: closes(desk, by=by),
            lambda by=by: extra(desk, time(9), time(10), by=by),
            lambda by=by: services.remove_closure(closure=shut, by=by),
            lambda by=by: services.remove_extra_hours(extra=more, by=by),
        ):
            with pytest.raises(refusal):
                act()
    assert not OpeningHours.objects.exists()
    assert (Closure.objects.get(), ExtraHours.objects.get()) == (shut, more)
    assert AuditEvent.objects.count() == noted


def test_extra_hours_are_for_a_therapist_of_the_location(desk):
    with pytest.raises(errors.TherapistElsewhere):
        extra(desk, time(9), time(10), therapist=make_desk().therapist)
    assert not ExtraHours.objects.exists()


API = {
    "opening-hours": ({"weekday": 0, "valid_from": "2026-01-01",
                       "periods": [{"starts_at_local": "09:00", "ends_at_local": "12:00"}]}, OpeningHours),
    "closures": ({"first_on": "2027-12-24", "last_on": "2027-12-26", "name": "Winter holidays"}, Closure),
    "extra-hours": ({"on": "2027-12-24", "starts_at_local": "09:00", "ends_at_local": "12:00"}, ExtraHours),
}  # fmt: skip


@pytest.mark.parametrize("name", API)
def test_programs_set_list_and_remove_them(desk, api, stranger, name):
    payload, model = API[name]
    wanted = {**payload, "location_id": str(desk.location.public_id)}
    url = f"/api/v1/{name}/"

    refused = api(desk.front_desk).post(url, wanted, format="json")
    assert (refused.status_code, model.objects.count()) == (403, 0)

    answer = api(desk.admin).post(url, wanted, format="json")

    assert answer.status_code == 201
    row = model.objects.get()
    listed = api(desk.front_desk).get(url).json()["results"]
    assert [one["id"] for one in listed] == [str(row.public_id)]
    assert api(stranger).get(url).json()["results"] == []
    if name != "opening-hours":
        assert api(stranger).delete(f"{url}{row.public_id}/").status_code == 404
        assert api(desk.front_desk).delete(f"{url}{row.public_id}/").status_code == 403
        assert model.objects.count() == 1
        assert api(desk.admin).delete(f"{url}{row.public_id}/").status_code == 204
        assert model.objects.count() == 0


@pytest.mark.parametrize("name", API)
def test_a_list_takes_a_constant_number_of_queries(desk, api, name, django_assert_num_queries):
    for number in range(4):
        opens(desk, (time(9), time(10)), weekday=number)
        closes(desk, days=number)
        extra(desk, time(9), time(10), therapist=desk.therapist)
    client = api(desk.front_desk)
    client.get(f"/api/v1/{name}/")
    with django_assert_num_queries(len(_queries(client, f"/api/v1/{name}/", per_page=1))):
        client.get(f"/api/v1/{name}/")


def _queries(client, url, **query):
    with CaptureQueriesContext(connection) as found:
        client.get(url, query)
    return found.captured_queries
