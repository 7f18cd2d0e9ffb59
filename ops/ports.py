"""The port the clinic answers on."""

from __future__ import annotations

import errno
import os
import socket

from ops.processes import wait_until
from ops.report import Failure

DEFAULT_PORT = 8000


def chosen_port() -> int:
    text = os.environ.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Failure(f"PORT={text} is not a port: choose a number from 1 to 65535, for example: make run PORT=8080")
    return int(text)


def require_free(port: int, patience: float = 3) -> None:
    """Raise unless the port is free; a run that was just killed needs a moment to let go of it."""
    if wait_until(lambda: not is_taken(port), patience, pause=0.2):
        return
    other = port + 80 if port + 80 <= 65535 else DEFAULT_PORT
    raise Failure(
        f"Port {port} is already used by another program: stop it, "
        f"or choose another port, for example: make run PORT={other}"
    )


def is_taken(port: int) -> bool:
    """Whether a browser asking for localhost:port would meet somebody else.

    Both addresses of localhost are tried: the web server shares a port silently, so only this notices.
    """
    addresses = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    return any(_is_taken(family, host, port) for family, host in addresses)


def _is_taken(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as problem:
        if problem.errno == errno.EACCES:
            raise Failure(
                f"This account may not use port {port}: choose one above 1023, for example: make run PORT=8080"
            ) from problem
        # A machine without IPv6 has nobody there.
        return problem.errno == errno.EADDRINUSE
    return False
