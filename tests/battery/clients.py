"""Many programs that ask at the same moment, each over its own open connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

Ask = Callable[[httpx.Client], httpx.Response]
PATIENCE = 120


class Crowd:
    """So many clients, connected beforehand, so that what is measured is the race and not the dialling."""

    def __init__(self, url: str, token: str, size: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        # Nothing is encrypted here; a client that reads the machine's certificates first takes much longer to make.
        self.clients = [
            httpx.Client(base_url=url, headers=headers, timeout=PATIENCE, verify=False, trust_env=False)  # noqa: S501
            for _ in range(size)
        ]
        self.threads = ThreadPoolExecutor(size)

    def __len__(self) -> int:
        return len(self.clients)

    def at_once(self, asks: Sequence[Ask]) -> list[httpx.Response]:
        """All asks started together; their answers in order. Nobody may be left without one."""
        barrier = Barrier(len(asks))

        def run(client: httpx.Client, ask: Ask) -> httpx.Response:
            client.get("/healthz")
            barrier.wait(PATIENCE)
            return ask(client)

        return list(self.threads.map(run, self.clients[: len(asks)], asks))

    def close(self) -> None:
        self.threads.shutdown()
        for client in self.clients:
            client.close()
