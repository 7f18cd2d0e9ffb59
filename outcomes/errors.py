"""Why a score or an answer was refused."""

from clinic.core.errors import ClinicError, Conflict


class ScoreAlreadyRecorded(Conflict):
    """The same source gave another score for the same moment."""

    code = "pain_score_already_recorded"
    title = "Another score is recorded"
    message = "This source already gave a different pain score for this moment. Scores are not overwritten."


class AlreadyAnswered(Conflict):
    """A survey is answered once."""

    code = "survey_already_answered"
    title = "Already answered"
    message = "This follow-up was answered already. The first answer stands."


class SurveyClosed(Conflict):
    """Withdrawn: the patient does not want follow-up questions, or it was never sent in time."""

    code = "survey_closed"
    title = "No longer open"
    message = "This follow-up was withdrawn and takes no answer."


class SurveyExpired(Conflict):
    """An answer after the window would be about another day."""

    code = "survey_expired"
    title = "Too late"
    message = "The time to answer this follow-up has passed."


class NoUnexpectedEffect(ClinicError):
    """Nothing was reported that could be seen."""

    code = "survey_without_unexpected_effect"
    http_status = 409
    title = "Nothing to mark"
    message = "This follow-up reports no unexpected effect."


class InstrumentNotLicensed(Conflict):
    """A shell without a standing attestation for this way of asking."""

    code = "instrument_not_licensed"
    title = "No licence on record"
    message = (
        "The words of this instrument belong to somebody else. An administrator records the licence first; "
        "scores taken before stay."
    )


class InstrumentNeedsNoLicence(Conflict):
    """Its words come with the product."""

    code = "instrument_needs_no_licence"
    title = "No licence is needed"
    message = "This instrument comes with its words and is free to use."


class MeasurementAlreadyRecorded(Conflict):
    """The same source gave other answers."""

    code = "measurement_already_recorded"
    title = "Other answers are recorded"
    message = "This source already gave other answers to this instrument. Answers are not overwritten."
