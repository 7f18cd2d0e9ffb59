"""More tries for an act that PostgreSQL stopped to break a deadlock."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import psycopg
from django.db import OperationalError, transaction

from scheduling.errors import TryAgain

P = ParamSpec("P")
T = TypeVar("T")

# deadlock detected, serialization failure, lock not available
BROKEN_OFF = {"40P01", "40001", "55P03"}

# Seconds to stand back before each further try. Without a pause the stopped act takes its first lock again before the
# one it clashed with has woken up, and the two meet in the same deadlock.
PAUSES = (0.1, 0.3)


def retried(act: Callable[P, T]) -> Callable[P, T]:
    """Run the act in a savepoint; its failure gives back its locks. Stopped three times is a TryAgain, never a 500."""

    @functools.wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for pause in (*PAUSES, None):
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as error:
                cause = error.__cause__
                if not isinstance(cause, psycopg.Error) or cause.sqlstate not in BROKEN_OFF:
                    raise
            if pause is not None:
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        raise TryAgain()

    return run
