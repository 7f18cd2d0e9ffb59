"""What every audit row of the running request or task shares: request id, credential, address family."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class AuditContext:
    """`via` says how the actor got in: session, token:<public id>, link:<public id>, task or command."""

    request_id: str = ""
    via: str = ""


_NO_CONTEXT = AuditContext()
_current: ContextVar[AuditContext] = ContextVar("audit_context", default=_NO_CONTEXT)


def current() -> AuditContext:
    """The context of the running request or task."""
    return _current.get()


def note_credential(via: str) -> None:
    """Say how the actor of the running request got in."""
    _current.set(replace(_current.get(), via=via))


@contextmanager
def audit_context(*, request_id: str, via: str) -> Iterator[None]:
    """Run a block whose audit rows carry this context."""
    token = _current.set(AuditContext(request_id=request_id, via=via))
    try:
        yield
    finally:
        _current.reset(token)
