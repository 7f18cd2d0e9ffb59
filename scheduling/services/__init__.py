"""The acts of scheduling. Each is one transaction with its audit row; see the module that holds it."""

from scheduling.services.booking import book_appointment, move_appointment, restore_appointment
from scheduling.services.holds import book_held, extend_hold, hold_slot, release_hold
from scheduling.services.limits import set_limits
from scheduling.services.offers import accept_offer, decline_offer, end_vacancy, offer_vacancy
from scheduling.services.opening import (
    add_closure,
    add_extra_hours,
    remove_closure,
    remove_extra_hours,
    set_opening_hours,
    set_opening_week,
)
from scheduling.services.passing import let_visit_pass
from scheduling.services.requests import ask_for_another_time, settle_move_request
from scheduling.services.series import Pick, book_series, cancel_series, move_series
from scheduling.services.status import (
    begin_appointment,
    cancel_appointment,
    complete_appointment,
    confirm_appointment,
    mark_arrived,
    mark_no_show,
)
from scheduling.services.waiting import Wish, change_wait_list_entry, join_wait_list, leave_wait_list
from scheduling.services.working_time import add_time_off, remove_time_off, set_working_hours, set_working_week

__all__ = [
    "Pick",
    "Wish",
    "accept_offer",
    "add_closure",
    "add_extra_hours",
    "add_time_off",
    "ask_for_another_time",
    "begin_appointment",
    "book_appointment",
    "book_held",
    "book_series",
    "cancel_appointment",
    "cancel_series",
    "change_wait_list_entry",
    "complete_appointment",
    "confirm_appointment",
    "decline_offer",
    "end_vacancy",
    "extend_hold",
    "hold_slot",
    "join_wait_list",
    "leave_wait_list",
    "let_visit_pass",
    "mark_arrived",
    "mark_no_show",
    "move_appointment",
    "move_series",
    "offer_vacancy",
    "release_hold",
    "remove_closure",
    "remove_extra_hours",
    "remove_time_off",
    "restore_appointment",
    "set_limits",
    "set_opening_hours",
    "set_opening_week",
    "set_working_hours",
    "set_working_week",
    "settle_move_request",
]
