"""Times as people write them. The only place where an instant becomes words."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import formats, timezone, translation
from django.utils.translation import gettext


@cache
def _zones() -> frozenset[str]:
    """Read once: it walks the machine's zone files."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether this machine knows an IANA zone of that name."""
    return name in _zones()


def zone(name: str) -> ZoneInfo:
    """An IANA zone."""
    return ZoneInfo(name)


def local(instant: datetime, zone_name: str) -> datetime:
    """The instant on the wall clock of a zone."""
    return instant.astimezone(ZoneInfo(zone_name))


def today_in(zone_name: str) -> date:
    """The calendar date it is now in a zone."""
    return local(timezone.now(), zone_name).date()


def at_local(day: date, at: time, zone_name: str) -> datetime:
    """The instant of a wall-clock time. A time inside a spring gap moves forward by the gap;
    of two in an autumn overlap the first is meant (fold=0)."""
    wall = datetime.combine(day, at, tzinfo=ZoneInfo(zone_name))
    return wall.astimezone(ZoneInfo("UTC"))


def day_bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The first instant of a local day and of the next one: 23, 24 or 25 hours apart."""
    return at_local(day, time.min, zone_name), at_local(day + timedelta(days=1), time.min, zone_name)


def end_of_daily_span(instant: datetime, starts: time, ends: time, zone_name: str) -> datetime | None:
    """When the span of each day that the instant lies in is over; None outside of it. A span may run over midnight.
    It is one stretch of time: an hour that the clock shows twice does not split it."""
    today = local(instant, zone_name).date()
    for day in (today - timedelta(days=1), today):
        last_day = day if starts < ends else day + timedelta(days=1)
        until = at_local(last_day, ends, zone_name)
        if at_local(day, starts, zone_name) <= instant < until:
            return until
    return None


def zone_label(zone_name: str) -> str:
    """The zone's city, as in 'New York time'."""
    city = zone_name.rsplit("/", 1)[-1].replace("_", " ")
    return gettext("%(city)s time") % {"city": city}


def print_visit(instant: datetime, zone_name: str, language: str = "en") -> str:
    """A visit's time for a patient: weekday, date, time and the location's zone by name."""
    with translation.override(language):
        wall = local(instant, zone_name)
        day = formats.date_format(wall, gettext("l, F j, Y"))
        clock = formats.date_format(wall, gettext("g:i A"))
        return gettext("%(day)s at %(clock)s (%(zone)s)") % {
            "day": day,
            "clock": clock,
            "zone": zone_label(zone_name),
        }
