"""What the tests of messaging share: a provider that stands for the outside world."""

import threading

import pytest

from messaging import providers
from messaging.providers import Provider


class OutsideWorld(Provider):
    """A provider that keeps its own books: every hand-over in `calls`, every accepted key once in `accepted`.

    `before` and `after` are raised, in turn, before the message is taken and after it was.
    """

    name = "outside"
    idempotency_seconds = None
    lease_seconds = 15

    def __init__(self):
        self.calls = []
        self.accepted = {}
        self.before = []
        self.after = []
        self.unreachable = []
        self.during = None
        self._door = threading.Lock()

    def open(self):
        if self.unreachable:
            raise self.unreachable.pop(0)

    def send(self, envelope):
        with self._door:
            self.calls.append(envelope)
            if self.before:
                raise self.before.pop(0)
            self.accepted.setdefault(envelope.key, envelope)
            if self.after:
                raise self.after.pop(0)
        if self.during is not None:
            self.during()
        return f"outside-{len(self.accepted)}"


@pytest.fixture
def outside(monkeypatch, settings):
    """Messages go to an OutsideWorld that knows idempotency keys for ever, until the test says otherwise."""
    world = OutsideWorld()
    monkeypatch.setitem(providers._EMAIL_PROVIDERS, "outside", lambda: world)
    settings.EMAIL_PROVIDER = "outside"
    return world
