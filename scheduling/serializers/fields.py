"""What every door of the diary parses: rows by id, instants, windows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.core.api import parse_instant
from clinic.core.clock import day_bounds
from clinic.core.errors import Invalid
from clinic.models import Location
from scheduling.claims import LONGEST_MINUTES, SHORTEST_MINUTES


@extend_schema_field(OpenApiTypes.UUID)
class VisibleField(serializers.SlugRelatedField[Any]):
    """A row by its id, among those the member may see; a hidden one does not exist."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(slug_field="public_id", queryset=model.objects.none(), **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.visible_to(self.context["request"].user)
        return rows


class InstantField(serializers.DateTimeField):
    """A time with its offset; one without could be any of forty instants."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            raise serializers.ValidationError("Use an ISO-8601 time with an offset, such as 2026-11-23T09:00:00Z.")
        return super().enforce_timezone(value)


class MinutesField(serializers.IntegerField):
    """How long a visit lasts, within the bounds every service has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "min_value": SHORTEST_MINUTES, "max_value": LONGEST_MINUTES, **kwargs})


@extend_schema_field(OpenApiTypes.STR)
class EdgeField(serializers.CharField):
    """The edge of a window: an instant with its offset, or a date on the location's calendar (UTC without one)."""

    def to_internal_value(self, data: Any) -> date | datetime:  # type: ignore[override]
        text = str(data)
        try:
            return date.fromisoformat(text) if len(text) == 10 else parse_instant(text, field=self.field_name or "")
        except (ValueError, Invalid):
            raise serializers.ValidationError(
                "Use a date such as 2026-11-23, or a time with an offset such as 2026-11-23T09:00:00Z."
            ) from None


def as_instant(edge: date | datetime, location: Location | None, *, is_end: bool) -> datetime:
    """An instant as it is; a date as the first instant of that local day, or of the next one if it is the end."""
    if isinstance(edge, datetime):
        return edge
    return day_bounds(edge, location.timezone if location else "UTC")[1 if is_end else 0]


class WindowInput(serializers.Serializer[Any]):
    """`from` and `to`, which Python keeps as words of its own."""

    is_window_required = False

    def get_fields(self) -> dict[str, Any]:
        required = self.is_window_required
        edges = {name: EdgeField(required=required) for name in ("from", "to")}
        return {**super().get_fields(), **edges}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        location = attrs.get("location")
        for name in {"from", "to"} & set(attrs):
            try:
                attrs[name] = as_instant(attrs[name], location, is_end=name == "to")
            except OverflowError:
                raise serializers.ValidationError({name: "There is no such day."}) from None
        return attrs
