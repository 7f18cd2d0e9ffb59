"""The database's refusals, turned into ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import IntegrityError, transaction

from clinic.core.errors import ClinicError


@contextmanager
def translate_constraints(**refusals: ClinicError) -> Iterator[None]:
    """One constraint name, one ClinicError. A savepoint keeps the caller's transaction alive."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        refusal = refusals.get(name or "")
        if refusal is None:
            raise
        # The driver's text quotes the row: keep it out of logs.
        raise refusal from None
