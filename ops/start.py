"""The one place that says how each process starts: python -m ops.start web | worker | beat | migrate.

`make run` and the containers both come here, so they cannot drift apart.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ops.layout import BEAT_SCHEDULE, ROOT
from ops.report import Failure, guarded

WSGI = "clinic.wsgi:application"
CELERY = "clinic.celery"


def web(environment: Mapping[str, str]) -> list[str]:
    address = ["--host", environment.get("HOST", "127.0.0.1"), "--port", environment.get("PORT", "8000")]
    # Two workers with four threads: with one thread each, a quick page waits behind the slow ones.
    size = ["--workers", environment.get("WEB_WORKERS", "2"), "--blocking-threads", "4"]
    return ["granian", "--interface", "wsgi", *address, *size, "--no-access-log", WSGI]


def worker(environment: Mapping[str, str]) -> list[str]:
    size = environment.get("WORKER_PROCESSES", "2")
    return ["celery", "-A", CELERY, "worker", "--concurrency", size, "--loglevel", "info"]


def beat(environment: Mapping[str, str]) -> list[str]:
    schedule = environment.get("BEAT_SCHEDULE", str(BEAT_SCHEDULE))
    # No pid file: one left by a killed beat would keep the next from starting.
    return ["celery", "-A", CELERY, "beat", "--schedule", schedule, "--pidfile=", "--loglevel", "info"]


def migrate(environment: Mapping[str, str]) -> list[str]:
    return ["django", "migrate", "--noinput"]


COMMANDS = {"web": web, "worker": worker, "beat": beat, "migrate": migrate}


def command(name: str, environment: Mapping[str, str]) -> list[str]:
    """The full command line, run by the Python that runs this."""
    return [sys.executable, "-m", *COMMANDS[name](environment)]


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        raise Failure(f"Usage: python -m ops.start {' | '.join(COMMANDS)}")
    name = sys.argv[1]
    environment = dict(os.environ)
    environment.setdefault("PYTHONUNBUFFERED", "1")
    if name == "worker":
        # On SIGTERM Celery then gives its running tasks a few seconds and hands the rest back.
        environment.setdefault("REMAP_SIGTERM", "SIGQUIT")
    os.chdir(ROOT)
    os.execve(sys.executable, command(name, environment), environment)


if __name__ == "__main__":
    sys.exit(guarded("start", main))
