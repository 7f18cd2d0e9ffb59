"""How patients' data is printed."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import template

from clinic.core.clock import today_in
from patients.models import Patient

register = template.Library()


@register.filter
def phone(number: str) -> str:
    """A stored number with the spaces people read it by."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def age(patient: Patient) -> int:
    """Completed years today, or at death."""
    return patient.age_on(patient.died_on or today_in("UTC"))


@register.simple_tag
def spoken(row: Any) -> str:
    """What a row is about, for a button's accessible name."""
    for name in ("name", "substance", "detail"):
        text = getattr(row, name, "")
        if text:
            return str(text)
    return str(row.therapist.full_name if hasattr(row, "therapist") else row.get_kind_display())
