"""Why a report or an export was refused."""

from clinic.core.errors import ClinicError, Conflict


class ExportNotReady(Conflict):
    """The worker has not finished, or could not."""

    code = "export_not_ready"
    title = "Not ready"
    message = "This export has no file to download. Look at its state, and ask for it again if it failed."


class ExportExpired(ClinicError):
    """Files are kept for a day."""

    code = "export_expired"
    http_status = 410
    title = "Expired"
    message = "This file was kept for 24 hours and is gone. Ask for the export again."


class CohortTooSmall(ClinicError):
    """Rows of so few people would tell who they are."""

    code = "cohort_too_small"
    http_status = 422
    title = "Too few people"
    message = "Fewer than {minimum} people are in this range. Choose a longer range or all locations."


class ClaimLost(Exception):
    """Another worker took the job over: this one stops and leaves no trace."""
