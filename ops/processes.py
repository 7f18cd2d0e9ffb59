"""Looking at other processes without being fooled by zombies or reused process ids."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def is_running(pid: int, mark: str) -> bool:
    """Whether `pid` is a living process whose command line contains `mark`."""
    if pid <= 0:
        return False
    state, command = _look_in_proc(pid) if sys.platform == "linux" else _ask_ps(pid)
    return state not in ("", "Z", "X") and mark in command


def _look_in_proc(pid: int) -> tuple[str, str]:
    folder = Path("/proc") / str(pid)
    try:
        stat = (folder / "stat").read_text(errors="replace")
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return "", ""
    # The name in brackets may itself contain brackets and blanks.
    return stat.rpartition(")")[2].split()[0], command.decode(errors="replace")


def _ask_ps(pid: int) -> tuple[str, str]:
    done = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = done.stdout.strip().partition(" ")
    return state[:1], command


def first_number(path: Path) -> int:
    """The process id a pid file starts with; 0 when there is none."""
    try:
        return int(path.read_text(errors="replace").split("\n", 1)[0])
    except (OSError, ValueError):
        return 0
