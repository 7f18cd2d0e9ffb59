"""What messaging refuses, and what it raises when a patient's link does not open."""

from django.utils.translation import gettext_lazy as _

from clinic.core.errors import ClinicError, Conflict, Invalid, NotFound


class UnknownTemplate(ClinicError):
    """A floor above named a text that does not exist."""

    code = "unknown_template"
    http_status = 422
    title = "Unknown message"
    message = "There is no message text named {template}."


class WrongContext(ClinicError):
    """The text cannot be written from what was given; found when it is queued, not when it is due."""

    code = "wrong_message_context"
    http_status = 422
    title = "Incomplete message"
    message = "The message {template} cannot be written: check {keys}."


class BeingSent(Conflict):
    """The subject is held by a sender for longer than anybody at a desk should wait."""

    code = "message_being_sent"
    title = "A message is being sent"
    message = "A message about this is being sent at this moment. Nothing was changed; try again in a few seconds."


class NotResendable(Conflict):
    """Only a message that failed, was given up or has an unknown outcome is promised again."""

    code = "message_not_resendable"
    title = "Not sent again"
    message = "This message is {state}; only failed, given-up and unknown ones can be sent again."


class Outdated(Conflict):
    """What the message was about has changed, or its time has passed."""

    code = "message_outdated"
    title = "Not sent again"
    message = "What this message was about has changed or is over, so it was not sent again."


class LinkDead(NotFound):
    """Unknown, expired, revoked, used up or overtaken: a patient is told the same for all of them."""

    code = "link_dead"
    title = _("This link no longer works")  # type: ignore[assignment]
    message = _("It may have been used already, or it is too old. Please call the clinic.")  # type: ignore[assignment]
    page = "messaging/link_dead.html"


class BirthDateWrong(Invalid):
    """The step-up failed; `remaining` tries are left."""

    code = "birth_date_wrong"
