"""What a service, a room and a location demand of a visit: notice, horizon, audience, features; grid and gaps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from scheduling import errors, services
from scheduling.availability import free_slots
from scheduling.models import Appointment
from scheduling.plans import plan_series
from scheduling.services import cancel_appointment, move_appointment, restore_appointment
from tests.factories import AppointmentFactory
from tests.scheduling.factories import at, coming_monday

pytestmark = pytest.mark.django_db

WEEKLY = "FREQ=WEEKLY;COUNT=3"


def sets(row, **changes):
    type(row).objects.filter(pk=row.pk).update(**changes)
    for name, value in changes.items():
        setattr(row, name, value)


def minutes_until(time):
    return int((time - timezone.now()).total_seconds() // 60)


def offered(desk, days=0, **asked):
    asked = {"from_": at(0, days=days), "to": at(23, 59, days=days), **asked}
    return [slot.starts_at for slot in free_slots(service=desk.service, location=desk.location, **asked)]


def treated_before(desk):
    start = timezone.now() - timedelta(days=30)
    return AppointmentFactory(
        patient=desk.patient, therapist=desk.therapist, location=desk.location, room=desk.room, service=desk.service,
        starts_at=start, status="completed",
    )  # fmt: skip


def refused(error, act, field):
    """The act is refused beside the field, and neither a visit nor a trace of one is left behind."""
    before = list(Appointment.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        act()
    assert set(refusal.value.fields) == {field}
    assert list(Appointment.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events
    return refusal.value


# Notice and horizon


def test_a_service_needs_its_notice(desk):
    sets(desk.service, notice_minutes=minutes_until(at(10)))
    refusal = refused(errors.TooShortNotice, lambda: desk.book(at(9)), "starts_at")
    assert refusal.fields["starts_at"] == f"This service needs {desk.service.notice_minutes} minutes' notice."
    assert offered(desk)[0] == at(10)
    assert desk.book(at(10)).starts_at == at(10)


def test_a_service_is_booked_within_its_horizon(desk):
    days = (at(12) - timezone.now()).days
    sets(desk.service, horizon_days=days)
    assert offered(desk, days=7) == []
    refusal = refused(errors.BeyondServiceHorizon, lambda: desk.book(at(9, days=7)), "starts_at")
    assert refusal.facts == {"days": days}


def test_a_visit_that_keeps_its_start_needs_no_notice(desk):
    visit = desk.book(at(9))
    sets(desk.service, notice_minutes=minutes_until(at(12)))
    move_appointment(appointment=visit, minutes=30, by=desk.front_desk)
    cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    restored = restore_appointment(appointment=visit, by=desk.front_desk)
    assert (restored.starts_at, restored.minutes) == (at(9), 30)
    refused(
        errors.TooShortNotice,
        lambda: move_appointment(appointment=visit, starts_at=at(11), by=desk.front_desk),
        "starts_at",
    )


def test_a_held_slot_is_booked_after_its_notice_has_passed(desk):
    hold = services.hold_slot(
        therapist=desk.therapist, service=desk.service, location=desk.location, starts_at=at(9), by=desk.front_desk
    )
    sets(desk.service, notice_minutes=minutes_until(at(12)))
    assert desk.book(at(9), hold=hold).starts_at == at(9)


def test_a_series_names_the_dates_beyond_the_horizon(desk):
    sets(desk.service, horizon_days=(at(12, days=7) - timezone.now()).days + 1)
    planned = plan_series(
        patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
        rule=WEEKLY, first_at=at(9), by=desk.front_desk,
    )  # fmt: skip
    assert [one.refusal.code if one.refusal else "" for one in planned] == ["", "", "beyond_service_horizon"]


# Audience


def test_a_service_for_new_patients_is_not_for_those_who_were_here(desk):
    sets(desk.service, audience="new_patients")
    assert offered(desk, patient=desk.patient)
    treated_before(desk)
    refused(errors.OnlyForNewPatients, desk.book, "service_id")
    assert offered(desk, patient=desk.patient) == []
    assert desk.book(patient=desk.new_patient()).starts_at == at(9)


def test_a_service_for_returning_patients_is_not_for_new_ones(desk):
    sets(desk.service, audience="returning_patients")
    # A visit that is only booked makes nobody a returning patient.
    AppointmentFactory(
        patient=desk.patient, therapist=desk.therapist, location=desk.location, room=desk.room, starts_at=at(12)
    )
    refused(errors.OnlyForReturningPatients, desk.book, "service_id")
    refused(
        errors.OnlyForReturningPatients,
        lambda: services.book_series(
            patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
            rule=WEEKLY, first_at=at(9), by=desk.front_desk,
        ),
        "service_id",
    )  # fmt: skip
    treated_before(desk)
    assert desk.book().starts_at == at(9)


def test_a_plan_for_the_wrong_audience_is_refused_as_a_whole(desk):
    sets(desk.service, audience="returning_patients")
    with pytest.raises(errors.OnlyForReturningPatients):
        plan_series(
            patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
            rule=WEEKLY, first_at=at(9), by=desk.front_desk,
        )  # fmt: skip


def test_a_visit_that_stands_may_be_moved_whoever_its_service_is_for_now(desk):
    visit = desk.book(at(9))
    sets(desk.service, audience="returning_patients")
    assert offered(desk, patient=desk.patient, ignoring=visit)
    assert move_appointment(appointment=visit, starts_at=at(11), by=desk.front_desk).starts_at == at(11)


# Rooms


def test_a_visit_takes_the_room_that_has_what_it_needs(desk):
    fitting = desk.new_room(features=["hoist", "quiet"])
    sets(desk.service, needed_features=["hoist"])
    assert desk.book(at(9)).room == fitting
    assert at(9) not in offered(desk)
    second = desk.new_therapist()
    with pytest.raises(errors.NoRoomFree):
        desk.book(at(9), therapist=second, patient=desk.new_patient())
    assert Appointment.objects.count() == 1


def test_a_room_that_lacks_it_is_refused_by_name(desk):
    desk.new_room(features=["hoist"])
    sets(desk.service, needed_features=["hoist"])
    refused(errors.RoomLacksFeature, lambda: desk.book(room=desk.room), "room_id")


def test_without_any_such_room_the_service_is_to_blame(desk):
    sets(desk.service, needed_features=["hoist"])
    refused(errors.NoRoomFits, desk.book, "service_id")
    assert offered(desk) == []
    with pytest.raises(errors.NoRoomFits):
        plan_series(
            patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
            rule=WEEKLY, first_at=at(9), by=desk.front_desk,
        )  # fmt: skip


def test_a_visit_leaves_a_room_that_no_longer_fits_when_it_moves(desk):
    visit = desk.book(at(9))
    assert visit.room == desk.room
    fitting = desk.new_room(features=["hoist"])
    sets(desk.service, needed_features=["hoist"])
    assert move_appointment(appointment=visit, starts_at=at(11), by=desk.front_desk).room == fitting


def test_a_plan_judges_rooms_as_booking_does(desk):
    fitting = desk.new_room(features=["hoist"])
    sets(desk.service, needed_features=["hoist"])
    asked = {
        "patient": desk.patient, "therapist": desk.therapist, "service": desk.service, "location": desk.location,
        "rule": WEEKLY, "first_at": at(9), "by": desk.front_desk,
    }  # fmt: skip
    assert all(one.is_free for one in plan_series(**asked, room=fitting))
    assert {one.refusal.code for one in plan_series(**asked, room=desk.room)} == {"room_lacks_feature"}


# Grid and gaps


@pytest.mark.parametrize(("grid", "count"), [(5, 87), (15, 29), (30, 15), (60, 8)])
def test_times_are_offered_on_the_locations_grid(desk, grid, count):
    desk.location.slot_grid_minutes = grid
    shown = offered(desk)
    assert len(shown) == count
    assert all(one.minute % grid == 0 for one in shown)


def test_only_the_edges_of_each_gap_are_offered(desk):
    desk.location.offers_only_adjacent = True
    assert offered(desk) == [at(9), at(16)]
    desk.book(at(12))
    assert offered(desk) == [at(9), at(11), at(13), at(16)]


def test_a_gap_is_that_of_the_day_whatever_part_of_it_is_asked_for(desk):
    desk.location.offers_only_adjacent = True
    desk.book(at(12))
    assert offered(desk, from_=at(10), to=at(15)) == [at(11), at(13)]


def test_what_is_past_is_no_gap(desk):
    desk.location.offers_only_adjacent = True
    assert offered(desk, now=at(10, 1)) == [at(10, 15), at(16)]


def test_the_days_are_separate_gaps(desk):
    desk.location.offers_only_adjacent = True
    both = offered(desk, to=at(23, days=1))
    assert both == [at(9), at(16), at(9, days=1), at(16, days=1)]
    assert coming_monday() == both[0].date()


def test_the_desk_may_still_book_between_the_offered_times(desk):
    sets(desk.location, offers_only_adjacent=True)
    assert desk.book(at(10, 5)).starts_at == at(10, 5)
