"""Writes the hashed locks from their .in files: python3 -m ops.lock [more options of uv]."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from ops.layout import REQUIREMENTS, VENV
from ops.report import Failure, guarded, say

# One file for every system and Python, and no address of anybody's package index in it.
OPTIONS = [
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
]


def main() -> int:
    uv = shutil.which("uv", path=os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)]))
    if uv is None:
        raise Failure("uv is not installed: install it with .venv/bin/pip install uv and start again.")
    # The larger set is solved first, and what runs takes its versions: both then agree.
    for lock in ("dev", "runtime"):
        say(f"Locking requirements/{lock}.in …")
        limits = ["--constraint", "dev.txt"] if lock == "runtime" else []
        command = [uv, "pip", "compile", *OPTIONS, *limits, *sys.argv[1:], f"{lock}.in", "-o", f"{lock}.txt"]
        done = subprocess.run(command, cwd=REQUIREMENTS, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"uv could not write requirements/{lock}.txt.", details=done.stdout + done.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(guarded("lock", main))
