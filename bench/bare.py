"""The bare Django view that ours are measured against: no middleware, no sign-in, the same SQL, its rows as JSON."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

# What ours asked of the database, to be asked again.
statements: list[tuple[str, Any]] = []


@transaction.atomic
def replay(_: HttpRequest) -> JsonResponse:
    """Send each statement as it is and hand out what came back."""
    results = []
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            results.append(cursor.fetchall() if cursor.description else cursor.rowcount)
    return JsonResponse({"results": results}, json_dumps_params={"default": str})


urlpatterns = [path("replay", replay)]
