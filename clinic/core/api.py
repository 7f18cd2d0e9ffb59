"""What every API door shares: strict input, keyset pages, ETags, idempotency keys."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.dateparse import parse_datetime
from rest_framework import pagination, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.core.errors import ClinicError, Invalid, VersionRequired
from clinic.models import IdempotencyKey


class StrictSerializer(serializers.Serializer[Any]):
    """Input that refuses fields it does not know, so a typo is an error and not a silent loss."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class KeysetPagination(pagination.CursorPagination):
    """`{"next", "previous", "results"}`: constant cost on any page, no totals."""

    page_size = 50
    page_size_query_param = "per_page"
    max_page_size = 100
    cursor_query_param = "cursor"
    ordering: tuple[str, ...] = ("-updated_at", "-id")


class UpdatedSinceMixin:
    """`?updated_since=` on a list: rows changed at or after an instant."""

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        request: Request = self.request  # type: ignore[attr-defined]  # the viewset's
        since = request.query_params.get("updated_since")
        if since:
            queryset = queryset.filter(updated_at__gte=parse_instant(since, field="updated_since"))
        return super().filter_queryset(queryset)  # type: ignore[misc, no-any-return]


def parse_instant(text: str, *, field: str) -> datetime:
    """An ISO-8601 instant with its offset. Raises Invalid naming the field."""
    try:
        instant = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Invalid(fields={field: "Use an ISO-8601 time with an offset, such as 2026-11-23T09:00:00Z."})
    return instant


def expected_version(request: Request) -> int:
    """The version in If-Match. Raises VersionRequired when absent, Invalid when malformed."""
    header = request.headers.get("If-Match")
    if header is None:
        raise VersionRequired()
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isdigit():
        raise Invalid(fields={"If-Match": "Send the ETag exactly as you received it."})
    return int(text)


class KeyReused(ClinicError):
    """Same key, other request."""

    code = "idempotency_key_reused"
    http_status = 422
    title = "Idempotency key reused"
    message = "This Idempotency-Key was used for a different request."


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Answer a repeated POST (same principal, same Idempotency-Key) with the first answer.

    The key is written in the transaction of the work: a second request waits for the first, then replays;
    a refused one stores nothing and may be tried again.
    """

    @functools.wraps(method)
    def door(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return method(view, request, *args, **kwargs)
        if len(key) > 255 or "\x00" in key:
            raise Invalid(fields={"Idempotency-Key": "At most 255 characters."})
        principal = f"user:{request.user.pk}"
        digest = _digest(request)
        with transaction.atomic():
            row = _claim(principal, key, digest)
            if row is None:
                return _replay(principal, key, digest)
            response = method(view, request, *args, **kwargs)
            row.status = response.status_code
            row.body = json.loads(JSONRenderer().render(response.data))
            row.save(update_fields=["status", "body"])
            return response

    return door


def _digest(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, default=str)
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _claim(principal: str, key: str, digest: str) -> IdempotencyKey | None:
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(principal=principal, key=key, request_digest=digest)
    except IntegrityError:
        return None


def _replay(principal: str, key: str, digest: str) -> Response:
    row = IdempotencyKey.objects.get(principal=principal, key=key)
    if row.request_digest != digest:
        raise KeyReused()
    response = Response(row.body, status=row.status)
    response["Idempotent-Replayed"] = "true"
    return response


class PdfFile(JSONRenderer):
    """Lets a client ask for application/pdf; a refusal is still a problem document."""

    media_type = "application/pdf"
    format = "pdf"
