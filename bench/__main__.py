"""Builds bulk clinics and prints ours beside hand-written SQL: python3 -m bench [appointments …]."""

from __future__ import annotations

import os
import subprocess
import sys

from ops.accounts import find_place
from ops.bootstrap import ensure_environment
from ops.environment import for_django
from ops.layout import ROOT, VENV_PYTHON
from ops.postgres import DATABASE
from ops.report import Failure, guarded, say
from ops.servers import Servers

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = os.environ.get("BENCH_ROUNDS", "200")


def main() -> int:
    sizes = [int(word.replace("_", "")) for word in sys.argv[1:]] or list(SIZES)
    ensure_environment("dev")
    servers = Servers(find_place("bench"))
    try:
        servers.start()
        for size in sizes:
            _measure(servers, size)
    finally:
        servers.stop()
        servers.remove()
    return 0


def _measure(servers: Servers, size: int) -> None:
    """On a database of its own, built anew: its dates lie around today."""
    name = f"bench_{size}"
    address = servers.environment()["DATABASE_URL"]
    programs = servers.programs()
    _run([str(programs / "psql") if programs else "psql", address, "-qc", f"CREATE DATABASE {name}"], dict(os.environ))
    environment = for_django(
        "clinic.settings.test",
        servers.environment() | {"DATABASE_URL": address.replace(f"@/{DATABASE}?", f"@/{name}?")},
        programs,
    )
    say(f"Building {size} appointments …")
    patients = str(max(1000, size // 10))
    manage = [str(VENV_PYTHON), "manage.py"]
    _run([*manage, "migrate", "--verbosity", "0"], environment)
    _run([*manage, "build_bulk", "--appointments", str(size), "--patients", patients], environment)
    say(f"At {size} appointments, {ROUNDS} rounds, ours and the least SQL in turn:")
    _run([str(VENV_PYTHON), "-m", "bench.run", ROUNDS], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise Failure("The benchmark was stopped.")


if __name__ == "__main__":
    sys.exit(guarded("bench", main))
