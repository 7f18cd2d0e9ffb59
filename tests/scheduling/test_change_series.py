"""This visit, this and the following, all: what a change reaches, what it leaves alone, all or nothing."""

from datetime import time, timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from messaging.models import LinkPurpose, Message, SignedLink
from messaging.services import issue_link, subject
from scheduling import errors, reminders
from scheduling.models import Appointment
from scheduling.notices import subject_key
from scheduling.series_changes import Change, plan_cancel, plan_move
from scheduling.services import cancel_series, confirm_appointment, mark_arrived, move_appointment, move_series
from tests.factories import LocationFactory, UserFactory
from tests.scheduling.factories import at
from tests.scheduling.test_book_series import book, starts, weekly

pytestmark = pytest.mark.django_db

TWO_PM = Change(at=time(14))


@pytest.fixture
def series(desk):
    booked = book(desk)
    Message.objects.all().delete()
    return booked


def visit(series, number):
    return series.appointments.with_all_it_names().get(series_number=number)


def asked(desk, series, number=3, scope="following", **changes):
    return {"series": series, "scope": scope, "start": visit(series, number), "by": desk.front_desk, **changes}


def move(desk, series, number=3, scope="following", change=TWO_PM, **changes):
    return move_series(**asked(desk, series, number, scope, change=change, **changes))


def cancel(desk, series, number=3, scope="following", **changes):
    return cancel_series(**asked(desk, series, number, scope, reason="patient_asked", **changes))


def results(reached):
    return [
        one.kept.value if one.kept else one.planned.refusal.code if one.is_in_the_way else "free" for one in reached
    ]


def state(series):
    return list(
        series.appointments.order_by("series_number").values_list("starts_at", "therapist", "room", "status", "version")
    )


@pytest.mark.parametrize(("scope", "touched"), [
    ("this", {3}), ("following", {3, 4, 5, 6}), ("all", {1, 2, 3, 4, 5, 6}),
])  # fmt: skip
def test_a_new_time_reaches_what_was_chosen(desk, series, scope, touched):
    before = {row.series_number: row.public_id for row in series.appointments.all()}
    done = move(desk, series, scope=scope)

    assert {one.series_number for one in done} == touched
    rows = {row.series_number: row for row in series.appointments.all()}
    for number in range(1, 7):
        hour = 14 if number in touched else 9
        assert rows[number].starts_at == at(hour, days=7 * (number - 1))
        assert rows[number].version == (2 if number in touched else 1)
        assert rows[number].public_id == before[number]
    series.refresh_from_db()
    assert series.version == 2


def test_another_weekday_and_therapist_and_room(desk, series):
    colleague, room = desk.new_therapist(), desk.new_room()
    move(desk, series, change=Change(days=2, therapist=colleague, room=room))
    rows = [visit(series, number) for number in range(1, 7)]
    assert [row.starts_at for row in rows] == weekly(2) + [at(9, days=7 * number + 2) for number in range(2, 6)]
    assert [row.therapist == colleague and row.room == room for row in rows] == [False] * 2 + [True] * 4
    assert [row.series_at for row in rows] == [row.starts_at for row in rows]


def test_the_new_time_is_the_wall_clocks_on_both_sides_of_a_change(desk):
    series = book(desk, rule="FREQ=WEEKLY;COUNT=40")
    move(desk, series, number=1, scope="all")
    walls = {(each.weekday(), each.hour) for each in (row.astimezone(at(9).tzinfo) for row in starts(series))}
    assert walls == {(0, 14)}


def test_a_daily_series_moves_a_day_on_into_the_places_it_gives_up_itself(desk):
    series = book(desk, rule="FREQ=DAILY;COUNT=3")
    for days in (1, -1):
        assert results(plan_move(**asked(desk, series, 1, "all", change=Change(days=days)))) == ["free"] * 3
        move(desk, series, 1, "all", change=Change(days=days))
    assert starts(series) == [at(9), at(9, days=1), at(9, days=2)]


@pytest.mark.parametrize(("include", "expected"), [(False, at(11, days=29)), (True, at(14, days=29))])
def test_what_was_moved_by_itself_stays_unless_it_is_included(desk, series, include, expected):
    move_appointment(appointment=visit(series, 5), starts_at=at(11, days=29), by=desk.front_desk)
    preview = plan_move(**asked(desk, series, change=TWO_PM, include_moved=include))
    assert results(preview)[4] == ("free" if include else "moved_before")
    move(desk, series, include_moved=include)
    assert visit(series, 5).starts_at == expected
    assert visit(series, 6).starts_at == at(14, days=35)


def test_a_visit_moved_with_its_series_was_not_moved_by_itself(desk, series):
    move(desk, series)
    move(desk, series, change=Change(at=time(15)))
    assert [row.hour for row in (each.astimezone(at(9).tzinfo) for each in starts(series))] == [9, 9, 15, 15, 15, 15]
    move(desk, series, scope="this", change=Change(at=time(10)))
    assert results(plan_move(**asked(desk, series, 1, "all", change=TWO_PM)))[2] == "moved_before"


def test_past_and_finished_visits_are_left_alone(desk, series):
    mark_arrived(appointment=visit(series, 4), by=desk.front_desk)
    preview = plan_move(**asked(desk, series, 1, "all", change=TWO_PM, now=at(12)))
    assert results(preview) == ["over", "free", "free", "over", "free", "free"]
    done = move(desk, series, 1, "all", at=at(12))
    assert [one.series_number for one in done] == [2, 3, 5, 6]
    assert [row.version for row in series.appointments.order_by("series_number")] == [1, 2, 2, 2, 2, 2]


def test_one_date_in_the_way_refuses_all_and_names_it(desk, series):
    other = desk.new_patient()
    desk.book(at(14, 30, days=21), patient=other)
    desk.book(at(13, 30, days=35), patient=other)
    before = (state(series), AuditEvent.objects.count(), Message.objects.count())

    preview = plan_move(**asked(desk, series, change=TWO_PM))
    with pytest.raises(errors.SeriesRefused) as refusal:
        move(desk, series)

    assert results(preview) == ["outside", "outside", "free", "slot_taken", "free", "slot_taken"]
    assert [len(one.planned.alternatives) for one in preview if one.is_in_the_way] == [3, 3]
    assert [(one["number"], one["code"]) for one in refusal.value.facts["dates"]] == [
        (4, "slot_taken"), (6, "slot_taken")
    ]  # fmt: skip
    assert (state(series), AuditEvent.objects.count(), Message.objects.count()) == before
    series.refresh_from_db()
    assert series.version == 1


def test_a_preview_writes_nothing_and_asks_the_same_for_few_and_many(desk, django_assert_num_queries):
    for count in (3, 20):
        series = book(desk, rule=f"FREQ=WEEKLY;COUNT={count}", patient=desk.new_patient(), first_at=at(9 + count // 10))
        before = state(series)
        start = visit(series, 1)
        with django_assert_num_queries(12):
            preview = plan_move(series=series, scope="all", start=start, change=Change(at=time(16)), by=desk.front_desk)
        assert results(preview) == ["free"] * count
        assert state(series) == before


@pytest.mark.parametrize("change", [Change(), Change(at=time(9)), Change(days=0)])
def test_a_change_that_changes_nothing_is_refused(desk, series, change):
    with pytest.raises(errors.NothingToChange) as refusal:
        move(desk, series, change=change)
    assert list(refusal.value.fields) == ["scope"]
    assert {row[-1] for row in state(series)} == {1}


def test_a_visit_of_another_series_is_no_start(desk, series):
    other = book(desk, first_at=at(11), patient=desk.new_patient())
    for act in (plan_move, move_series):
        with pytest.raises(errors.VisitOfAnotherSeries):
            act(series=series, scope="all", start=visit(other, 1), change=TWO_PM, by=desk.front_desk)
    assert {row[-1] for row in state(series)} == {1}


def test_one_message_tells_what_stands_now_and_old_links_die(desk, series):
    moved, kept = visit(series, 4), visit(series, 2)
    for row in (moved, kept):
        issue_link(
            patient=desk.patient, purpose=LinkPurpose.VISIT, target_id=row.public_id, expires_at=row.starts_at,
            subject=subject(key=subject_key(row)), by=desk.front_desk,
        )  # fmt: skip
    move(desk, series)

    message = Message.objects.get()
    assert message.template == "series_changed"
    assert message.context["visits_at"] == [each.isoformat() for each in starts(series)]
    assert [link.revoked_at is None for link in SignedLink.objects.order_by("id")] == [False, True]


def test_a_waiting_confirmation_of_the_series_is_overtaken_by_the_change(desk):
    series = book(desk)
    move(desk, series)
    assert list(Message.objects.order_by("id").values_list("template", "state")) == [
        ("series_booked", "superseded"), ("series_changed", "queued")
    ]  # fmt: skip


def test_a_moved_visit_was_not_agreed_to_and_is_reminded_of_its_new_time(desk, series):
    confirm_appointment(appointment=visit(series, 4), by=desk.front_desk)
    move(desk, series)
    assert visit(series, 4).status == "booked"
    Message.objects.all().delete()
    Appointment.objects.update(agreed_at=at(9) - timedelta(days=9))
    assert reminders.queue_due(now=at(14, days=21) - timedelta(hours=23)) == 1
    assert (
        Message.objects.get().context["starts_at"] == at(14, days=21).astimezone(starts(series)[0].tzinfo).isoformat()
    )


@pytest.mark.parametrize("act", [move, cancel])
def test_only_this_visit_is_told_like_any_visit(desk, series, act):
    act(desk, series, scope="this")
    assert Message.objects.get().template in {"appointment_moved", "appointment_cancelled"}


@pytest.mark.parametrize("act", [move, cancel])
def test_nobody_is_told_when_the_desk_says_so(desk, series, act):
    act(desk, series, notify=False)
    assert not Message.objects.exists()


def test_the_rest_is_cancelled_and_the_others_stay(desk, series):
    move_appointment(appointment=visit(series, 5), starts_at=at(11, days=29), by=desk.front_desk, notify=False)
    assert results(
        [one for one in plan_cancel(**asked(desk, series)) if one.kept]
    ) == ["outside", "outside", "moved_before"]  # fmt: skip

    done = cancel(desk, series)

    assert [one.series_number for one in done] == [3, 4, 6]
    assert [row[3] for row in state(series)] == ["booked", "booked", "cancelled", "cancelled", "booked", "cancelled"]
    message = Message.objects.get()
    assert message.template == "series_cancelled"
    assert message.context["visits_at"] == [one.starts_at.isoformat() for one in done]
    assert message.context["kept_at"] == [visit(series, number).starts_at.isoformat() for number in (1, 2, 5)]
    event = AuditEvent.objects.get(action="series.cancelled")
    assert [one["id"] for one in event.facts["visits"]] == [str(one.public_id) for one in done]
    assert (event.facts["scope"], event.facts["reason"]) == ("following", "patient_asked")
    assert AuditEvent.objects.filter(action="appointment.cancelled").count() == 3


def test_a_series_cancelled_whole_has_ended_and_is_cancelled_once(desk, series):
    cancel(desk, series, 1, "all")
    message = Message.objects.get()
    assert (message.subject.is_live, message.context["kept_at"]) == (False, [])
    with pytest.raises(errors.NothingToChange):
        cancel(desk, series, 1, "all")
    assert Message.objects.count() == 1


def test_a_reason_nobody_knows_is_refused(desk, series):
    with pytest.raises(Invalid):
        cancel_series(**asked(desk, series, reason="because"))
    assert {row[3] for row in state(series)} == {"booked"}


@pytest.mark.parametrize("act", [move, cancel])
def test_a_version_that_was_overtaken_changes_nothing(desk, series, act):
    move(desk, series, scope="this")
    before = state(series)
    with pytest.raises(Changed):
        act(desk, series, expected_version=1)
    assert state(series) == before
    act(desk, series, expected_version=2)


def test_the_trail_names_what_was_moved_and_where_to(desk, series):
    done = move(desk, series)
    event = AuditEvent.objects.get(action="series.moved")
    assert event.facts == {
        "scope": "following",
        "visits": [{"id": str(one.public_id), "starts_at": one.starts_at.isoformat()} for one in done],
    }


@pytest.mark.parametrize("act", [move, cancel])
def test_strangers_auditors_and_other_desks_change_nothing(desk, series, stranger, act):
    elsewhere = UserFactory(roles=["front_desk"], locations=[LocationFactory()])
    desk.patient.locations.add(*elsewhere.locations.all())
    for by, refusal in [
        (stranger, NotFound), (UserFactory(roles=["auditor"], locations=[desk.location]), NotAllowed),
        (elsewhere, errors.NotYourLocation),
    ]:  # fmt: skip
        with pytest.raises(refusal):
            act(desk, series, by=by)
    assert {row[3:] for row in state(series)} == {("booked", 1)}
