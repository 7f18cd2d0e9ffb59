"""The processes `make run` starts and must not leave behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ops.layout import ROOT, VENV_PYTHON
from ops.report import log_file

PR_SET_PDEATHSIG = 1


def dies_with_parent() -> Callable[[], None] | None:
    """What a child does before it starts, so that even kill -9 of its parent ends it (Linux only)."""
    if sys.platform != "linux":
        return None
    # Loaded here: after a fork nothing may take the locks that loading takes.
    set_option = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def prepare() -> None:
        set_option(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


@dataclass
class Child:
    """One running part of the clinic."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.has_ended():
            self.process.terminate()

    def finish(self, seconds: float) -> None:
        """Wait for a clean end, then clear away whatever is left of the whole group."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Wait for a process at the end, and take it down if we are stopped before."""
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
        if process.stdout:
            process.stdout.close()


def start_child(name: str, environment: Mapping[str, str]) -> Child:
    path = log_file(name)
    if path.exists():
        path.replace(path.with_suffix(".previous.log"))
    with path.open("wb") as log:
        process = subprocess.Popen(
            [VENV_PYTHON, "-m", "ops.start", name],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Own session: Ctrl-C reaches only us, and we stop the parts in their order.
            start_new_session=True,
            preexec_fn=dies_with_parent(),
        )
    return Child(name, process, path)
