"""The acts of scheduling. Each is one transaction with its audit row; see the module that holds it."""

from scheduling.services.booking import book_appointment, move_appointment
from scheduling.services.status import (
    begin_appointment,
    cancel_appointment,
    complete_appointment,
    confirm_appointment,
    mark_arrived,
    mark_no_show,
)
from scheduling.services.working_time import add_time_off, remove_time_off, set_working_hours

__all__ = [
    "add_time_off",
    "begin_appointment",
    "book_appointment",
    "cancel_appointment",
    "complete_appointment",
    "confirm_appointment",
    "mark_arrived",
    "mark_no_show",
    "move_appointment",
    "remove_time_off",
    "set_working_hours",
]
