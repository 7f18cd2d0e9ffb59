"""How much hands-on time a therapist may be given, in a day and without a break."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from clinic.core.errors import ClinicError, NotAllowed, NotFound
from scheduling import errors, services
from scheduling.availability import free_slots
from scheduling.models import Appointment, TherapistLimits
from scheduling.plans import plan_series
from scheduling.services import cancel_appointment, move_appointment
from tests.factories import AppointmentFactory, LocationFactory, RoomFactory, UserFactory
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db

LIMITS = "/api/v1/therapist-limits/"


def limit(desk, day=None, run=None, pause=15, **changes):
    asked = {
        "therapist": desk.therapist,
        "most_minutes_a_day": day,
        "most_minutes_without_break": run,
        "break_minutes": pause,
        "by": desk.admin,
        **changes,
    }
    return services.set_limits(**asked)


def offered(desk, **asked):
    slots = free_slots(service=desk.service, location=desk.location, from_=at(0), to=at(23, 59), **asked)
    return [slot.starts_at for slot in slots]


def refused(error, act):
    before = list(Appointment.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        act()
    assert set(refusal.value.fields) == {"starts_at"}
    assert list(Appointment.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events
    return refusal.value


def test_a_day_holds_no_more_minutes_than_allowed(desk):
    limit(desk, day=100)
    desk.book(at(9))
    desk.book(at(11), patient=desk.new_patient())
    refusal = refused(errors.TooManyMinutesADay, lambda: desk.book(at(14), patient=desk.new_patient()))
    assert refusal.facts == {"minutes": 100}
    assert offered(desk) == []
    assert desk.book(at(14, days=1), patient=desk.new_patient()).starts_at == at(14, days=1)


def test_exactly_the_limit_is_allowed_and_a_minute_more_is_not(desk):
    limit(desk, day=50)
    refused(errors.TooManyMinutesADay, lambda: desk.book(at(9), minutes=51))
    assert desk.book(at(9)).minutes == 50


def test_visits_at_another_location_count(desk):
    elsewhere = LocationFactory()
    AppointmentFactory(
        therapist=desk.therapist, location=elsewhere, room=RoomFactory(location=elsewhere), starts_at=at(9)
    )
    limit(desk, day=99)
    refused(errors.TooManyMinutesADay, lambda: desk.book(at(14)))


def test_what_is_cancelled_counts_no_longer(desk):
    limit(desk, day=50)
    visit = desk.book(at(9))
    cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert desk.book(at(14), patient=desk.new_patient()).starts_at == at(14)


def test_visits_without_a_break_add_up(desk):
    limit(desk, run=100)
    desk.book(at(9))
    desk.book(at(9, 55), patient=desk.new_patient())
    refused(errors.TooManyMinutesWithoutBreak, lambda: desk.book(at(10, 50), patient=desk.new_patient()))
    assert desk.book(at(11), patient=desk.new_patient()).starts_at == at(11)


def test_a_visit_may_not_join_two_runs_that_were_apart(desk):
    limit(desk, run=100)
    desk.book(at(9))
    desk.book(at(11), patient=desk.new_patient())
    refused(errors.TooManyMinutesWithoutBreak, lambda: desk.book(at(10), patient=desk.new_patient()))
    assert at(10) not in offered(desk)
    assert offered(desk)[0] == at(12)


def test_a_break_is_as_long_as_set(desk):
    limit(desk, run=50, pause=30)
    desk.book(at(9))
    refused(errors.TooManyMinutesWithoutBreak, lambda: desk.book(at(10, 19), patient=desk.new_patient()))
    assert desk.book(at(10, 20), patient=desk.new_patient()).starts_at == at(10, 20)


def test_a_visit_that_moves_or_grows_does_not_count_twice(desk):
    limit(desk, day=60)
    visit = desk.book(at(9))
    assert move_appointment(appointment=visit, starts_at=at(14), by=desk.front_desk).starts_at == at(14)
    refused(errors.TooManyMinutesADay, lambda: move_appointment(appointment=visit, minutes=61, by=desk.front_desk))
    assert at(9) in offered(desk, ignoring=visit)


def test_a_plan_judges_the_load_as_booking_does(desk):
    limit(desk, day=50)
    desk.book(at(14, days=7), patient=desk.new_patient())
    asked = {
        "patient": desk.patient, "therapist": desk.therapist, "service": desk.service, "location": desk.location,
        "first_at": at(9), "by": desk.front_desk,
    }  # fmt: skip
    planned = plan_series(**asked, rule="FREQ=WEEKLY;COUNT=3")
    assert [one.refusal.code if one.refusal else "" for one in planned] == ["", "too_many_minutes_a_day", ""]
    with pytest.raises(errors.SeriesRefused):
        services.book_series(**asked, rule="FREQ=WEEKLY;COUNT=3")
    assert Appointment.objects.count() == 1


def test_without_limits_booking_and_searching_ask_no_more(desk):
    def statements(act):
        with CaptureQueriesContext(connection) as asked:
            act()
        return len(asked)

    patient = desk.new_patient()
    searching = statements(lambda: offered(desk))
    booking = statements(lambda: desk.book(at(9)))
    limit(desk, day=400)
    assert statements(lambda: offered(desk)) == searching
    assert statements(lambda: desk.book(at(11), patient=patient)) == booking + 1


def test_limits_are_set_anew_in_place(desk):
    limit(desk, day=100)
    limit(desk, run=90)
    row = TherapistLimits.objects.get()
    assert (row.most_minutes_a_day, row.most_minutes_without_break) == (None, 90)
    assert AuditEvent.objects.filter(action="limits.set").count() == 2


def test_only_admins_of_their_locations_set_them(desk):
    elsewhere = UserFactory(roles=["admin"], locations=[LocationFactory()])
    for by, error in ((desk.therapist, NotAllowed), (desk.front_desk, NotAllowed), (elsewhere, NotFound)):
        with pytest.raises(error):
            limit(desk, day=100, by=by)
    assert not TherapistLimits.objects.exists()
    assert not AuditEvent.objects.exists()


def test_programs_read_and_set_them(api, desk):
    body = {
        "therapist_id": str(desk.therapist.public_id),
        "most_minutes_a_day": 300,
        "most_minutes_without_break": None,
    }
    answer = api(desk.admin).post(LIMITS, body, format="json")
    assert (answer.status_code, answer.data["most_minutes_a_day"], answer.data["break_minutes"]) == (201, 300, 15)
    assert [row["most_minutes_a_day"] for row in api(desk.front_desk).get(LIMITS).data["results"]] == [300]
    assert api(desk.front_desk).post(LIMITS, body, format="json").status_code == 403
    stranger = UserFactory(roles=["admin"], locations=[LocationFactory()])
    assert api(stranger).get(LIMITS).data["results"] == []
    assert api(stranger).post(LIMITS, body, format="json").status_code == 400


@pytest.mark.parametrize("field", ["most_minutes_a_day", "most_minutes_without_break", "break_minutes"])
def test_bad_limits_name_the_field(api, desk, field):
    body = {"therapist_id": str(desk.therapist.public_id), "most_minutes_a_day": 300, "most_minutes_without_break": 90}
    answer = api(desk.admin).post(LIMITS, {**body, field: 0}, format="json")
    assert answer.status_code == 400
    assert set(answer.data["fields"]) == {field}
    assert not TherapistLimits.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_bookers_cannot_exceed_the_limit_together():
    desk = make_desk()
    limit(desk, day=50)
    desk.new_room()
    patients = [desk.new_patient() for _ in range(6)]
    results = []

    def book(number):
        try:
            desk.book(at(9 + number), patient=patients[number])
            results.append("booked")
        except ClinicError as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["booked"] + ["too_many_minutes_a_day"] * 5
    assert Appointment.objects.count() == 1
