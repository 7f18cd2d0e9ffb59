"""Tries faults in the safety code on servers of its own: python3 -m ops.mutants. See tests/mutants."""

from __future__ import annotations

import sys

from ops.bootstrap import ensure_environment
from ops.environment import for_django
from ops.layout import VENV_PYTHON
from ops.report import guarded, say
from ops.testing import SETTINGS, borrowed_servers, run_to_the_end


def main() -> int:
    ensure_environment("dev")
    with borrowed_servers() as servers:
        environment = for_django(SETTINGS, servers.environment(), servers.programs())
        say("Trying faults …")
        return run_to_the_end([str(VENV_PYTHON), "-m", "tests.mutants"], environment)


if __name__ == "__main__":
    sys.exit(guarded("mutants", main))
