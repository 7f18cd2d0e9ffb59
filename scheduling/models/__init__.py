"""Time: when therapists work, who has claimed it."""

from scheduling.models.appointment import (
    LONGEST_BUSY,
    Appointment,
    AppointmentQuerySet,
    AppointmentStatus,
    CancelReason,
    SlotHold,
    TsTzRange,
)
from scheduling.models.hours import (
    Closure,
    ExtraHours,
    OfLocationQuerySet,
    OpeningHours,
    TherapistLimits,
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
    "Closure",
    "ExtraHours",
    "OfLocationQuerySet",
    "OpeningHours",
    "SlotHold",
    "TherapistLimits",
    "TimeOff",
    "TsTzRange",
    "Weekday",
    "WorkingHours",
]
