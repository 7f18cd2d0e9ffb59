"""A series is planned date by date before anything is written, and booked whole or not at all."""

from datetime import UTC, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.models import AuditEvent
from clinic.core.clock import local
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.models import Message
from scheduling import errors
from scheduling.models import Appointment, AppointmentSeries
from scheduling.plans import plan_series
from scheduling.services import Pick, book_series, cancel_appointment
from tests.factories import PatientFactory, UserFactory
from tests.scheduling.factories import TimeOffFactory, at, make_desk, work_weekdays

pytestmark = pytest.mark.django_db

SIX = "FREQ=WEEKLY;COUNT=6"


def asked(desk, **changes):
    return {
        "patient": desk.patient,
        "therapist": desk.therapist,
        "service": desk.service,
        "location": desk.location,
        "rule": SIX,
        "first_at": at(9),
        "by": desk.front_desk,
        **changes,
    }


def plan(desk, **changes):
    return plan_series(**asked(desk, **changes))


def book(desk, **changes):
    return book_series(**asked(desk, **changes))


def codes(planned):
    return [one.refusal.code if one.refusal else "free" for one in planned]


def starts(series):
    return list(series.appointments.order_by("starts_at").values_list("starts_at", flat=True))


def weekly(count, hour=9):
    return [at(hour, days=7 * number) for number in range(count)]


def test_a_free_series_is_free_on_every_date(desk):
    planned = plan(desk)
    assert codes(planned) == ["free"] * 6
    assert [one.number for one in planned] == [1, 2, 3, 4, 5, 6]
    assert [one.claim.starts_at for one in planned] == weekly(6)
    assert not Appointment.objects.exists()
    assert not AppointmentSeries.objects.exists()


def test_every_reason_is_told_beside_its_date(desk):
    other, elsewhere = desk.new_patient(), desk.new_therapist()
    desk.new_room()
    desk.book(at(9), patient=other)
    desk.book(at(9, 30, days=7), therapist=elsewhere)
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(8, days=14), ends_at=at(12, days=14))
    for person in (elsewhere, desk.new_therapist()):
        desk.book(at(9, days=21), therapist=person, patient=desk.new_patient())
    desk.therapist.licence_expires_on = at(9, days=30).date()
    desk.therapist.save()

    planned = plan(desk)

    assert codes(planned) == [
        "slot_taken", "patient_taken", "therapist_away", "no_room_free", "free", "licence_expired"
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action="series.booked").count() == 0


def test_a_room_that_was_asked_for_may_be_taken(desk):
    room = desk.new_room()
    desk.book(at(9, days=7), therapist=desk.new_therapist(), patient=desk.new_patient(), room=room)
    assert codes(plan(desk, room=room)) == ["free", "room_taken", "free", "free", "free", "free"]
    assert codes(plan(desk)) == ["free"] * 6


def test_hours_outside_work_clash_on_every_date_and_offer_the_nearest_times(desk):
    planned = plan(desk, first_at=at(17, 30), rule="FREQ=WEEKLY;COUNT=2")
    assert codes(planned) == ["outside_working_hours"] * 2
    assert [slot.starts_at for slot in planned[0].alternatives] == [at(15, 45), at(16), at(16, days=1)]


def test_screening_blocks_every_date_and_nothing_is_offered_instead(desk):
    desk.service.for_unscreened_patients = False
    desk.service.save()
    planned = plan(desk)
    assert codes(planned) == ["screening_blocks"] * 6
    assert planned[0].refusal.facts == {"reasons": ["not_screened"]}
    assert planned[0].alternatives == ()


def test_an_unscreened_patient_is_told_with_each_date(desk):
    assert {one.warnings for one in plan(desk)} == {("not_screened",)}


def test_alternatives_are_near_the_same_day_then_on_following_days(desk):
    desk.book(at(9, days=7), patient=desk.new_patient())
    planned = plan(desk)
    assert codes(planned) == ["free", "slot_taken", "free", "free", "free", "free"]
    assert [slot.starts_at for slot in planned[1].alternatives] == [
        at(10, days=7), at(10, 15, days=7), at(9, days=8)
    ]  # fmt: skip
    assert {slot.therapist for slot in planned[1].alternatives} == {desk.therapist}


def test_when_the_therapist_has_no_time_before_the_next_date_anybody_else_is_offered(desk):
    colleague = desk.new_therapist()
    TimeOffFactory(therapist=desk.therapist, location=desk.location, starts_at=at(0, days=7), ends_at=at(0, days=14))
    planned = plan(desk)
    assert codes(planned) == ["free", "therapist_away", "free", "free", "free", "free"]
    assert {slot.therapist for slot in planned[1].alternatives} == {colleague}
    assert planned[1].alternatives[0].starts_at == at(9, days=7)


@pytest.mark.parametrize("weeks", [24, 48])
def test_all_dates_of_half_a_year_are_checked_not_the_first_two_only(desk, weeks):
    """A calendar booked a 24-week series over three clashes because it had looked at two dates."""
    for week in (11, 17, 23):
        desk.book(at(9, days=7 * week), patient=desk.new_patient())
    TimeOffFactory(
        therapist=desk.therapist, location=desk.location, starts_at=at(8, days=140), ends_at=at(12, days=140)
    )
    planned = plan(desk, rule=f"FREQ=WEEKLY;COUNT={weeks}")

    assert len(planned) == weeks
    assert [one.number for one in planned if not one.is_free] == [12, 18, 21, 24]
    assert {local(one.claim.starts_at, "America/New_York").hour for one in planned} == {9}
    for one in planned:
        assert len(one.alternatives) == (0 if one.is_free else 3)


@pytest.mark.parametrize("count", [3, 55])
def test_planning_asks_as_many_queries_for_many_dates_as_for_few(desk, count, django_assert_num_queries):
    for number in range(3):
        desk.book(at(9, days=number), patient=desk.new_patient())
    with django_assert_num_queries(10):
        planned = plan(desk, rule=f"FREQ=DAILY;COUNT={count};BYDAY=TU,TH", first_at=at(11))
    assert codes(planned) == ["free"] * count


@pytest.mark.parametrize("clashing", [3, 14])
def test_looking_for_other_times_costs_the_same_for_all_dates_of_eight_weeks(desk, clashing, django_assert_num_queries):
    for number in range(clashing):
        desk.book(at(9, days=7 * (number // 2) + number % 2), patient=desk.new_patient())
    with django_assert_num_queries(10 + 7):
        planned = plan(desk, rule="FREQ=WEEKLY;COUNT=14;BYDAY=MO,TU")
    assert codes(planned).count("slot_taken") == clashing


def test_a_series_is_rows_of_its_own_with_a_number_and_a_place(desk):
    series = book(desk)

    assert (series.rule, series.first_at, series.version) == (SIX, at(9), 1)
    assert starts(series) == weekly(6)
    rows = series.appointments.order_by("series_number")
    assert [row.series_number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.series_at for row in rows] == weekly(6)
    assert {(row.status, row.version, row.room) for row in rows} == {("booked", 1, desk.room)}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Vienna", "Australia/Lord_Howe"])
def test_visits_keep_their_local_time_and_weekday_all_year(zone):
    desk = make_desk(zone)
    first = at(9, zone=ZoneInfo(zone))
    series = book(desk, rule="FREQ=WEEKLY;COUNT=52", first_at=first)
    walls = [local(each, zone) for each in starts(series)]
    assert len(walls) == 52
    assert {(wall.weekday(), wall.hour, wall.minute) for wall in walls} == {(0, 9, 0)}
    assert len({wall.utcoffset() for wall in walls}) == 2


def test_one_message_tells_all_dates_and_each_visit_is_reminded_by_itself(desk):
    series = book(desk)
    message = Message.objects.get()
    assert message.template == "series_booked"
    assert message.subject.key == f"appointment-series:{series.public_id}"
    assert message.context["visits_at"] == [each.isoformat() for each in starts(series)]
    assert set(message.context) == {"visits_at", "zone", "location_name", "location_address", "location_phone"}


def test_nobody_is_told_when_the_desk_says_so(desk):
    book(desk, notify=False)
    assert not Message.objects.exists()


def test_the_trail_names_the_series_and_its_visits(desk):
    series = book(desk, rule="FREQ=WEEKLY;COUNT=2")
    event = AuditEvent.objects.get(action="series.booked")
    assert (event.subject_id, event.patient_id) == (str(series.public_id), desk.patient.public_id)
    rows = series.appointments.order_by("series_number")
    assert event.facts == {
        "rule": "FREQ=WEEKLY;COUNT=2",
        "visits": [{"id": str(row.public_id), "starts_at": row.starts_at.isoformat()} for row in rows],
    }
    assert AuditEvent.objects.filter(action="appointment.booked").count() == 2


def test_some_dates_and_moved_ones_may_be_picked(desk):
    colleague = desk.new_therapist()
    room = desk.new_room()
    series = book(desk, picks=[
        Pick(1), Pick(3, starts_at=at(11, days=15)), Pick(6, therapist=colleague, room=room),
    ])  # fmt: skip
    rows = list(series.appointments.order_by("series_number"))
    assert [(row.series_number, row.starts_at) for row in rows] == [
        (1, at(9)), (2, at(11, days=15)), (3, at(9, days=35))
    ]  # fmt: skip
    assert (rows[2].therapist, rows[2].room) == (colleague, room)


@pytest.mark.parametrize("picks", [
    [], [Pick(1)], [Pick(1), Pick(1)], [Pick(0), Pick(1)], [Pick(6), Pick(7)],
])  # fmt: skip
def test_picks_that_are_none_are_refused(desk, picks):
    with pytest.raises(errors.PicksUnsound) as refusal:
        book(desk, picks=picks)
    assert list(refusal.value.fields) == ["picks"]
    assert not AppointmentSeries.objects.exists()


def test_a_pick_without_a_zone_is_refused(desk):
    with pytest.raises(Invalid) as refusal:
        book(desk, picks=[Pick(1), Pick(2, starts_at=at(9, days=7).replace(tzinfo=None))])
    assert list(refusal.value.fields) == ["picks"]
    assert not Appointment.objects.exists()


def test_one_clash_refuses_the_whole_series_and_names_every_date(desk):
    other = desk.new_patient()
    desk.book(at(9, days=7), patient=other)
    desk.book(at(9, days=28), patient=other)
    before = (Appointment.objects.count(), AuditEvent.objects.count(), Message.objects.count())

    with pytest.raises(errors.SeriesRefused) as refusal:
        book(desk)

    told = refusal.value.facts["dates"]
    assert [(one["number"], one["code"], one["starts_at"]) for one in told] == [
        (2, "slot_taken", at(9, days=7).astimezone(UTC).isoformat()),
        (5, "slot_taken", at(9, days=28).astimezone(UTC).isoformat()),
    ]
    assert [len(one["alternatives"]) for one in told] == [3, 3]
    assert (Appointment.objects.count(), AuditEvent.objects.count(), Message.objects.count()) == before
    assert not AppointmentSeries.objects.exists()


def test_two_visits_of_one_series_may_not_overlap(desk):
    with pytest.raises(errors.SeriesRefused) as refusal:
        book(desk, picks=[Pick(1), Pick(2, starts_at=at(9, 30), therapist=desk.new_therapist(), room=desk.new_room())])
    assert [(one["number"], one["code"]) for one in refusal.value.facts["dates"]] == [(2, "patient_taken")]
    assert not Appointment.objects.exists()


def test_what_is_wrong_with_all_dates_is_told_as_it_is(desk):
    desk.therapist.services.clear()
    for act in (plan, book):
        with pytest.raises(errors.ServiceNotOffered):
            act(desk)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("rule", [
    "FREQ=WEEKLY", "FREQ=DAILY;COUNT=10000", "FREQ=WEEKLY;UNTIL=20200101", "nonsense", "FREQ=YEARLY;COUNT=2",
])  # fmt: skip
def test_a_rule_that_is_none_writes_nothing(desk, rule):
    for act in (plan, book):
        with pytest.raises(errors.SeriesRuleBroken) as refusal:
            act(desk, rule=rule)
        assert list(refusal.value.fields) == ["rule"]
    assert not Appointment.objects.exists()
    assert not AuditEvent.objects.exists()


def test_cancelled_visits_are_in_nobodys_way(desk):
    visit = desk.book(at(9, days=7), patient=desk.new_patient())
    cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    assert codes(plan(desk)) == ["free"] * 6
    assert len(starts(book(desk))) == 6


def test_what_is_planned_as_free_can_be_booked_and_what_clashes_cannot(desk):
    """The plan and the booking follow the same rules, seen over a diary full of obstacles."""
    desk.new_room()
    colleague = desk.new_therapist()
    for number, (days, hour, minute) in enumerate([(0, 9, 0), (1, 9, 50), (2, 8, 30), (3, 9, 30), (8, 9, 15)]):
        therapist, patient = [(desk.therapist, desk.new_patient()), (colleague, desk.patient)][number % 2]
        work_weekdays(therapist, desk.location, time(8), time(17))
        desk.book(at(hour, minute, days=days), therapist=therapist, patient=patient)
    TimeOffFactory(
        therapist=desk.therapist, location=desk.location, starts_at=at(9, 30, days=9), ends_at=at(12, days=9)
    )
    rule = "FREQ=DAILY;COUNT=20"
    planned = plan(desk, rule=rule)
    assert len(set(codes(planned))) >= 4

    with pytest.raises(errors.SeriesRefused) as refusal:
        book(desk, rule=rule)
    assert [(one["number"], one["code"]) for one in refusal.value.facts["dates"]] == [
        (one.number, one.refusal.code) for one in planned if not one.is_free
    ]
    series = book(desk, rule=rule, picks=[Pick(one.number) for one in planned if one.is_free])
    assert starts(series) == [one.claim.starts_at for one in planned if one.is_free]


def test_every_alternative_can_be_booked_instead(desk):
    for days in (0, 7, 21):
        desk.book(at(9, days=days), patient=desk.new_patient())
    planned = plan(desk)
    picks = [
        Pick(one.number, starts_at=one.alternatives[-1].starts_at if one.alternatives else None) for one in planned
    ]
    series = book(desk, picks=picks)
    assert series.appointments.count() == 6
    assert starts(series)[0] == at(9, days=1)


def test_strangers_and_auditors_plan_and_book_nothing(desk, stranger):
    auditor = UserFactory(roles=["auditor"], locations=[desk.location])
    for act in (plan, book):
        with pytest.raises(NotFound):
            act(desk, by=stranger)
        with pytest.raises(NotAllowed):
            act(desk, by=auditor)
        with pytest.raises(NotFound):
            act(desk, patient=PatientFactory())
    assert not Appointment.objects.exists()


def test_a_time_that_has_passed_is_refused(desk):
    for act in (plan, book):
        with pytest.raises(errors.SeriesInThePast) as refusal:
            act(desk, first_at=at(9) - timedelta(days=70))
        assert list(refusal.value.fields) == ["first_at"]
    assert not Appointment.objects.exists()
