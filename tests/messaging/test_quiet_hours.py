"""Quiet hours: nothing is sent in them, unless it would be pointless afterwards; true on the days the clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from clinic import services as clinic_services
from clinic.core.clock import end_of_daily_span
from clinic.core.errors import Invalid
from clinic.models import Location
from messaging.delivery import deliver
from messaging.quiet import may_leave_at
from tests.factories import LocationFactory, UserFactory
from tests.messaging.factories import due_now, promise

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = (time(21), time(8))


def at(hour, minute=0, day=7):
    return datetime(2026, 12, day, hour, minute, tzinfo=NEW_YORK)


def place(span=NIGHT, **changes):
    return Location(timezone="America/New_York", quiet_from=span[0], quiet_until=span[1], **changes)


@pytest.mark.parametrize(
    ("span", "due_at", "leaves_at"),
    [
        (NIGHT, at(20, 59), at(20, 59)),
        (NIGHT, at(21), at(8, day=8)),
        (NIGHT, at(23, 59), at(8, day=8)),
        (NIGHT, at(3), at(8)),
        (NIGHT, at(7, 59), at(8)),
        (NIGHT, at(8), at(8)),
        ((time(13), time(15)), at(14), at(15)),
        ((time(13), time(15)), at(15), at(15)),
        ((time(13), time(15)), at(12, 59), at(12, 59)),
        ((None, None), at(3), at(3)),
    ],
)
def test_what_is_due_within_leaves_at_the_end(span, due_at, leaves_at):
    assert may_leave_at(due_at, location=place(span), expires_at=at(9, day=20)) == leaves_at


def test_what_would_be_pointless_then_leaves_at_once():
    assert may_leave_at(at(6), location=place(), expires_at=at(8)) == at(6)
    assert may_leave_at(at(6), location=place(), expires_at=at(8, 1)) == at(8)


def test_without_a_location_every_hour_is_good():
    assert may_leave_at(at(3), location=None, expires_at=at(9, day=20)) == at(3)


# Days on which the clock jumps: an hour, half an hour, at midnight, at noon UTC, and a zone that never changes.
CHANGES = [
    ("America/New_York", date(2026, 3, 8)), ("America/New_York", date(2026, 11, 1)),
    ("Europe/Madrid", date(2026, 3, 29)), ("Europe/Madrid", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Santiago", date(2026, 4, 5)), ("America/Santiago", date(2026, 9, 6)),
    ("Pacific/Auckland", date(2026, 4, 5)), ("Pacific/Auckland", date(2026, 9, 27)),
    ("America/Phoenix", date(2026, 3, 8)),
]  # fmt: skip
SPANS = [NIGHT, (time(22), time(2, 30)), (time(1, 15), time(2, 45)), (time(2, 10), time(5)), (time(0), time(6))]


def walked(zone, day, span):
    """By another way: walk the minutes, and at each ask the wall clock whether an end was passed.

    Every minute of three days with the quiet it has: it begins when the clock first shows (or has jumped over) the
    beginning on a date, and ends when it first shows the end.
    """
    starts, ends = span
    minute = datetime.combine(day - timedelta(days=2), time(12), tzinfo=zone).astimezone(UTC)
    over = minute + timedelta(days=5)
    begun, ended, quiet, found = set(), set(), False, {}
    while minute < over:
        wall = minute.astimezone(zone)
        if wall.time() >= ends and wall.date() not in ended:
            ended.add(wall.date())
            quiet = False
        if wall.time() >= starts and wall.date() not in begun:
            begun.add(wall.date())
            # A short span that lies in the gap whole is never quiet.
            quiet = starts >= ends or wall.time() < ends
        found[minute] = quiet
        minute += timedelta(minutes=1)
    return found


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize(("zone_name", "day"), CHANGES, ids=str)
def test_on_days_the_clock_changes_it_agrees_with_somebody_who_watches_the_clock(zone_name, day, span):
    found = walked(ZoneInfo(zone_name), day, span)
    first = min(found) + timedelta(days=1)
    for minute, quiet in found.items():
        if minute < first or minute >= first + timedelta(days=3):
            continue
        ends_at = end_of_daily_span(minute, *span, zone_name)
        if zone_gap_moves(zone_name, day, span, minute):
            continue
        assert (ends_at is not None) == quiet, minute.astimezone(ZoneInfo(zone_name))
        if ends_at is not None:
            assert not found[ends_at]


def zone_gap_moves(zone_name, day, span, minute):
    """An end that the clock jumps over is meant as far after the jump as it lies in the gap; the watcher takes the
    jump itself. They may differ within the length of one jump, and nowhere else."""
    zone = ZoneInfo(zone_name)
    for end in span:
        for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
            wall = datetime.combine(each, end, tzinfo=zone)
            back = wall.astimezone(UTC).astimezone(zone)
            if back.replace(tzinfo=None) != wall.replace(tzinfo=None):
                length = back.replace(tzinfo=None) - wall.replace(tzinfo=None)
                if wall.astimezone(UTC) - length <= minute <= wall.astimezone(UTC):
                    return True
    return False


@pytest.fixture
def quiet_now():
    """A location where it has been quiet for an hour and stays so for two."""
    now = timezone.now().replace(second=0, microsecond=0)
    return LocationFactory(
        timezone="UTC",
        quiet_from=(now - timedelta(hours=1)).time(),
        quiet_until=(now + timedelta(hours=2)).time(),
    ), now + timedelta(hours=2)


@pytest.mark.django_db
def test_a_promise_waits(quiet_now, outside):
    location, ends_at = quiet_now
    message = promise(location=location)
    assert message.not_before == ends_at
    deliver(str(message.public_id))
    assert outside.calls == []


@pytest.mark.django_db
def test_what_was_due_before_and_comes_late_waits_too_and_no_try_is_counted(quiet_now, outside):
    location, ends_at = quiet_now
    message = promise(location=location)
    due_now(message)
    deliver(str(message.public_id))
    message.refresh_from_db()
    assert (message.state, message.state_reason, message.attempt_count) == ("queued", "quiet_hours", 0)
    assert abs(message.not_before - ends_at) < timedelta(seconds=5)
    assert outside.calls == []
    assert not AuditEvent.objects.filter(action__startswith="message.").exclude(action="message.queued").exists()


@pytest.mark.django_db
def test_what_expires_in_the_quiet_hours_is_sent_in_them(quiet_now, outside):
    location, _ = quiet_now
    message = promise(location=location, expires_at=timezone.now() + timedelta(hours=1))
    deliver(str(message.public_id))
    message.refresh_from_db()
    assert message.state == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"quiet_from": time(21)}, {"quiet_until": time(8)}, {"quiet_from": time(8), "quiet_until": time(8)}]
)
def test_quiet_hours_need_two_different_ends(changes):
    location = LocationFactory()
    admin = UserFactory(roles=["admin"], locations=[location])
    with pytest.raises(Invalid) as refusal:
        clinic_services.change_location(location=location, changes=changes, by=admin)
    assert set(refusal.value.fields) == {"quiet_until"}
    kept = Location.objects.get()
    assert (kept.quiet_from, kept.quiet_until, kept.version) == (None, None, 1)


@pytest.mark.django_db
def test_more_than_five_reminders_are_refused():
    location = LocationFactory()
    admin = UserFactory(roles=["admin"], locations=[location])
    with pytest.raises(Invalid) as refusal:
        clinic_services.change_location(location=location, changes={"reminder_minutes": [60] * 6}, by=admin)
    assert set(refusal.value.fields) == {"reminder_minutes"}
    assert Location.objects.get().reminder_minutes is None
