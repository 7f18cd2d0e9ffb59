"""Starts and stops the embedded servers: python3 -m ops.servers start | stop | env."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ops.accounts import Place, find_place
from ops.environment import secret_key
from ops.locks import held
from ops.postgres import Postgres
from ops.report import Failure, guarded, say
from ops.valkey import Valkey

USAGE = "Usage: python3 -m ops.servers start | stop | env"


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Valkey in one place, unless the address of a running one is given."""

    place: Place
    is_fast: bool = False
    database_url: str = ""
    redis_url: str = ""

    @property
    def postgres(self) -> Postgres:
        return Postgres(self.place, self.is_fast)

    @property
    def valkey(self) -> Valkey:
        return Valkey(self.place)

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url or self.postgres.url,
            "REDIS_URL": self.redis_url or self.valkey.url,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or secret_key(),
        }

    def programs(self) -> Path | None:
        """The folder with psql and pg_dump of our own server."""
        return None if self.database_url else self.postgres.programs()

    def start(self) -> None:
        with held(self.place.folder / "lock"):
            if not self.database_url:
                say("PostgreSQL is already running." if self.postgres.is_alive() else "Starting PostgreSQL …")
                self.postgres.start()
            if not self.redis_url:
                say("Valkey is already running." if self.valkey.is_ready() else "Starting Valkey …")
                self.valkey.start()

    def stop(self) -> None:
        with held(self.place.folder / "lock"):
            if not self.redis_url:
                self.valkey.stop()
            if not self.database_url:
                self.postgres.stop()

    def remove(self) -> None:
        """Delete all data and sockets of the stopped servers."""
        sockets = (self.postgres.sockets, self.valkey.socket.parent)
        for folder in (*sockets, self.postgres.home, self.valkey.home):
            if folder.exists():
                shutil.rmtree(folder)

    def are_running(self) -> bool:
        return self.postgres.is_alive() or self.valkey.is_alive()

    def require_alive(self) -> None:
        if not self.database_url and not self.postgres.is_alive():
            raise Failure("PostgreSQL stopped unexpectedly.", log=self.postgres.log)
        if not self.redis_url and not self.valkey.is_alive():
            raise Failure("Valkey stopped unexpectedly.", log=self.valkey.log)


def _stay_mark(place: Place) -> Path:
    return place.folder / "stay"


def wants_to_stay(place: Place) -> bool:
    """Whether somebody started the servers by hand, so that `make run` leaves them running."""
    return _stay_mark(place).exists()


def main() -> int:
    servers = Servers(find_place("run"))
    match sys.argv[1:]:
        case ["start"]:
            servers.start()
            _stay_mark(servers.place).touch()
        case ["stop"]:
            _stay_mark(servers.place).unlink(missing_ok=True)
            servers.stop()
            say("The servers have stopped.")
        case ["env"]:
            assignments = (f"{name}={shlex.quote(value)}" for name, value in servers.environment().items())
            say("export " + " ".join(assignments))
        case _:
            raise Failure(USAGE)
    return 0


if __name__ == "__main__":
    sys.exit(guarded("servers", main))
