"""The embedded Valkey keeps what was queued."""

import os
import signal
import stat

import redis
from celery import Celery

from ops.accounts import Place
from ops.processes import first_number, wait_until
from ops.valkey import Valkey


def client(server: Valkey) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.socket))


def test_what_was_queued_survives_a_stop(place: Place) -> None:
    server = Valkey(place)
    assert server.start() is True
    client(server).rpush("queue", "first", "second")

    server.stop()
    assert server.is_alive() is False
    assert server.start() is True

    assert client(server).lrange("queue", 0, -1) == [b"first", b"second"]


def test_a_second_start_attaches(place: Place) -> None:
    server = Valkey(place)
    server.start()
    first = first_number(server.pid_file)

    assert server.start() is False
    assert first_number(server.pid_file) == first


def test_starts_again_after_a_kill(place: Place) -> None:
    server = Valkey(place)
    server.start()
    client(server).set("kept", "yes")
    client(server).waitaof(1, 0, 3000)
    os.kill(first_number(server.pid_file), signal.SIGKILL)
    assert wait_until(lambda: not server.is_alive(), 5)

    assert server.start() is True
    assert client(server).get("kept") == b"yes"


def test_celery_can_use_the_address_and_no_other_account_can(place: Place) -> None:
    server = Valkey(place)
    server.start()

    with Celery(broker=server.url).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
