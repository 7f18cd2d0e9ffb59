"""`make run`: everything starts, stops in order, and a dead part is named."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.processes import is_running, wait_until
from tests.ops import standin

# The variables of the tests around us name servers of theirs.
OTHERS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PORT", "DEMO")


@dataclass
class Run:
    """One `make run` of the stand-in project."""

    folder: Path
    port: int

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in OTHERS}
        with (self.folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ops.supervisor"],
                cwd=self.folder,
                env=environment | {"PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def open(self) -> None:
        self.start()
        assert wait_until(lambda: "Press Ctrl-C" in self.output or self.process.poll() is not None, 60), self.output
        assert "Press Ctrl-C" in self.output, self.output

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def health(self) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        line.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = line.getresponse()
        return answer.status, answer.read().decode()

    def parts(self) -> dict[str, int]:
        """Process ids of the parts, by the program they run."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = entry.read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            pid = int(entry.parent.name)
            if str(self.folder) in command and is_running(pid, str(self.folder)):
                found[command] = pid
        return found

    def part(self, sign: str) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(child) for child in children if is_running(int(child), sign))


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    standin.build(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Run(folder, port)
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGTERM)
    subprocess.run([sys.executable, "-m", "ops.servers", "stop"], cwd=folder, check=True, capture_output=True)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def test_opens_outlives_a_killed_launcher_and_stops(run: Run) -> None:
    run.open()
    assert f"http://localhost:{run.port}" in run.output
    assert "Sign in as demo" in run.output
    assert run.health() == (200, "1")
    run.process.kill()
    run.process.wait()

    run.open()
    assert "PostgreSQL is already running." in run.output
    assert run.health() == (200, "2")
    assert run.end(signal.SIGINT) == 0
    assert run.output.endswith("The clinic has stopped.\n")
    assert run.parts() == {}


def test_a_dead_part_is_named_and_everything_stops(run: Run) -> None:
    run.open()
    os.kill(run.part("celery -A clinic.celery worker"), signal.SIGKILL)

    assert run.process.wait(60) == 1
    assert "The worker process stopped unexpectedly" in run.output
    assert ".clinic/logs/worker.log" in run.output
    assert "Traceback" not in run.output
    assert run.parts() == {}


def test_a_failing_migration_is_one_sentence(run: Run) -> None:
    broken = "class Migration:\n    raise ValueError('the ninth column is missing')\n"
    (run.folder / "clinic" / "migrations").mkdir()
    (run.folder / "clinic" / "migrations" / "__init__.py").touch()
    (run.folder / "clinic" / "migrations" / "0001_broken.py").write_text(broken)
    run.start()

    assert run.process.wait(60) == 1
    assert "The database could not be migrated: ValueError: the ninth column is missing" in run.output
    assert "Traceback" not in run.output
    assert "Traceback" in (run.folder / ".clinic" / "logs" / "migrate.log").read_text()
    assert run.parts() == {}
