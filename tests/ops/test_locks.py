"""The package locks name exact files and nobody's package index."""

import re

import pytest

from ops.bootstrap import LOCKS, lock_path
from ops.layout import REQUIREMENTS

PIN = re.compile(r"([a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?)==([^\s;]+)(?:\s*;[^\\]*)?")


def pins(lock: str) -> dict[str, str]:
    """Every locked package with its version; asserts that each line is a pin with hashes."""
    text = "\n".join(line for line in lock_path(lock).read_text().splitlines() if not line.lstrip().startswith("#"))
    found = {}
    for entry in text.replace("\\\n", " ").splitlines():
        pin, *hashes = re.split(r"\s+--hash=", entry.strip())
        match = PIN.fullmatch(pin.strip())
        assert match, f"not an exact version: {pin}"
        assert hashes, f"no hash: {pin}"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()) for value in hashes), pin
        # A package may be locked twice, for different Pythons.
        found[f"{match[1]} {pin.partition(';')[2].strip()}"] = match[2]
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    assert len(pins(lock)) > 20


@pytest.mark.parametrize("file", ["runtime.in", "runtime.txt", "dev.in", "dev.txt"])
def test_no_address_is_written_down(file: str) -> None:
    text = (REQUIREMENTS / file).read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_development_runs_the_very_versions_that_run() -> None:
    dev = pins("dev")
    assert {name: dev.get(name) for name in pins("runtime")} == pins("runtime")
