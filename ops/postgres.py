"""The embedded PostgreSQL: one data folder, one private socket, no network."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ops.accounts import Place
from ops.binaries import postgres_major, postgres_programs
from ops.processes import first_number, is_running, wait_until
from ops.report import Failure
from ops.sockets import socket_folder

OWNER = "clinic_owner"
DATABASE = "clinic"
# The port only names the socket file, so one fixed number serves every data folder.
PORT = 5432
SAFE = {"shared_buffers": "256MB"}
# A test database may be lost in a power cut; it is rebuilt anyway.
FAST = {"shared_buffers": "128MB", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ALWAYS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
OLD_BACKENDS = "pre-existing shared memory block"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server in a place; the caller holds the place's lock while starting or stopping it."""

    place: Place
    is_fast: bool = False

    @property
    def home(self) -> Path:
        return self.place.folder / "postgres"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.place, self.home / "socket", f".s.PGSQL.{PORT}")

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}@/{DATABASE}?host={quote(str(self.sockets), safe='/')}&port={PORT}"

    def programs(self) -> Path:
        """The program folder that fits the data; `initdb` may use any version."""
        try:
            major = int((self.data / "PG_VERSION").read_text().strip())
        except FileNotFoundError:
            major = None
        return postgres_programs(self.place, major)

    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def is_alive(self) -> bool:
        """Whether our own server process lives, ready or not."""
        return is_running(first_number(self.data / "postmaster.pid"), str(self.data))

    def is_ready(self) -> bool:
        # Without a user and a database every question leaves a FATAL line in the server's log.
        return self._run("pg_isready", "-q", "-U", OWNER, "-d", "postgres", *self._address()).returncode == 0

    def start(self) -> bool:
        """Make sure the server answers and has our database; True when it had to be started."""
        self.place.own(self.home)
        if not self.is_initialised():
            self._initialise()
        attached = self.is_alive() and self._settles()
        if not attached:
            self._launch()
        self._create_database()
        return not attached

    def stop(self) -> None:
        if not self.is_alive():
            return
        done = self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop")
        if done.returncode != 0 and self.is_alive():
            raise Failure("PostgreSQL did not stop within a minute: look at its log.", details=self._last_words())

    def _initialise(self) -> None:
        """Fill `data.new` and rename it: half an initdb never counts."""
        half = self.home / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        programs = self.programs()
        modern = postgres_major(programs) >= 17
        # The collation is fixed, so that names sort the same on every machine.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "-k", "-N", *(locale if modern else ["--locale=C.UTF-8"])]
        done = self._run("initdb", "-D", str(half), *options)
        if done.returncode != 0:
            if "No space left" in done.stdout:
                raise Failure("The disk is full: free some space and start again.", details=done.stdout)
            raise Failure("PostgreSQL could not create its data folder.", details=done.stdout)
        half.rename(self.data)

    def _settles(self) -> bool:
        """Wait for a living server that is still starting or stopping; one that never answers is stopped."""
        wait_until(lambda: self.is_ready() or not self.is_alive(), 60)
        if self.is_alive() and not self.is_ready():
            self.stop()
        return self.is_alive()

    def _launch(self) -> None:
        for attempt in range(10):
            self._remove_traces()
            written = self.log.stat().st_size if self.log.exists() else 0
            if self._pg_ctl_start() == 0:
                return
            words = self._last_words(written)
            # Backends of a killed server need a moment to notice and go.
            if OLD_BACKENDS not in words:
                break
            time.sleep(0.2 * (attempt + 1))
        if "No space left" in words:
            raise Failure("The disk is full: free some space and start again.", details=words)
        raise Failure("PostgreSQL did not start.", details=words)

    def _pg_ctl_start(self) -> int:
        settings = {**ALWAYS, **(FAST if self.is_fast else SAFE)}
        options = ["-k", str(self.sockets), "-p", str(PORT)]
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        command = [str(self.programs() / "pg_ctl"), "-D", str(self.data), "-w", "-t", "120", "-l", str(self.log)]
        # The server inherits these outputs: a pipe would never reach its end.
        return subprocess.run(
            [*command, "-o", shlex.join(options), "start"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            check=False,
            **self.place.borrow(),
        ).returncode

    def _remove_traces(self) -> None:
        """A killed server leaves files that make the next one refuse; they are ours and nobody lives behind them."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _create_database(self) -> None:
        question = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
        if self._query(question).strip() == "1":
            return
        self._query(f"CREATE DATABASE {DATABASE}")

    def _query(self, sql: str) -> str:
        done = self._run("psql", "-X", "-q", "-A", "-t", "-U", OWNER, "-d", "postgres", *self._address(), "-c", sql)
        if done.returncode != 0:
            raise Failure("PostgreSQL runs but refused a command.", details=done.stdout)
        return done.stdout

    def _address(self) -> list[str]:
        return ["-h", str(self.sockets), "-p", str(PORT)]

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=clean_environment(),
            check=False,
            **self.place.borrow(),
        )

    def _last_words(self, start: int = 0) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(start)
                return log.read()[-8000:].decode(errors="replace")
        except OSError:
            return ""


def clean_environment() -> dict[str, str]:
    """Variables of the person's own PostgreSQL (PGHOST, PGOPTIONS, …) must not reach ours."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}
