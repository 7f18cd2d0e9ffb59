"""Bringing records in from a CSV file: tried first, re-runnable, every row accounted for."""

from patients.imports.running import run_import

__all__ = ["run_import"]
