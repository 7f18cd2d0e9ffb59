"""A second try for an act that PostgreSQL stopped to break a deadlock."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import psycopg
from django.db import OperationalError, transaction

from scheduling.errors import TryAgain

P = ParamSpec("P")
T = TypeVar("T")

# deadlock detected, serialization failure, lock not available
BROKEN_OFF = {"40P01", "40001", "55P03"}


def retried_once(act: Callable[P, T]) -> Callable[P, T]:
    """Run the act in a savepoint; its failure gives back its locks. Twice stopped is a TryAgain, never a 500."""

    @functools.wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(2):
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as error:
                cause = error.__cause__
                if not isinstance(cause, psycopg.Error) or cause.sqlstate not in BROKEN_OFF:
                    raise
        raise TryAgain()

    return run
