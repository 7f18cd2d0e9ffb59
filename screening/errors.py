"""What screening refuses."""

from clinic.core.errors import ClinicError, Conflict


class AbsoluteNotClearable(ClinicError):
    """A therapist tried to clear what only the clinical lead may lift."""

    code = "absolute_not_clearable"
    http_status = 403
    title = "Only the clinical lead can lift this"
    message = (
        "This flag allows no session. It is lifted when the fact is recorded as resolved, "
        "or by the clinical lead with a specialist's letter."
    )


class FlagAlreadyClosed(Conflict):
    """Somebody was faster, or the rule no longer fires."""

    code = "flag_already_closed"
    title = "Already closed"
    message = "This flag is no longer open. Load the page again to see who closed it."


class FlagNotCleared(Conflict):
    """Only a cleared flag can be opened again."""

    code = "flag_not_cleared"
    title = "Not cleared"
    message = "Only a cleared flag can be opened again."


class EmergencyStands(ClinicError):
    """An emergency answer is dealt with before anybody is treated."""

    code = "emergency_not_overridable"
    http_status = 409
    title = "An emergency stands"
    message = "An emergency answer stands. Nobody can let this visit pass before it is dealt with."


class NothingToOverride(Conflict):
    """The gate does not block."""

    code = "nothing_to_override"
    title = "Nothing stands in the way"
    message = "The screening does not block this visit any more. Load the page again."


class NoAlarm(Conflict):
    """Somebody was faster, or the answer was taken back."""

    code = "no_alarm"
    title = "No emergency is waiting"
    message = "Somebody has spoken with this patient already, or the answer was taken back. Load the page again."


class NothingToLookAt(Conflict):
    """Nothing changed, or somebody has looked already."""

    code = "nothing_to_look_at"
    title = "Nothing to look at"
    message = "These answers say that nothing has changed, or somebody has looked at them already."


class ChangesFirst(ClinicError):
    """What the patient says has changed is read before anybody decides."""

    code = "changes_not_looked_at"
    http_status = 409
    title = "Read what has changed first"
    message = (
        "The patient says that something has changed. Read it on the screening page before you let the visit pass."
    )


class ChangesAnswered(ClinicError):
    """The patient has told of a change, and nobody has read it."""

    code = "changes_answered"
    http_status = 409
    title = "Already answered"
    message = "The patient has told of a change before this visit. Read it on the screening page before you ask again."


class NotToAcknowledge(ClinicError):
    """What stops a session is not lifted by having read it."""

    code = "flag_blocks"
    http_status = 409
    title = "This flag stops the session"
    message = "Having read it is not enough: this flag is cleared, or no session takes place."


class FlagNoLongerStands(Conflict):
    """It was cleared, replaced or resolved meanwhile."""

    code = "flag_no_longer_stands"
    title = "No longer there"
    message = "This flag does not stand any more, or a newer one took its place. Load the page again and read that one."


class RequestClosed(Conflict):
    """The letter was answered or withdrawn already."""

    code = "clearance_request_closed"
    title = "Already closed"
    message = "This request was answered or withdrawn already. Load the page again to see what came of it."


class AlreadyCalled(Conflict):
    """Somebody was faster."""

    code = "already_called"
    title = "Somebody has called"
    message = "Somebody has called this patient already. Load the page again to see what came of it."


class FormIsNeeded(Conflict):
    """Without this form nobody could be screened."""

    code = "questionnaire_needed"
    title = "This form is needed"
    message = "The screening asks this form. Put another version in use instead: that retires this one."
