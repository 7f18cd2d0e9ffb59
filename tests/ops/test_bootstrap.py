"""The environment is built once, rebuilt when a lock changes, and every failure is one sentence."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ops import bootstrap
from ops.layout import ROOT
from ops.report import Failure


def wheel(folder: Path, version: str) -> str:
    """A real package of one line; returns the locked line that installs it without any network."""
    name = f"clinic_trial-{version}"
    contents = {
        "clinic_trial.py": f"VERSION = '{version}'\n",
        f"{name}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: clinic-trial\nVersion: {version}\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text)}\n"
        for path, text in contents.items()
    )
    file = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
        archive.writestr(f"{name}.dist-info/RECORD", f"{record}{name}.dist-info/RECORD,,\n")
    return f"{file} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own with locks that install one tiny package each."""
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    venv = tmp_path / ".venv"
    for name, value in {
        "REQUIREMENTS": requirements,
        "STATE": tmp_path / ".clinic",
        "VENV": venv,
        "VENV_PYTHON": venv / "bin" / "python",
        "STAMP": venv / ".installed-locks",
        "NEEDED_BYTES": {"runtime": 1, "dev": 1},
    }.items():
        monkeypatch.setattr(bootstrap, name, value)
    for lock in bootstrap.LOCKS:
        bootstrap.lock_path(lock).write_text(wheel(tmp_path, "1"))
    return tmp_path


def installed_version() -> str:
    code = "import clinic_trial; print(clinic_trial.VERSION)"
    done = subprocess.run([bootstrap.VENV_PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_builds_once_and_again_only_when_the_lock_changes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.ensure_environment("runtime")
    assert installed_version() == "1"
    assert "Creating .venv" in capsys.readouterr().out

    bootstrap.ensure_environment("runtime")
    assert capsys.readouterr().out == ""

    bootstrap.lock_path("runtime").write_text(wheel(project, "2"))
    bootstrap.ensure_environment("runtime")
    assert installed_version() == "2"
    assert "Creating .venv" not in capsys.readouterr().out

    locked = wheel(project, "3")
    other = "1" if locked[-2] == "0" else "0"  # another digest than the file's, whichever digit that ends in
    bootstrap.lock_path("runtime").write_text(f"{locked[:-2]}{other}\n")
    with pytest.raises(Failure, match=r"is not the one the lock names"):
        bootstrap.ensure_environment("runtime")
    assert installed_version() == "2"
    assert not bootstrap.STAMP.exists()


def test_a_full_disk_is_said_before_anything_is_built(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED_BYTES", {"runtime": 10**18})
    with pytest.raises(Failure, match="Not enough disk space"):
        bootstrap.ensure_environment("runtime")
    assert not bootstrap.VENV.exists()


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 10, 13)"])
def test_an_old_python_is_told_so_in_one_sentence(version: str) -> None:
    code = f"import sys; sys.version_info = {version}; import ops"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("This needs Python 3.11 or newer")
    assert done.stderr.count("\n") == 1
