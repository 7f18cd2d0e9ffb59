"""Reading the environment: every value is typed, and a missing or malformed one stops the start."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict


def required(name: str) -> str:
    """The value of `name`, or of the file `name`_FILE points to. Raises ImproperlyConfigured."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name} (or {name}_FILE).")
    return value


def optional(name: str, default: str) -> str:
    """The value of `name`, or `default`."""
    if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
        return required(name)
    return default


def flag(name: str, *, default: bool) -> bool:
    """`true` or `false`, and nothing else."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} must be true or false.")
    return value.lower() == "true"


def whole_number(name: str, *, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number.")
    return int(value)


def whole_numbers(name: str, *, default: list[int]) -> list[int]:
    """Comma-separated whole numbers."""
    value = os.environ.get(name)
    if value is None:
        return default
    entries = [entry.strip() for entry in value.split(",")]
    if not all(entry.isdigit() for entry in entries):
        raise ImproperlyConfigured(f"{name} must be whole numbers separated by commas.")
    return [int(entry) for entry in entries]


def names(name: str) -> list[str]:
    """A comma-separated list with at least one entry."""
    return [entry.strip() for entry in required(name).split(",") if entry.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a libpq URI, unix sockets included."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL address.") from error
    options: dict[str, Any] = {
        "pool": {"min_size": 1, "max_size": whole_number("DATABASE_POOL_SIZE", default=8), "timeout": 5},
    }
    for name in ("sslmode", "sslrootcert", "target_session_attrs"):
        if name in parts:
            options[name] = parts[name]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "clinic"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
