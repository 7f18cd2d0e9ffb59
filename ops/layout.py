"""Where everything lies."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
STATE = ROOT / ".clinic"
LOGS = STATE / "logs"
SECRET_KEY_FILE = STATE / "secret_key"
BEAT_SCHEDULE = STATE / "beat-schedule"
# Where clinic.settings.dev keeps the exports.
PRIVATE_FILES = STATE / "private"


def make_folder(folder: Path) -> Path:
    """Create a folder others may pass through, whatever the umask; folders that exist are left as they are."""
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    for level in reversed(missing):
        level.mkdir(exist_ok=True)
        level.chmod(0o755)
    return folder


def make_state_folders() -> None:
    """Create `.clinic`, which the servers' account must be able to enter, and the private log folder."""
    make_folder(STATE)
    LOGS.mkdir(mode=0o700, exist_ok=True)
