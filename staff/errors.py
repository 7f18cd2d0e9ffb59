"""Refusals of the staff floor."""

from clinic.core.errors import ClinicError


class TooManyTries(ClinicError):
    """The account or address is resting."""

    code = "too_many_tries"
    http_status = 429
    title = "Too many tries"
    message = "Too many failed tries. Wait {minutes} minutes and try again."


class EmailTaken(ClinicError):
    """One account per address."""

    code = "email_taken"
    http_status = 409
    title = "E-mail address in use"
    message = "There is an account with this e-mail address already."
