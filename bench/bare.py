"""The bare Django views that ours are measured against: no middleware, no sign-in, the least SQL, JSON out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench import minimal


def slots(request: HttpRequest) -> JsonResponse:
    asked = _asked(request)
    with connection.cursor() as cursor:
        rows = minimal.slots(
            cursor, location=asked["location"], zone=asked["zone"], therapists=asked["therapists"],
            from_=datetime.fromisoformat(asked["from"]), to=datetime.fromisoformat(asked["to"]),
        )  # fmt: skip
    return _answer(rows)


@transaction.atomic
def book(request: HttpRequest) -> JsonResponse:
    asked = _asked(request)
    with connection.cursor() as cursor:
        booked = minimal.book(cursor, **{**asked, "starts_at": datetime.fromisoformat(asked["starts_at"])})
    return _answer(booked)


@transaction.atomic
def move(request: HttpRequest) -> JsonResponse:
    asked = _asked(request)
    with connection.cursor() as cursor:
        minimal.move(cursor, **{**asked, "starts_at": datetime.fromisoformat(asked["starts_at"])})
    return _answer(asked["public_id"])


def day(request: HttpRequest) -> JsonResponse:
    asked = _asked(request)
    with connection.cursor() as cursor:
        return _answer(
            minimal.day(
                cursor, location=asked["location"], weekday=asked["weekday"],
                from_=datetime.fromisoformat(asked["from"]), to=datetime.fromisoformat(asked["to"]),
            )
        )  # fmt: skip


def search(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        return _answer(minimal.search(cursor, **_asked(request)))


def _asked(request: HttpRequest) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.body)
    return asked


def _answer(rows: Any) -> JsonResponse:
    return JsonResponse({"results": rows})


urlpatterns = [path(view.__name__, view) for view in (slots, book, move, day, search)]
