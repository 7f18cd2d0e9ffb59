"""Everything a change must pass: python3 -m ops.check."""

from __future__ import annotations

import secrets
import sys
import tempfile

from ops.bootstrap import ensure_environment
from ops.environment import for_django
from ops.layout import VENV, VENV_PYTHON
from ops.report import guarded, say
from ops.servers import Servers
from ops.testing import SETTINGS, borrowed_servers, pytest_command, run_to_the_end

MANAGE = [str(VENV_PYTHON), "manage.py"]
STEPS = {
    "code rules": [str(VENV / "bin" / "ruff"), "check"],
    "code format": [str(VENV / "bin" / "ruff"), "format", "--check"],
    "types": [str(VENV_PYTHON), "-m", "mypy", "."],
    "floors": [str(VENV / "bin" / "lint-imports")],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
}


def production_environment(servers: Servers, private_files: str) -> dict[str, str]:
    """What docs/operations.md asks for, with values that fit nowhere."""
    environment = for_django("clinic.settings.base", servers.environment(), servers.programs())
    return environment | {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "clinic.example",
        "SITE_URL": "https://clinic.example",
        "PRIVATE_FILES_ROOT": private_files,
    }


def main() -> int:
    ensure_environment("dev")
    broken = []
    with borrowed_servers() as servers, tempfile.TemporaryDirectory() as private_files:
        environment = for_django(SETTINGS, servers.environment(), servers.programs())
        deployed = production_environment(servers, private_files)
        steps = [(name, command, environment) for name, command in STEPS.items()]
        steps.append(("deployment", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], deployed))
        steps.append(("tests", pytest_command(), environment))
        for name, command, variables in steps:
            say(f"Checking {name} …")
            if run_to_the_end(command, variables) != 0:
                broken.append(name)
    say(f"Not passed: {', '.join(broken)}." if broken else "Everything passed.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(guarded("check", main))
