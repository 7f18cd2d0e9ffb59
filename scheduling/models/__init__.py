"""Time: when therapists work, who has claimed it, and who waits for it."""

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
from scheduling.models.wishes import (
    MoveRequest,
    MoveRequestStatus,
    Offer,
    OfferStatus,
    Vacancy,
    VacancyMode,
    VacancyStatus,
    WaitListEntry,
    WaitStatus,
)

__all__ = [
    "LONGEST_BUSY",
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentSeries",
    "AppointmentStatus",
    "CancelReason",
    "Closure",
    "ExtraHours",
    "MoveRequest",
    "MoveRequestStatus",
    "OfLocationQuerySet",
    "Offer",
    "OfferStatus",
    "OpeningHours",
    "SlotHold",
    "TherapistLimits",
    "TimeOff",
    "TsTzRange",
    "Vacancy",
    "VacancyMode",
    "VacancyStatus",
    "WaitListEntry",
    "WaitStatus",
    "Weekday",
    "WorkingHours",
]
