"""Starts and checks the clinic on one machine. Standard library only: it runs before anything is installed."""

import os
import sys

# This file must stay readable for old Pythons: it is what they meet first.
OLDEST_PYTHON = (3, 11)

if sys.version_info < OLDEST_PYTHON:
    sys.exit(
        "This needs Python 3.11 or newer, and this one is %d.%d: install a newer one, "
        "or name it with PYTHON=, for example: make run PYTHON=python3.12" % sys.version_info[:2]
    )

if os.name == "nt":
    sys.exit("This runs on Linux and macOS: on Windows, start it inside WSL.")
