"""Runs the whole clinic on this machine until Ctrl-C: python3 -m ops.supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import NoReturn

from ops.accounts import find_place
from ops.bootstrap import ensure_environment
from ops.children import Child, ending, start_child
from ops.environment import for_django
from ops.health import answers
from ops.layout import LOGS, ROOT, VENV_PYTHON
from ops.locks import release, take
from ops.ports import chosen_port, require_free
from ops.processes import wait_until
from ops.report import Failure, guarded, log_file, note, say, shown
from ops.servers import Servers, wants_to_stay

SETTINGS = "clinic.settings.dev"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The web server first, so that nobody hands in new work; seconds each may take to finish what it has.
STOP_ORDER = ({"web": 15}, {"beat": 10, "worker": 30})


class Stopped(BaseException):
    """Somebody asked us to stop; not an Exception, so that no handler on the way takes it for a failure."""


class StopRequests:
    """Turns Ctrl-C and friends into Stopped, but never in the middle of a start, which would leave half of it."""

    def __init__(self) -> None:
        self._is_asked = False
        self._is_busy = False

    def listen(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, self._note)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False
        if self._is_asked:
            raise Stopped

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._is_asked = True
        if not self._is_busy:
            raise Stopped


def main() -> int:
    port = chosen_port()
    place = find_place("run")
    alone = take(place.folder / "supervisor.lock")
    if alone is None:
        raise Failure("The clinic is already running from this folder: stop that one first (Ctrl-C in its terminal).")
    requests = StopRequests()
    requests.listen()
    servers = Servers(place, database_url=os.environ.get("DATABASE_URL", ""), redis_url=os.environ.get("REDIS_URL", ""))
    children: list[Child] = []
    try:
        with ExitStack() as ending:
            ending.callback(_stop, children, servers)
            _open(port, servers, children, requests)
            _watch(children, servers)
    except Stopped:
        say("The clinic has stopped.")
    finally:
        release(alone)
    return 0


def _open(port: int, servers: Servers, children: list[Child], requests: StopRequests) -> None:
    """Everything from nothing to an answering clinic."""
    began = time.monotonic()
    require_free(port)
    ensure_environment("runtime")
    with requests.held_back():
        servers.start()
    environment = for_django(SETTINGS, servers.environment(), servers.programs())
    environment |= {"PORT": str(port), "HOST": "127.0.0.1"}
    say("Preparing the database …")
    manage(environment, "migrate", "--noinput", failure="The database could not be migrated")
    if _wants_demo(servers):
        say("Preparing the demo clinic (the first time takes a little longer) …")
        manage(environment, "build_demo", failure="The demo clinic could not be built", is_shown=True)
    say("Starting the web server, the worker and the scheduler …")
    for name in ("web", "worker", "beat"):
        with requests.held_back():
            children.append(start_child(name, environment))
    _wait_for_answer(port, children)
    say(f"The clinic is open at http://localhost:{port} (ready in {time.monotonic() - began:.1f} s).")
    if _wants_demo(servers):
        manage(environment, "demo_logins", failure="The demo logins could not be listed", is_shown=True)
    say(f"Logs are in {shown(LOGS)}. Press Ctrl-C to stop.")


def manage(environment: Mapping[str, str], *arguments: str, failure: str, is_shown: bool = False) -> str:
    """Run a Django command and return what it printed, which also goes to the log."""
    process = subprocess.Popen(
        [VENV_PYTHON, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    with ending(process):
        for line in process.stdout or ():
            lines.append(line)
            if is_shown and not _looks_like_a_traceback(lines):
                say(f"  {line.strip()}")
    note(arguments[0], "".join(lines))
    if process.returncode != 0:
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise Failure(f"{failure}: {reason}", log=log_file(arguments[0]))
    return "".join(lines)


def _looks_like_a_traceback(lines: list[str]) -> bool:
    return any(line.startswith("Traceback") for line in lines)


def _wants_demo(servers: Servers) -> bool:
    """A database somebody named may hold a real clinic: invented patients go there only on request."""
    return (os.environ.get("DEMO") or ("0" if servers.database_url else "1")) == "1"


def _wait_for_answer(port: int, children: list[Child]) -> None:
    def settled() -> bool:
        _require_alive(children)
        return answers(port, f"localhost:{port}")

    if not wait_until(settled, 60, pause=0.1):
        raise Failure("The web server did not answer within a minute.", log=log_file("web"))


def _require_alive(children: list[Child]) -> None:
    for child in children:
        if child.has_ended():
            raise Failure(
                f"The {child.name} process stopped unexpectedly (exit code {child.process.returncode}).", log=child.log
            )


def _watch(children: list[Child], servers: Servers) -> NoReturn:
    while True:
        _require_alive(children)
        servers.require_alive()
        time.sleep(0.5)


def _stop(children: list[Child], servers: Servers) -> None:
    """Stop everything in order; a second Ctrl-C does not tear this apart."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if children:
        say("Stopping …")
    for together in STOP_ORDER:
        group = [child for child in children if child.name in together]
        for child in group:
            child.ask_to_stop()
        for child in group:
            child.finish(together[child.name])
    if not wants_to_stay(servers.place):
        servers.stop()


if __name__ == "__main__":
    sys.exit(guarded("run", main))
