"""Time: when therapists work, who has claimed it."""

from scheduling.models.appointment import (
    LONGEST_BUSY,
    Appointment,
    AppointmentQuerySet,
    AppointmentStatus,
    CancelReason,
    TsTzRange,
)
from scheduling.models.hours import (
    OfLocationQuerySet,
    TimeOff,
    Weekday,
    WorkingHours,
)
from scheduling.models.series import AppointmentSeries

__all__ = [
    "LONGEST_BUSY",
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentSeries",
    "AppointmentStatus",
    "CancelReason",
    "OfLocationQuerySet",
    "TimeOff",
    "TsTzRange",
    "Weekday",
    "WorkingHours",
]
