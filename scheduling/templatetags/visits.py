"""How a visit's state looks: its words, icon and colour, the same on every screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.urls import reverse

from clinic.core.clock import local, zone_label
from clinic.models import Location
from scheduling.board import Board, Column
from scheduling.lifecycle import MOVABLE
from scheduling.models import (
    Appointment,
    AppointmentStatus,
    CancelReason,
    MoveRequest,
    PartOfDay,
    WaitListEntry,
    Weekday,
)
from scheduling.series_changes import Kept

register = template.Library()


@dataclass(frozen=True)
class VisitState:
    """Colour and icon only repeat the label."""

    label: str
    css: str
    icon: str
    tone: str


STATES = {
    AppointmentStatus.HELD: VisitState("Held", "visit-held", "clock", ""),
    AppointmentStatus.BOOKED: VisitState("Booked", "visit-booked", "calendar", ""),
    AppointmentStatus.CONFIRMED: VisitState("Confirmed", "visit-booked", "check", "accent"),
    AppointmentStatus.ARRIVED: VisitState("Arrived", "visit-arrived", "user", "info"),
    AppointmentStatus.IN_SESSION: VisitState("In session", "visit-arrived", "hand", "info"),
    AppointmentStatus.COMPLETED: VisitState("Completed", "visit-completed", "check-circle", "success"),
    AppointmentStatus.CANCELLED: VisitState("Cancelled", "visit-cancelled", "close", ""),
    AppointmentStatus.NO_SHOW: VisitState("No-show", "visit-no-show", "close-circle", "danger"),
}
# What an audited act is called on a visit's page.
ACTS = {
    "appointment.booked": "Booked",
    "appointment.moved": "Moved",
    "appointment.confirmed": "Confirmed",
    "appointment.arrived": "Arrived",
    "appointment.no_show": "Marked as no-show",
    "appointment.began": "Session started",
    "appointment.completed": "Completed",
    "appointment.cancelled": "Cancelled",
    "appointment.restored": "Cancellation taken back",
    "series.booked": "Series booked",
    "series.moved": "Visits of the series moved",
    "series.cancelled": "Visits of the series cancelled",
}
MESSAGE_TONES = {"sent": "success", "queued": "info", "sending": "info", "failed": "danger", "dead": "danger"}
TEMPLATES = {
    "appointment_booked": "Confirmation of the booking",
    "appointment_moved": "Notice of the new time",
    "appointment_cancelled": "Notice that the visit is off",
    "appointment_reminder": "Reminder",
    "slot_offered": "Offer of a time",
    "slot_gone": "Notice that an offered time is gone",
    "series_booked": "Confirmation of the series",
    "series_changed": "Notice of the series' new times",
    "series_cancelled": "Notice that visits of the series are off",
}


@register.filter
def visit_state(status: str) -> VisitState:
    """The look of a status."""
    return STATES[AppointmentStatus(status)]


@register.filter
def may_move(visit: Appointment) -> bool:
    """Whether it may be given another time."""
    return visit.status in MOVABLE


@register.filter
def suits(entry: WaitListEntry) -> str:
    """When a visit would suit somebody who waits, in one line."""
    days = ", ".join(str(Weekday(day).label) for day in entry.weekdays) or "any day"
    edges = (("from", entry.earliest_local), ("until", entry.latest_local))
    hours = " ".join(f"{word} {at:%H:%M}" for word, at in edges if at)
    people = " or ".join(person.full_name for person in entry.therapists.all())
    period = f"{entry.from_on:%-d %b} to {entry.until_on:%-d %b %Y}"
    line = ", ".join(part for part in (days, hours, people, period) if part)
    return line[0].upper() + line[1:]


@register.filter
def wished(request: MoveRequest) -> str:
    """Which other time a patient asked for."""
    days = ", ".join(str(Weekday(day).label) for day in request.weekdays) or "any day"
    return f"{days}, {PartOfDay(request.part_of_day).label.lower()}"


@register.filter
def of_key(answers: Mapping[Any, Any], key: Any) -> Any:
    """What is kept under a key."""
    return answers[key]


@register.filter
def act_name(action: str) -> str:
    """An audited act in the desk's words."""
    return ACTS.get(action, action)


@register.filter
def message_name(name: str) -> str:
    """What a message is, in the desk's words."""
    return TEMPLATES.get(name, name)


@register.filter
def reason_name(reason: str) -> str:
    """Why a visit was cancelled."""
    return str(dict(CancelReason.choices).get(reason, reason))


@register.filter
def message_tone(state: str) -> str:
    """The colour of a message's state."""
    return MESSAGE_TONES.get(state, "")


@register.filter
def day_of(instant: datetime, location: Location) -> str:
    """The date on the location's calendar, for an address."""
    return local(instant, location.timezone).date().isoformat()


@register.simple_tag
def book_address(location: Location, column: Column, starts_at: datetime) -> str:
    """The booking form, filled in with a free place of the diary."""
    whose = {"room": column.room} if column.room else {"therapist": column.therapist}
    query = {
        "location": str(location.public_id),
        **{name: str(row.public_id) for name, row in whose.items() if row},
        "starts_at": starts_at.isoformat(),
    }
    return reverse("scheduling:book", query=query)


@register.simple_tag
def diary_now(now: datetime, diary: Board) -> str:
    """The classes that put the now-line at its place; none when it lies outside the drawn hours."""
    wall = local(now, diary.location.timezone)
    is_drawn = diary.first_hour <= wall.hour < diary.last_hour
    return f"at-{wall.hour} past-{wall.minute // 5 * 5}" if is_drawn else ""


@register.filter
def kept_name(kept: str) -> str:
    """Why a visit of a series is left alone."""
    return str(Kept(kept).label)


@register.filter
def zone_name(location: Location) -> str:
    """Whose clock the times are on: New York time."""
    return zone_label(location.timezone)
