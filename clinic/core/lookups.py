"""Lookups that every room may use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Field, ForeignObject, Lookup


class OneOf(Lookup):
    """`column__one_of=keys` is `column__in=keys`, sent as one array however many keys: `= ANY(…)`.

    Nine hundred placeholders cost more to write and to plan than the rows cost to fetch.
    """

    lookup_name = "one_of"

    def get_prep_lookup(self) -> list[Any]:
        keys: Iterable[Any] = self.rhs
        return [self.lhs.output_field.get_prep_value(key) for key in keys]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, values = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::{self.lhs.output_field.db_type(connection)}[])", (*values, self.rhs)


def register() -> None:
    """For columns of any kind; foreign keys keep a list of their own."""
    for kind in (Field, ForeignObject):
        kind.register_lookup(OneOf)
