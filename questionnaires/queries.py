"""What lists are asked for in their addresses."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from clinic.core.errors import Invalid


def of_patient(rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """`?patient=<id>`: only that patient's rows. A hidden patient has none."""
    patient_id = request.query_params.get("patient")
    return rows if patient_id is None else rows.filter(patient__public_id=parse_id(patient_id, field="patient"))


def parse_id(text: str, *, field: str) -> uuid.UUID:
    """An id. Raises Invalid naming the field."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid(fields={field: "Use the id of a row, a UUID."}) from None
