"""Deletes the local clinic's data after asking: python3 -m ops.reset."""

from __future__ import annotations

import shutil
import sys

from ops.accounts import find_place
from ops.layout import BEAT_SCHEDULE, PRIVATE_FILES
from ops.locks import held, release, take
from ops.report import Failure, guarded, say, shown
from ops.servers import Servers


def main() -> int:
    place = find_place("run")
    servers = Servers(place)
    alone = take(place.folder / "supervisor.lock")
    if alone is None or servers.are_running():
        raise Failure("The clinic is running: stop it first (Ctrl-C in its terminal, or python3 -m ops.servers stop).")
    say(f"This deletes every patient, visit and file of the local clinic in {shown(place.folder)}.")
    if not _is_confirmed():
        say("Nothing was deleted.")
        return 1
    with held(place.folder / "lock"):
        _delete(servers)
    release(alone)
    say("Deleted. The next make run starts with a new clinic.")
    return 0


def _is_confirmed() -> bool:
    print('Type "reset" to go on: ', end="", flush=True)
    return sys.stdin.readline().strip() == "reset"


def _delete(servers: Servers) -> None:
    servers.remove()
    if PRIVATE_FILES.exists():
        shutil.rmtree(PRIVATE_FILES)
    # The scheduler's database adds an ending of its own to the name.
    for file in BEAT_SCHEDULE.parent.glob(f"{BEAT_SCHEDULE.name}*"):
        file.unlink()


if __name__ == "__main__":
    sys.exit(guarded("reset", main))
