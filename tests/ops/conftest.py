"""Places for servers of our own: these tests must never meet the clinic that is running."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.accounts import Place, lent_account
from ops.servers import Servers


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder the servers' account can enter; pytest's own are private to whoever runs it."""
    made = Path(tempfile.mkdtemp(prefix="clinic-ops-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def place(folder: Path) -> Iterator[Place]:
    """Where a test keeps its servers; whatever it started is stopped."""
    made = Place(folder, lent_account())
    yield made
    Servers(made).stop()
