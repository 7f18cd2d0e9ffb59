"""Working hours and absences: who may set them, and what the new ones do to the old."""

from datetime import date, time, timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from scheduling import errors
from scheduling.models import TimeOff, WorkingHours
from scheduling.services import add_time_off, remove_time_off, set_working_hours
from tests.factories import UserFactory
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db

NEW_YEAR = date(2027, 1, 1)
ROW = ("starts_at_local", "ends_at_local", "valid_from", "valid_until")


def set_monday(desk, *periods, valid_from=NEW_YEAR, **changes):
    asked = {"therapist": desk.therapist, "location": desk.location, "weekday": 0, "by": desk.admin, **changes}
    return set_working_hours(periods=periods, valid_from=valid_from, **asked)


def mondays(desk):
    rows = WorkingHours.objects.filter(therapist=desk.therapist, weekday=0)
    return list(rows.order_by("valid_from", "starts_at_local").values_list(*ROW))


def test_new_hours_end_the_old_ones_the_day_before(desk):
    set_monday(desk, (time(14), time(18)), (time(8), time(12)))

    assert mondays(desk) == [
        (time(9), time(17), date(2026, 1, 1), date(2026, 12, 31)),
        (time(8), time(12), NEW_YEAR, None),
        (time(14), time(18), NEW_YEAR, None),
    ]
    event = AuditEvent.objects.get(action="working_hours.set")
    assert event.facts["periods"] == [["08:00:00", "12:00:00"], ["14:00:00", "18:00:00"]]


def test_hours_for_a_while_let_the_old_ones_go_on_after(desk):
    set_monday(desk, (time(10), time(12)), valid_until=date(2027, 1, 31))

    assert mondays(desk) == [
        (time(9), time(17), date(2026, 1, 1), date(2026, 12, 31)),
        (time(10), time(12), NEW_YEAR, date(2027, 1, 31)),
        (time(9), time(17), date(2027, 2, 1), None),
    ]


def test_no_periods_mean_a_day_off_from_then_on(desk):
    assert set_monday(desk) == []
    assert mondays(desk) == [(time(9), time(17), date(2026, 1, 1), date(2026, 12, 31))]


def test_setting_them_again_replaces_what_was_set(desk):
    set_monday(desk, (time(8), time(12)))
    set_monday(desk, (time(9), time(13)))
    assert mondays(desk)[1:] == [(time(9), time(13), NEW_YEAR, None)]


@pytest.mark.parametrize(
    "periods", [[(time(9), time(9))], [(time(12), time(9))], [(time(9), time(12)), (time(11), time(14))]]
)
def test_hours_end_after_they_start_and_do_not_overlap(desk, periods):
    before = mondays(desk)
    with pytest.raises(errors.HoursOverlap):
        set_monday(desk, *periods)
    assert mondays(desk) == before
    assert not AuditEvent.objects.exists()


def test_hours_do_not_end_before_they_begin_to_hold(desk):
    with pytest.raises(errors.EndsBeforeItStarts):
        set_monday(desk, (time(9), time(12)), valid_until=date(2026, 12, 31))


def test_only_admins_of_the_location_set_hours(desk, stranger):
    before = mondays(desk)
    for by in (desk.front_desk, desk.therapist):
        with pytest.raises(NotAllowed):
            set_monday(desk, (time(8), time(12)), by=by)
    with pytest.raises(NotFound):
        set_monday(desk, (time(8), time(12)), by=stranger)
    assert mondays(desk) == before


def test_hours_are_for_therapists_of_the_location(desk):
    with pytest.raises(errors.TherapistElsewhere):
        set_monday(desk, (time(8), time(12)), therapist=UserFactory())
    with pytest.raises(errors.TherapistElsewhere):
        set_monday(desk, (time(8), time(12)), therapist=desk.front_desk)


def test_time_off_closes_the_diary_and_taking_it_back_opens_it(desk):
    away = add_time_off(
        therapist=desk.therapist, location=desk.location, starts_at=at(9), ends_at=at(12), by=desk.admin
    )
    with pytest.raises(errors.TherapistAway):
        desk.book(at(10))

    remove_time_off(time_off=away, by=desk.admin)

    assert desk.book(at(10)).status == "booked"
    assert not TimeOff.objects.exists()
    actions = AuditEvent.objects.filter(action__startswith="time_off.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["time_off.added", "time_off.removed"]


def test_time_off_ends_after_it_starts(desk):
    with pytest.raises(errors.EndsBeforeItStarts):
        add_time_off(therapist=desk.therapist, location=desk.location, starts_at=at(9), ends_at=at(9), by=desk.admin)
    assert not TimeOff.objects.exists()


def test_only_admins_of_the_location_note_time_off(desk, stranger):
    away = add_time_off(
        therapist=desk.therapist,
        location=desk.location,
        starts_at=at(9),
        ends_at=at(9) + timedelta(days=1),
        by=desk.admin,
    )
    with pytest.raises(NotAllowed):
        remove_time_off(time_off=away, by=desk.front_desk)
    with pytest.raises(NotFound):
        remove_time_off(time_off=away, by=stranger)
    assert TimeOff.objects.get() == away


@pytest.mark.parametrize(("keeps_later", "until"), [(True, date(2030, 5, 31)), (False, None)])
def test_hours_through_the_api_keep_later_ones_if_asked(desk, api, keeps_later, until):
    known = {
        "therapist_id": str(desk.therapist.public_id), "location_id": str(desk.location.public_id), "weekday": 0,
        "periods": [{"starts_at_local": "10:00", "ends_at_local": "12:00"}],
    }  # fmt: skip
    client = api(desk.admin)
    for number, body in enumerate(
        [{"valid_from": "2030-06-01"}, {"valid_from": "2030-01-01", "keeps_later": keeps_later}]
    ):
        headers = {"Idempotency-Key": str(number)}
        assert (
            client.post("/api/v1/working-hours/", {**known, **body}, format="json", headers=headers).status_code == 201
        )
    new = WorkingHours.objects.get(valid_from=date(2030, 1, 1))
    assert new.valid_until == until
    assert WorkingHours.objects.filter(valid_from=date(2030, 6, 1)).exists() is keeps_later
