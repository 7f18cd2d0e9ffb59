"""Why a visit cannot be booked, moved or changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from clinic.core.errors import ClinicError, Conflict, Invalid, NotAllowed


class Clash(Conflict):
    """Somebody else holds the time. `facts` say when, and up to three times that are free instead."""

    title = "That time is taken"

    def __init__(self, *, starts_at: datetime, ends_at: datetime) -> None:
        super().__init__(starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat(), alternatives=[])

    def offering(self, alternatives: list[dict[str, Any]]) -> Self:
        """The same refusal, with what is free instead."""
        self.facts["alternatives"] = alternatives
        return self


class SlotTaken(Clash):
    code = "slot_taken"
    message = "The therapist already has a visit at that time. Choose another time or another therapist."


class RoomTaken(Clash):
    code = "room_taken"
    message = "The room is already in use at that time. Choose another room or another time."


class PatientTaken(Clash):
    code = "patient_taken"
    message = "The patient already has a visit at that time. Choose another time."


class NoRoomFree(Clash):
    code = "no_room_free"
    title = "No room is free"
    message = "Every room of this location is in use at that time. Choose another time."


class HoldLapsed(Conflict):
    code = "hold_lapsed"
    title = "The slot is no longer held"
    message = "The time for which the slot was held is over. Hold it again, if it is still free."


class TooManyHolds(Conflict):
    code = "too_many_holds"
    title = "Too many slots are held"
    message = "You hold {most} slots already. Book or release some of them first."


class AlreadyWaiting(Conflict):
    code = "already_waiting"
    title = "On the wait-list already"
    message = "The patient waits for this service here already. Change that entry instead."


class NotWaiting(Conflict):
    code = "not_waiting"
    title = "No longer waiting"
    message = "This patient has been booked or taken off the list in the meantime."


class NobodySuits(Conflict):
    code = "nobody_suits"
    title = "Nobody can take it"
    message = "The time suits none of them any more, or screening keeps them from it. Nobody was asked."


class NothingToAnswer(Conflict):
    code = "nothing_to_answer"
    title = "This visit can no longer be changed"
    message = "The visit has begun, is over or was called off. Please call the clinic."


class OfferOver(Conflict):
    """Too late, or somebody was faster."""

    code = "offer_over"
    title = "This time is no longer free"
    message = "The time has been given to somebody else, or the offer is over."


class TryAgain(Conflict):
    """Two acts blocked each other twice in a row; nothing was written."""

    code = "try_again"
    title = "Somebody was booking at the same moment"
    message = "Somebody else was changing the same diary at the same moment. Nothing was saved; please try again."


class RuleBroken(Invalid):
    """A booking rule, told beside the field that breaks it."""

    field = "starts_at"

    def __init__(self, **facts: Any) -> None:
        super().__init__(fields={self.field: self.message.format(**facts)}, **facts)


class SlotInThePast(RuleBroken):
    code = "slot_in_the_past"
    message = "Choose a time that has not passed."


class NotYetHistory(RuleBroken):
    code = "not_yet_history"
    message = "Only a visit that has begun can be entered as history."


class TooFarAhead(RuleBroken):
    code = "too_far_ahead"
    message = "Choose a time within the next two years."


class BeyondServiceHorizon(RuleBroken):
    code = "beyond_service_horizon"
    message = "This service is booked at most {days} days ahead."


class TooShortNotice(RuleBroken):
    code = "too_short_notice"
    message = "This service needs {minutes} minutes' notice."


class ServiceNotForPatient(RuleBroken):
    field = "service_id"
    code = "service_not_for_patient"


class OnlyForNewPatients(ServiceNotForPatient):
    message = "This service is for patients who have not been treated here yet."


class OnlyForReturningPatients(ServiceNotForPatient):
    message = "This service is for patients who have been treated here before."


class LengthOutOfBounds(RuleBroken):
    field = "minutes"
    code = "length_out_of_bounds"
    message = "A visit lasts from 5 minutes to 8 hours."


class OutsideWorkingHours(RuleBroken):
    code = "outside_working_hours"
    message = "The therapist does not work at this location at that time."


class TherapistAway(RuleBroken):
    code = "therapist_away"
    message = "The therapist is away at that time."


class TooManyMinutesADay(RuleBroken):
    code = "too_many_minutes_a_day"
    message = "The therapist would treat for more than {minutes} minutes that day."


class TooManyMinutesWithoutBreak(RuleBroken):
    code = "too_many_minutes_without_break"
    message = "The therapist would treat for more than {minutes} minutes without a break."


class LocationClosed(RuleBroken):
    code = "location_closed"
    message = "The location is closed at that time."


class TherapistElsewhere(RuleBroken):
    field = "therapist_id"
    code = "therapist_elsewhere"
    message = "The therapist does not work at this location."


class ServiceNotOffered(RuleBroken):
    field = "service_id"
    code = "service_not_offered"
    message = "The therapist does not offer this service."


class ServiceWithdrawn(RuleBroken):
    field = "service_id"
    code = "service_withdrawn"
    message = "The clinic no longer offers this service."


class LicenceExpired(RuleBroken):
    field = "therapist_id"
    code = "licence_expired"
    message = "The therapist's licence is not valid on that day."


class RoomElsewhere(RuleBroken):
    field = "room_id"
    code = "room_elsewhere"
    message = "The room is not in use at this location."


class RoomLacksFeature(RuleBroken):
    field = "room_id"
    code = "room_lacks_feature"
    message = "The room lacks what this service needs. Choose another room."


class NoRoomFits(RuleBroken):
    field = "service_id"
    code = "no_room_fits"
    message = "No room of this location has what this service needs."


class PatientDied(RuleBroken):
    field = "patient_id"
    code = "patient_died"
    message = "The patient's record is closed."


class WindowTooWide(RuleBroken):
    field = "to"
    code = "window_too_wide"
    message = "Ask for at most eight weeks, ending after they start."


class TooEarlyForNoShow(RuleBroken):
    field = "status"
    code = "too_early_for_no_show"
    message = "A visit can be a no-show only after its time has come."


class HoursOverlap(RuleBroken):
    field = "periods"
    code = "hours_overlap"
    message = "Working hours must end after they start and may not overlap."


class EndsBeforeItStarts(RuleBroken):
    field = "ends_at"
    code = "ends_before_it_starts"
    message = "The end must be after the start."


class ClosureEndsEarly(EndsBeforeItStarts):
    field = "last_on"
    message = "The last day may not be before the first."


class SeriesInThePast(SlotInThePast):
    field = "first_at"


class SeriesTooFarAhead(TooFarAhead):
    field = "first_at"


class SeriesRuleBroken(RuleBroken):
    """What is wrong with the recurrence rule of a series. `part` is the rule's own word for it."""

    field = "rule"


class RuleMalformed(SeriesRuleBroken):
    code = "rule_malformed"
    message = "This is no recurrence rule such as FREQ=WEEKLY;COUNT=6: {part} cannot be read."


class RulePartNotTaken(SeriesRuleBroken):
    code = "rule_part_not_taken"
    message = "Use only FREQ, INTERVAL, COUNT or UNTIL, and BYDAY: {part} is not supported."


class RuleEndless(SeriesRuleBroken):
    code = "rule_endless"
    message = "Say when the series ends, with COUNT or UNTIL."


class RuleEndsTwice(SeriesRuleBroken):
    code = "rule_ends_twice"
    message = "Say when the series ends with COUNT or with UNTIL, not with both."


class RuleOver(SeriesRuleBroken):
    code = "rule_over"
    message = "The last date of the series has passed."


class RuleTooShort(SeriesRuleBroken):
    code = "rule_too_short"
    message = "A series has at least 2 visits."


class RuleTooLong(SeriesRuleBroken):
    code = "rule_too_long"
    message = "A series has at most 60 visits."


class RuleTooFarAhead(SeriesRuleBroken):
    code = "rule_too_far_ahead"
    message = "The last visit of a series must lie within the next two years."


class PicksUnsound(RuleBroken):
    field = "picks"
    code = "picks_unsound"
    message = "Choose at least two of the series' dates, each of them once."


class NothingToChange(RuleBroken):
    field = "scope"
    code = "nothing_to_change"
    message = "No visit of the series would be changed by this."


class VisitOfAnotherSeries(RuleBroken):
    field = "from"
    code = "visit_of_another_series"
    message = "Choose a visit of this series."


class SeriesRefused(Conflict):
    """Some visits of a series cannot be had, so none was written. `facts` name each of them with its reason."""

    code = "series_refused"
    title = "Not every visit of the series is possible"
    message = "Nothing was saved: some of the dates cannot be had. Choose other times for them, or leave them out."

    def __init__(self, *, dates: list[dict[str, Any]]) -> None:
        super().__init__(dates=dates)


class ScreeningBlocks(ClinicError):
    """The screening gate said no. The desk learns codes, never findings."""

    code = "screening_blocks"
    http_status = 422
    title = "Screening does not allow this booking"
    message = "A therapist has to review this patient's screening before the visit can be booked."


class IllegalTransition(Conflict):
    """The visit is in a state from which this act does not lead on."""

    code = "illegal_transition"
    title = "Not possible any more"
    message = "The visit is already {status}; this can no longer be done."

    def __init__(self, *, status: str, allowed: list[str]) -> None:
        super().__init__(status=status, allowed=allowed)

    @property
    def text(self) -> str:
        return self.message.format(status=str(self.facts["status"]).replace("_", " "))


class NotYourLocation(NotAllowed):
    """The patient is known here, the visit is elsewhere."""

    code = "not_your_location"
    message = "This visit is at a location you do not work at. Ask the desk there."
