"""Builds .venv and installs the locked packages: python3 -m ops.bootstrap [runtime | dev]."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops.layout import REQUIREMENTS, ROOT, STATE, VENV, VENV_PYTHON, make_state_folders
from ops.locks import held
from ops.report import Failure, guarded, log_file, note, say, shown

STAMP = VENV / ".installed-locks"
# Measured: 0.4 GB for running, 0.9 GB with the development tools, and as much again while pip unpacks.
NEEDED_BYTES = {"runtime": 1_000_000_000, "dev": 1_800_000_000}
LOCKS = ("runtime", "dev")
# The person's own settings for other projects must not redirect this installation.
DISTURBING = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV")


def lock_path(lock: str) -> Path:
    return REQUIREMENTS / f"{lock}.txt"


def ensure_environment(lock: str) -> None:
    """Make .venv hold exactly what the lock says; costs nothing when it already does."""
    make_state_folders()
    with held(STATE / "bootstrap.lock"):
        if _is_installed(lock) and _works(VENV_PYTHON, "pass"):
            return
        _require_space(NEEDED_BYTES[lock])
        if not _works(VENV_PYTHON, "import pip, sys; sys.exit(sys.version_info < (3, 11))"):
            _create()
        _install(lock)


def undisturbed_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in DISTURBING}


def _fingerprint(lock: str) -> str:
    return hashlib.sha256(lock_path(lock).read_bytes()).hexdigest()


def _is_installed(lock: str) -> bool:
    """The development lock contains the runtime lock, so it answers for both."""
    try:
        lines = STAMP.read_text().splitlines()
    except OSError:
        return False
    stamps = {name: mark for name, _, mark in (line.partition(" ") for line in lines)}
    return stamps.get("runtime") == _fingerprint("runtime") and (
        lock == "runtime" or stamps.get("dev") == _fingerprint("dev")
    )


def _works(python: Path, code: str) -> bool:
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, env=undisturbed_environment(), check=False)
    except OSError:
        return False
    return done.returncode == 0


def _require_space(needed: int) -> None:
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        raise Failure(
            f"Not enough disk space: installing needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
            f"free some space and start again."
        )


def _create() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failure(
            f"This Python ({sys.executable}) cannot create environments because its venv and ensurepip modules "
            f"are missing: install them (on Debian and Ubuntu: apt-get install python3-venv) and start again."
        )
    say(f"Creating .venv with Python {sys.version.split()[0]} …")
    output = _logged([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if output is not None:
        raise _explained("Python could not create .venv", output)


def _install(lock: str) -> None:
    say(f"Installing the packages of {shown(lock_path(lock))} (a minute or so, only when they change) …")
    STAMP.unlink(missing_ok=True)
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check"]
    output = _logged([*pip, "-r", str(lock_path(lock))])
    if output is not None:
        raise _explained("pip could not install the packages", output)
    installed = LOCKS if lock == "dev" else ("runtime",)
    STAMP.write_text("".join(f"{name} {_fingerprint(name)}\n" for name in installed))


def _logged(command: list[str]) -> str | None:
    """Run a command with its output in the log; None when it succeeded, else the output."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=undisturbed_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    note("bootstrap", f"{' '.join(command)}\n{done.stdout}")
    return None if done.returncode == 0 else done.stdout


def _explained(what: str, output: str) -> Failure:
    causes = {
        "no space left": "the disk is full; free some space and start again",
        "permission denied": "it may not write here; start this as the owner of the project folder",
        "do not match the hashes": "a downloaded file is not the one the lock names; do not use it, try again later",
        "no matching distribution": "a package has no build for this system or the package index cannot be reached",
        "connection": "the package index cannot be reached; check the network and start again",
    }
    cause = next((advice for sign, advice in causes.items() if sign in output.lower()), "see the log")
    return Failure(f"{what}: {cause}.", log=log_file("bootstrap"))


def main() -> int:
    lock = sys.argv[1] if len(sys.argv) > 1 else "runtime"
    if lock not in LOCKS:
        raise Failure("Usage: python3 -m ops.bootstrap [runtime | dev]")
    ensure_environment(lock)
    say("The packages are installed.")
    return 0


if __name__ == "__main__":
    sys.exit(guarded("bootstrap", main))
