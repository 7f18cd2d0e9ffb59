"""What this app refuses."""

from __future__ import annotations

from typing import Any

from clinic.core.errors import ClinicError, Conflict, NotFound


class NoSuchPatient(NotFound):
    """Absent and hidden look the same."""

    code = "no_such_patient"
    message = "There is no such patient, or the patient is not yours to see."


class PossibleDuplicate(Conflict):
    """Somebody much like this is registered. `candidate_ids` are those the actor may see."""

    code = "possible_duplicate"
    title = "Is this patient registered already?"
    message = "Somebody like this is registered. Open that record, or confirm that this is another person."
    _elsewhere = (
        "Somebody with this name and birth date is registered at another location. Ask an administrator there to "
        "share the record, or confirm that this is another person."
    )

    def __init__(self, *, candidate_ids: list[str], is_elsewhere: bool = False, **facts: Any) -> None:
        super().__init__(candidate_ids=candidate_ids, is_elsewhere=is_elsewhere, **facts)
        if is_elsewhere and not candidate_ids:
            self.message = self._elsewhere


class AlreadyEnded(Conflict):
    """It has an end date."""

    code = "already_ended"
    title = "Ended already"
    message = "This has ended already. Load the page again to see since when."


class SharedAlready(Conflict):
    """The patient is known at that location."""

    code = "shared_already"
    title = "Shared already"
    message = "That location knows this patient already."


class BrokenFile(ClinicError):
    """A file that cannot be read as a whole: nothing of it is taken."""

    code = "broken_file"
    http_status = 422
    title = "This file cannot be read"
    message = "{reason} Nothing was taken from the file."

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason=reason, **facts)


class ImportOvertaken(Conflict):
    """Somebody registered one of the file's patients while it was read."""

    code = "import_overtaken"
    title = "Overtaken"
    message = "Somebody changed one of these patients during the import. Nothing was taken; run it again."


class OtherFile(Conflict):
    """The file is not the one that was tried."""

    code = "other_file"
    title = "Another file"
    message = "This is not the file that was tried. Try it first; nothing was taken."
