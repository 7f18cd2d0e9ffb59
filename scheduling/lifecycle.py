"""Which state of a visit leads to which. Everything else is refused."""

from __future__ import annotations

from scheduling.models import AppointmentStatus as Status

NEXT: dict[str, tuple[str, ...]] = {
    Status.HELD: (Status.BOOKED,),
    Status.BOOKED: (Status.CONFIRMED, Status.ARRIVED, Status.CANCELLED, Status.NO_SHOW),
    Status.CONFIRMED: (Status.ARRIVED, Status.CANCELLED, Status.NO_SHOW),
    Status.ARRIVED: (Status.IN_SESSION, Status.CANCELLED),
    Status.IN_SESSION: (Status.COMPLETED,),
    Status.COMPLETED: (),
    # Taking back a cancellation: everything is asked for again.
    Status.CANCELLED: (Status.BOOKED,),
    # A late arrival: the time has to be claimed again.
    Status.NO_SHOW: (Status.ARRIVED,),
}
MOVABLE = (Status.BOOKED, Status.CONFIRMED)


def sources_of(status: str) -> list[str]:
    """The states from which this one may be reached."""
    return [source for source, targets in NEXT.items() if status in targets]
