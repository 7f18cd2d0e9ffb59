"""Pages of the database that a question touches, for the same question at two sizes: noise-free, needs no quiet."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection, transaction

from audit.context import audit_context
from bench.database_time import Pair, metered


def pages(pair: Pair) -> int:
    """Shared buffers hit and read by all statements of ours."""
    with audit_context(request_id="", via="command"), transaction.atomic():
        with metered() as meter:
            pair.ours()
        transaction.set_rollback(True)
    return sum(_pages(sql, params) for sql, params in meter.statements if _can_be_explained(sql))


def _can_be_explained(sql: str) -> bool:
    return sql.lstrip("( ").split(None, 1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}


def _pages(sql: str, params: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan: Any = cursor.fetchone()[0]
        transaction.set_rollback(True)
    found = json.loads(plan) if isinstance(plan, str) else plan
    top = found[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])
