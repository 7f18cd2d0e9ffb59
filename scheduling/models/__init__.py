"""Time: when therapists work, who has claimed it."""

from scheduling.models.appointment import (
    LAPSED,
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
    TimeOff,
    Weekday,
    WorkingHours,
)
from scheduling.models.limits import TherapistLimits
from scheduling.models.requests import MoveRequest, PartOfDay
from scheduling.models.series import AppointmentSeries
from scheduling.models.waiting import (
    Offer,
    OfferStatus,
    Vacancy,
    VacancyMode,
    VacancyStatus,
    WaitListEntry,
    WaitStatus,
)

__all__ = [
    "LAPSED",
    "LONGEST_BUSY",
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentSeries",
    "AppointmentStatus",
    "CancelReason",
    "Closure",
    "ExtraHours",
    "MoveRequest",
    "OfLocationQuerySet",
    "Offer",
    "OfferStatus",
    "OpeningHours",
    "PartOfDay",
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
