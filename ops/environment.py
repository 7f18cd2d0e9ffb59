"""What the Django processes are told through their environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ops.bootstrap import undisturbed_environment
from ops.layout import SECRET_KEY_FILE, VENV, make_state_folders


def secret_key() -> str:
    """The signing key of this copy of the project: made once, readable by its owner only."""
    make_state_folders()
    if not SECRET_KEY_FILE.exists():
        draft = SECRET_KEY_FILE.with_name(f"secret_key.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            # Unlike a rename, a link never replaces the key another process has just made.
            os.link(draft, SECRET_KEY_FILE)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return SECRET_KEY_FILE.read_text().strip()


def for_django(settings: str, servers: dict[str, str], programs: Path | None = None) -> dict[str, str]:
    """The environment of a Django process; `programs` come first, so that psql and pg_dump fit the server."""
    environment = undisturbed_environment()
    folders = [str(folder) for folder in (programs, VENV / "bin") if folder]
    environment["PATH"] = os.pathsep.join([*folders, environment.get("PATH", os.defpath)])
    return {**environment, **servers, "DJANGO_SETTINGS_MODULE": settings, "PYTHONUNBUFFERED": "1"}
