"""What the person at the terminal reads: one plain line per step, one plain sentence per failure."""

from __future__ import annotations

import errno
import io
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from ops.layout import LOGS, ROOT, make_state_folders


class Failure(Exception):
    """Something the person can act on; the message is the whole sentence they read."""

    def __init__(self, sentence: str, *, details: str = "", log: Path | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details
        # Where the details are already; without one they go to the log of the command that failed.
        self.log = log


def say(line: str) -> None:
    """Print one line at once, also into a pipe; a closed pipe must not stop the servers."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = None


def log_file(name: str) -> Path:
    return LOGS / f"{name}.log"


def note(name: str, text: str) -> Path | None:
    """Append details to a log file; None when not even that is possible."""
    path = log_file(name)
    try:
        make_state_folders()
        with path.open("a", encoding="utf-8") as log:
            log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}\n{text.rstrip()}\n")
    except OSError:
        return None
    return path


def shown(path: Path) -> str:
    """A path as the person would type it from the project folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def sentence_for(problem: OSError) -> str:
    place = f" ({problem.filename})" if problem.filename else ""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{place}: free some space and start again."
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"No permission to write or run something here{place}: start this as the owner of the "
            f"project folder, or copy the project to a folder of your own."
        )
    return f"The system refused: {problem.strerror or problem}{place}."


def _fail(name: str, failure: Failure) -> int:
    written = note(name, f"{failure.sentence}\n{failure.details}\n{traceback.format_exc()}")
    say(failure.sentence)
    log = failure.log or (written if failure.details else None)
    if log is not None:
        say(f"Details: {shown(log)}")
    return 1


def guarded(name: str, main: Callable[[], int]) -> int:
    """Run a command so that every failure ends as one sentence and exit code 1, never as a traceback."""
    # A terminal that is not UTF-8 shows a replacement sign rather than stopping us.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        return main()
    except Failure as failure:
        return _fail(name, failure)
    except OSError as problem:
        return _fail(name, Failure(sentence_for(problem), details=str(problem)))
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    except Exception as problem:  # the last door before the terminal: nothing may pass as a traceback
        sentence = f"Something unexpected went wrong ({type(problem).__name__}): please report it with the log."
        return _fail(name, Failure(sentence, details=str(problem)))
