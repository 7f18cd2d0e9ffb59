"""Asks a running clinic whether it is well: python -m ops.health."""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit

from ops.report import say


def answers(port: int, host: str) -> bool:
    """Whether /healthz on this machine says 200; `host` is the name the clinic is known by."""
    # Not urllib: it would send the question to a proxy when one is configured.
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz", headers={"Host": host})
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def main() -> int:
    port = int(os.environ.get("PORT", "8000"))
    host = urlsplit(os.environ.get("SITE_URL", "")).netloc or f"localhost:{port}"
    healthy = answers(port, host)
    say("ok" if healthy else "no answer")
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
