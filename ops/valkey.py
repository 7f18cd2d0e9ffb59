"""The embedded Valkey: Celery's broker, on a private socket, kept on disk."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ops.accounts import Place
from ops.binaries import valkey_program
from ops.postgres import clean_environment
from ops.processes import first_number, is_running, wait_until
from ops.report import Failure
from ops.sockets import socket_folder


@dataclass(frozen=True)
class Valkey:
    """A Valkey server in a place; the caller holds the place's lock while starting or stopping it."""

    place: Place

    @property
    def home(self) -> Path:
        return self.place.folder / "valkey"

    @property
    def socket(self) -> Path:
        return socket_folder(self.place, self.home / "socket", "valkey.sock") / "valkey.sock"

    @property
    def pid_file(self) -> Path:
        return self.home / "valkey.pid"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    def is_alive(self) -> bool:
        # Valkey writes its socket into its own process title.
        return is_running(first_number(self.pid_file), str(self.socket))

    def is_ready(self) -> bool:
        return self._ask(b"PING\r\n").startswith(b"+PONG")

    def start(self) -> bool:
        """Make sure the server answers; True when it had to be started."""
        self.place.own(self.home)
        if self.is_ready():
            return False
        if self.is_alive() and wait_until(self.is_ready, 30):
            return False
        # Alive but out of reach: two servers on one log of commands would ruin it.
        self._end()
        self._launch()
        return True

    def stop(self) -> None:
        if self.is_ready():
            self._ask(b"SHUTDOWN\r\n")
            wait_until(lambda: not self.is_alive(), 10)
        self._end()

    def _launch(self) -> None:
        data = self.place.own(self.home / "data")
        files = ["--dir", str(data), "--pidfile", str(self.pid_file), "--logfile", str(self.log)]
        address = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        durability = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]
        done = subprocess.run(
            [str(valkey_program(self.place)), *address, *files, *durability, "--daemonize", "yes"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            check=False,
            **self.place.borrow(),
        )
        if done.returncode != 0 or not wait_until(self.is_ready, 30):
            raise Failure("Valkey did not start.", details=self._last_words())

    def _end(self) -> None:
        if not self.is_alive():
            return
        os.kill(first_number(self.pid_file), signal.SIGTERM)
        if not wait_until(lambda: not self.is_alive(), 10):
            raise Failure("Valkey did not stop within ten seconds: look at its log.", details=self._last_words())

    def _ask(self, request: bytes) -> bytes:
        """One question in the server's own protocol; empty when nobody answers."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(5)
            try:
                line.connect(str(self.socket))
                line.sendall(request)
                return line.recv(256)
            except OSError:
                return b""

    def _last_words(self) -> str:
        try:
            return self.log.read_bytes()[-8000:].decode(errors="replace")
        except OSError:
            return ""
