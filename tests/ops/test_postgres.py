"""The embedded PostgreSQL keeps every acknowledged row and starts whatever it finds."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ops.accounts import Place, lent_account
from ops.layout import ROOT
from ops.postgres import Postgres
from ops.processes import first_number, wait_until
from ops.report import Failure
from ops.servers import Servers
from ops.sockets import LONGEST_SOCKET_PATH, SHORT_BASE, short_name

START = """
import sys
from pathlib import Path
from ops.accounts import Place, lent_account
from ops.locks import held
from ops.postgres import Postgres
folder = Path(sys.argv[1])
with held(folder / "lock"):
    print(Postgres(Place(folder, lent_account()), is_fast=True).start())
"""


def execute(server: Postgres, sql: str) -> list[tuple]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def kill(server: Postgres) -> None:
    os.kill(first_number(server.data / "postmaster.pid"), signal.SIGKILL)
    assert wait_until(lambda: not server.is_alive(), 5)


def test_rows_survive_a_killed_server(place: Place) -> None:
    server = Postgres(place)
    assert server.start() is True
    execute(server, "CREATE TABLE kept (number int)")
    execute(server, "INSERT INTO kept SELECT generate_series(1, 500)")

    kill(server)
    assert server.start() is True

    assert execute(server, "SELECT count(*), max(number) FROM kept") == [(500, 500)]


def test_sorts_the_same_way_on_every_machine(place: Place) -> None:
    server = Postgres(place, is_fast=True)
    server.start()

    facts = (
        "SELECT datlocprovider::text, datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname='clinic'"
    )
    assert execute(server, facts) == [("b", "C", "UTF8")]
    assert execute(server, "SELECT current_user::text") == [("clinic_owner",)]
    assert execute(server, "CREATE EXTENSION btree_gist") == []


def test_racing_starts_make_one_server(place: Place) -> None:
    command = [sys.executable, "-c", START, str(place.folder)]
    racers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = sorted(racer.communicate(timeout=60)[0].strip() for racer in racers)

    assert answers == ["False", "False", "True"]
    assert execute(Postgres(place), "SELECT 1") == [(1,)]


def test_a_strangers_process_id_does_not_pass_for_the_server(place: Place) -> None:
    server = Postgres(place, is_fast=True)
    server.start()
    kill(server)
    pid_file = server.data / "postmaster.pid"
    rest = pid_file.read_text().split("\n", 1)[1]
    pid_file.write_text(f"{os.getpid()}\n{rest}")

    assert server.is_alive() is False
    assert server.start() is True


def test_half_an_initialisation_never_counts(place: Place) -> None:
    half = place.folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(place, is_fast=True)

    server.start()

    assert not half.exists()
    assert execute(server, "SELECT 1") == [(1,)]


def test_no_other_account_can_reach_the_socket(place: Place) -> None:
    server = Postgres(place, is_fast=True)
    server.start()

    socket = server.sockets / ".s.PGSQL.5432"
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert execute(server, "SHOW listen_addresses") == [("",)]


def test_a_stopped_server_leaves_nothing_running(place: Place) -> None:
    server = Postgres(place, is_fast=True)
    server.start()
    server.stop()

    assert server.is_alive() is False
    assert server.is_ready() is False
    with pytest.raises(psycopg.OperationalError):
        execute(server, "SELECT 1")


def test_deep_and_odd_folders_get_short_sockets(folder: Path) -> None:
    deep = folder / ("a deep, odd & long folder name " * 3).strip() / "run"
    deep.mkdir(parents=True)
    servers = Servers(Place(deep, lent_account()), is_fast=True)
    try:
        servers.start()
        assert servers.postgres.sockets.parent == SHORT_BASE
        assert stat.S_IMODE(servers.postgres.sockets.stat().st_mode) == 0o700
        assert len(str(servers.valkey.socket).encode()) <= LONGEST_SOCKET_PATH
        assert execute(servers.postgres, "SELECT 1") == [(1,)]
        assert servers.valkey.is_ready()
    finally:
        servers.stop()
        servers.remove()
    assert not servers.postgres.home.exists()


def test_a_trap_in_the_shared_folder_is_refused(folder: Path) -> None:
    deep = folder / ("x" * 100)
    place = Place(deep, lent_account())
    trap = SHORT_BASE / short_name(place, deep / "postgres" / "socket")
    trap.symlink_to(folder)
    try:
        with pytest.raises(Failure, match="not a private folder"):
            _ = Postgres(place).sockets
    finally:
        trap.unlink()
