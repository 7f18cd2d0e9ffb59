"""One error class: a stable code, an HTTP status, a sentence a person can act on."""

from __future__ import annotations

from typing import Any


class ClinicError(Exception):
    """A refusal. `message` may use {facts}; facts hold ids, codes and times, never names or notes."""

    code: str = "refused"
    http_status: int = 400
    title: str = "That was not possible"
    message: str = "The clinic refused this."
    # The template that shows it to a person when it is the whole page.
    page: str = "clinic/error_page.html"

    def __init__(self, *, fields: dict[str, str] | None = None, **facts: Any) -> None:
        self.fields = fields or {}
        self.facts = facts
        super().__init__(self.code)

    @property
    def text(self) -> str:
        """The sentence for a person."""
        return self.message.format(**self.facts)


class NotFound(ClinicError):
    """Absent and hidden look the same."""

    code = "not_found"
    http_status = 404
    title = "Not found"
    message = "There is no such record, or it is not yours to see."


class NotAllowed(ClinicError):
    """The role may not do this, whatever the record."""

    code = "not_allowed"
    http_status = 403
    title = "Not allowed"
    message = "Your role does not allow this."


class Conflict(ClinicError):
    """Somebody or something was faster."""

    code = "conflict"
    http_status = 409
    title = "Conflict"
    message = "This clashes with what is already recorded."


class Changed(ClinicError):
    """If-Match named another version."""

    code = "changed_since_read"
    http_status = 412
    title = "Changed in the meantime"
    message = "Somebody changed this after you opened it. Load it again; your changes are not saved."


class VersionRequired(ClinicError):
    """An edit without If-Match."""

    code = "version_required"
    http_status = 428
    title = "Version required"
    message = "Send the version you read in If-Match."


class Invalid(ClinicError):
    """Input that breaks a rule; `fields` names each field and its rule."""

    code = "invalid"
    http_status = 422
    title = "Please check what you entered"
    message = "Some entries need your attention."
