"""Which operating-system account the servers run as, and where it can keep their data."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.layout import ROOT, STATE, make_folder, make_state_folders

# PostgreSQL refuses to run as root, so root hands over to one of these.
LENT_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account root lends the servers; absent when an ordinary user starts them."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """A folder for the servers' state, and the account that owns what is inside."""

    folder: Path
    account: Account | None

    @property
    def uid(self) -> int:
        return self.account.uid if self.account else os.geteuid()

    def borrow(self) -> dict[str, Any]:
        """The subprocess arguments that start a program as the servers' account.

        In a session of its own: Ctrl-C in the terminal must not tear a start or a stop apart half way.
        """
        common: dict[str, Any] = {"cwd": "/", "start_new_session": True}
        if self.account is None:
            return common
        return common | {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def own(self, folder: Path) -> Path:
        """Make a folder only the servers' account can enter."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account and folder.stat().st_uid != self.account.uid:
            os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def allows(self, *command: str) -> bool:
        """Whether the servers' account can run this command successfully."""
        try:
            done = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **self.borrow()
            )
        except OSError:
            return False
        return done.returncode == 0


def lent_account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in LENT_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    return Account(65534, 65534)


def outside_base(project: Path = ROOT) -> Path:
    """Where root keeps data when the lent account cannot enter the project's folder."""
    mark = hashlib.sha256(str(project).encode()).hexdigest()[:10]
    return Path("/var/lib/clinic-practice") / f"{project.name}-{mark}"


def find_place(kind: str) -> Place:
    """The folder for `kind` ("run", "test/0"); data that already exists decides before any preference."""
    make_state_folders()
    account = lent_account()
    local = STATE / kind
    if account is None:
        return Place(make_folder(local), None)
    outside = outside_base() / kind
    for folder in (local, outside):
        existing = _owner_of_data(folder)
        if existing is not None and _can_enter(folder, existing):
            return Place(folder, existing)
    if _can_enter(make_folder(local), account):
        return Place(local, account)
    return Place(make_folder(outside), account)


def _owner_of_data(folder: Path) -> Account | None:
    try:
        owner = (folder / "postgres" / "data" / "PG_VERSION").stat()
    except OSError:
        return None
    return Account(owner.st_uid, owner.st_gid) if owner.st_uid != 0 else None


def _can_enter(folder: Path, account: Account) -> bool:
    return Place(folder, account).allows("/bin/sh", "-c", 'cd "$0"', str(folder))


def copy_for(place: Place, source: Path, target: Path) -> None:
    """Copy a file or tree so that the servers' account owns it; a half copy never counts."""
    half = make_folder(target.parent) / f"{target.name}.new"
    shutil.rmtree(half, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, half, symlinks=True)
    else:
        shutil.copy2(source, half)
    if place.account:
        for path in [half, *half.rglob("*")]:
            os.chown(path, place.account.uid, place.account.gid, follow_symlinks=False)
    half.rename(target)
