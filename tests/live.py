"""The clinic as it runs: web server, Celery worker and beat as processes, on a database of their own.

Nothing here is patched: what a test sees through HTTP is what a person would see.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

ROOT = Path(__file__).resolve().parents[1]
DEMO_PASSWORD = "touch gently and measure"
# Which of several test processes this is: a fixture of the whole run is made once in each.
TEST_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")


@dataclass
class LiveClinic:
    """A running clinic and its address."""

    url: str
    environment: dict[str, str]
    log: Path
    running: list[subprocess.Popen] = field(default_factory=list)

    def visitor(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, follow_redirects=True, timeout=30)

    def staff(self, email: str) -> httpx.Client:
        """A signed-in browser without a screen."""
        client = self.visitor()
        post_form(client, "/sign-in/", {"email": email, "password": DEMO_PASSWORD})
        return client

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def visit_just_begun(self, *, patient_id: str = "") -> str:
        """A visit of the demo's therapist that began some minutes ago, whatever the hour: nobody books the past."""
        script = _VISIT_JUST_BEGUN.format(patient_id=patient_id)
        return self.manage("shell", "-v", "0", "-c", script).strip().splitlines()[-1]


# Entered as history, which only the clinic's own clockwork and admins may do.
_VISIT_JUST_BEGUN = """
from datetime import timedelta
from django.utils import timezone
from audit.actors import SYSTEM
from clinic.models import Location, Service
from patients.models import Patient
from scheduling.errors import Clash
from scheduling.services import book_appointment
from screening.services import gate
from staff.models import User

therapist = User.objects.get(email="therapist@demo.example")
service = Service.objects.get(name="Myofascial release")
in_care = Patient.objects.visible_to(therapist).order_by("pk")
wanted = in_care.filter(public_id="{patient_id}") if "{patient_id}" else in_care
patient = next(each for each in wanted if not gate(patient=each, service=service).is_blocked)
now = timezone.now().replace(second=0, microsecond=0)
for minutes in range(0, 1200, 5):
    try:
        visit = book_appointment(
            patient=patient, therapist=therapist, service=service, by=SYSTEM, is_history=True,
            location=Location.objects.get(name="Riverside"), starts_at=now - timedelta(minutes=minutes),
        )
        break
    except Clash:
        pass
print(visit.public_id)
"""


def csrf_token(client: httpx.Client) -> str:
    return client.cookies.get("csrf", "")


def post_form(client: httpx.Client, address: str, data: dict[str, object]) -> httpx.Response:
    """Open a page, then post its form as a browser does."""
    page = client.get(address)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    token = found.group(1) if found else csrf_token(client)
    return client.post(address, data={**data, "csrfmiddlewaretoken": token}, headers={"X-CSRFToken": token})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look, *, seconds: float = 60, every: float = 0.5):
    """What `look` returns once it is truthy; fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(every)
    raise AssertionError("It did not happen in time.")


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """A database that exists for as long as the block; each test process has its own of a name."""
    name += f"_{TEST_PROCESS}" if TEST_PROCESS else ""
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    with psycopg.connect(make_conninfo(**{**parts, "dbname": "postgres"}), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield _uri({**parts, "dbname": name})
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _uri(parts: dict) -> str:
    return make_conninfo(**parts)


def own_queue(url: str, number: int) -> str:
    """The same broker, another numbered database in it; every second number belongs to the next test process."""
    number += 2 * int(TEST_PROCESS.removeprefix("gw") or 0)
    if "virtual_host=" in url:
        return re.sub(r"virtual_host=\d+", f"virtual_host={number}", url)
    return re.sub(r"(/\d+)?$", f"/{number}", url, count=1)


@contextmanager
def live_clinic(
    tmp_path: Path,
    *,
    name: str,
    queue: int,
    demo: list[str],
    processes: tuple[str, ...] = ("web", "worker", "beat"),
    **settings: str,
) -> Iterator[LiveClinic]:
    """Start the processes, hand over the address, stop whatever runs."""
    port = free_port()
    with fresh_database(name) as database:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinic.settings.dev",
            "DATABASE_URL": database,
            "REDIS_URL": own_queue(os.environ["REDIS_URL"], queue),
            "PRIVATE_FILES_ROOT": str(tmp_path / "private"),
            "SITE_URL": f"http://localhost:{port}",
            "SECRET_KEY": "live-tests-only-0123456789-0123456789-0123456789",
            "PORT": str(port),
            "TICK_SECONDS": "2",
            "BEAT_SCHEDULE": str(tmp_path / "beat"),
            **settings,
        }
        clinic = LiveClinic(f"http://localhost:{port}", environment, tmp_path / "clinic.log")
        clinic.manage("migrate", "--verbosity", "0")
        clinic.manage("build_demo", *demo)
        try:
            start(clinic, *processes)
            eventually(lambda: _answers(clinic), seconds=60, every=0.2)
            yield clinic
        finally:
            _stop_all(clinic.running)


def start(clinic: LiveClinic, *names: str, **settings: str) -> None:
    """Start processes of the clinic, the way production starts them."""
    with clinic.log.open("ab") as sink:
        for name in names:
            clinic.running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "ops.start", name],
                    cwd=ROOT, env={**clinic.environment, **settings}, stdout=sink, stderr=sink, start_new_session=True,
                )
            )  # fmt: skip


def start_clock(clinic: LiveClinic, **settings: str) -> None:
    """Start the worker and its clock."""
    start(clinic, "worker", "beat", **settings)


def _answers(clinic: LiveClinic) -> bool:
    try:
        return httpx.get(f"{clinic.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _stop_all(running: list[subprocess.Popen]) -> None:
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
