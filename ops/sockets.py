"""Short, private folders for unix sockets."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path

from ops.accounts import Place
from ops.report import Failure

# sun_path holds 108 bytes with its closing zero; both servers refuse longer ones.
LONGEST_SOCKET_PATH = 107
# Not TMPDIR: two terminals with different settings must find the same socket.
SHORT_BASE = Path("/tmp")  # noqa: S108
# Nothing that a URL, a shell or PostgreSQL's list of folders would read as a sign.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")


def socket_folder(place: Place, wanted: Path, longest_name: str) -> Path:
    """`wanted` if a socket of that name fits in it, else a folder of the same account below /tmp."""
    if fits(wanted / longest_name):
        place.own(wanted.parent)
        return place.own(wanted)
    return _private(place, SHORT_BASE / short_name(place, wanted))


def fits(path: Path) -> bool:
    text = str(path)
    return len(text.encode()) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(text) is not None


def short_name(place: Place, wanted: Path) -> str:
    return f"clinic-{place.uid}-{hashlib.sha256(str(wanted).encode()).hexdigest()[:16]}"


def _private(place: Place, folder: Path) -> Path:
    """Everyone may write in /tmp: what lies there under our name must really be ours."""
    if not folder.exists():
        place.own(folder)
    entry = folder.lstat()
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != place.uid or stat.S_IMODE(entry.st_mode) != 0o700:
        raise Failure(f"{folder} exists but is not a private folder of this account: remove it and start again.")
    return folder
