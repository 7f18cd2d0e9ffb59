"""Runs the tests on servers of their own: python3 -m ops.testing (more pytest arguments in PYTEST_ARGS)."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from ops.accounts import find_place
from ops.bootstrap import ensure_environment
from ops.children import dies_with_parent
from ops.environment import for_django
from ops.layout import ROOT, STATE, VENV_PYTHON
from ops.locks import release, take
from ops.report import Failure, guarded, say
from ops.servers import Servers

SETTINGS = "clinic.settings.test"
# Each run at the same time takes a slot with servers of its own, so none can disturb another.
SLOTS = 8


@contextmanager
def borrowed_servers() -> Iterator[Servers]:
    """Servers nobody else uses, stopped afterwards; a killed run's leftovers are taken over."""
    number, lock = _free_slot()
    try:
        servers = Servers(
            find_place(f"test/{number}"),
            is_fast=True,
            database_url=os.environ.get("TEST_DATABASE_URL", ""),
            redis_url=os.environ.get("TEST_REDIS_URL", ""),
        )
        try:
            _start(servers)
            yield servers
        finally:
            servers.stop()
    finally:
        release(lock)


def _free_slot() -> tuple[int, int]:
    for number in range(SLOTS):
        lock = take(STATE / "test" / f"{number}.lock")
        if lock is not None:
            return number, lock
    raise Failure(f"{SLOTS} test runs are already going on in this folder: wait for one to end.")


def _start(servers: Servers) -> None:
    try:
        servers.start()
    except Failure:
        # Test databases trade safety for speed: after a power cut they may be broken, and are worth nothing.
        servers.stop()
        servers.remove()
        servers.start()


def run_to_the_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in the foreground; on Ctrl-C or SIGTERM it may finish its own way, and we wait."""
    child = subprocess.Popen(command, cwd=ROOT, env=dict(environment), preexec_fn=dies_with_parent())

    def pass_on(number: int, frame: FrameType | None) -> None:
        # The terminal has already sent Ctrl-C to the child; and only after Ctrl-C pytest ends its workers.
        if number != signal.SIGINT:
            child.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def pytest_command() -> list[str]:
    arguments = shlex.split(os.environ.get("PYTEST_ARGS", ""))
    return [str(VENV_PYTHON), "-m", "pytest", "-n", "2", *arguments]


def main() -> int:
    ensure_environment("dev")
    with borrowed_servers() as servers:
        environment = for_django(SETTINGS, servers.environment(), servers.programs())
        say("Running the tests …")
        return run_to_the_end(pytest_command(), environment)


if __name__ == "__main__":
    sys.exit(guarded("test", main))
