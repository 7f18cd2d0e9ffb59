"""What a patient's entries must look like before they become a row. Pure; forms, API and import share it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clinic.core.clock import today_in
from clinic.core.errors import Invalid
from patients.models import Channel, Language, Sex
from patients.names import name_key

EARLIEST_BIRTH = date(1900, 1, 1)
NAME_LENGTH = 80
# Where the date changes first: nothing later than this is today anywhere.
_FIRST_ZONE = "Pacific/Kiritimati"
# Control characters, and marks that turn the reading direction of what follows.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Cleaner = Callable[[Any, str], Any]


def clean_text(text: str, *, longest: int, is_required: bool = False) -> str:
    """One line of text, trimmed and with single spaces. Raises ValueError with the rule."""
    if _UNPRINTABLE.search(text.replace("\t", " ").replace("\n", " ").replace("\r", " ")):
        raise ValueError("Leave out control characters.")
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if is_required and not line:
        raise ValueError("Fill this in.")
    if len(line) > longest:
        raise ValueError(f"At most {longest} characters.")
    return line


def clean_name(text: str) -> str:
    """A given or family name with at least one letter or digit. Raises ValueError with the rule."""
    name = clean_text(text, longest=NAME_LENGTH, is_required=True)
    if not name_key(name):
        raise ValueError("Write at least one letter.")
    return name


def clean_phone(text: str, *, country: str, is_required: bool = False) -> str:
    """A phone number as E.164; without a country code it is read as one of `country`. Raises ValueError."""
    if not text.strip():
        if is_required:
            raise ValueError("Fill this in.")
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise ValueError("Write a phone number, such as 212 555 0123 or +34 612 345 678.") from None
    if number.extension:
        raise ValueError("Leave out the extension.")
    if not phonenumbers.is_possible_number(number):
        raise ValueError("This number is too long or too short for its country.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(text: str) -> str:
    """An e-mail address or nothing. Raises ValueError with the rule."""
    address = text.strip()
    if address:
        if _UNPRINTABLE.search(address):
            raise ValueError("Leave out control characters.")
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError("Write an e-mail address, such as ana@example.org.") from None
        if len(address) > 254:
            raise ValueError("At most 254 characters.")
    return address


def clean_past_date(day: date) -> date:
    """A day that has begun somewhere. Raises ValueError with the rule."""
    if day > today_in(_FIRST_ZONE):
        raise ValueError("This date is in the future.")
    return day


def clean_birth_on(day: date) -> date:
    """A birth date from 1900 until today. Raises ValueError with the rule."""
    if day < EARLIEST_BIRTH:
        raise ValueError("Birth dates start with 1900.")
    return clean_past_date(day)


def clean_optional_past_date(day: date | None) -> date | None:
    """A day that has begun somewhere, or none. Raises ValueError with the rule."""
    return None if day is None else clean_past_date(day)


def clean_choice(value: str, choices: list[str]) -> str:
    """One of the choices. Raises ValueError naming them."""
    if value not in choices:
        raise ValueError(f"Choose one of: {', '.join(choice or 'nothing' for choice in choices)}.")
    return str(value)


_CLEANERS: dict[str, Cleaner] = {
    "given_name": lambda value, country: clean_name(value),
    "family_name": lambda value, country: clean_name(value),
    "birth_on": lambda value, country: clean_birth_on(value),
    "died_on": lambda value, country: clean_optional_past_date(value),
    "sex": lambda value, country: clean_choice(value, Sex.values),
    "email": lambda value, country: clean_email(value),
    "phone": lambda value, country: clean_phone(value, country=country),
    "address": lambda value, country: clean_text(value, longest=200),
    "postal_code": lambda value, country: clean_text(value, longest=12),
    "language": lambda value, country: clean_choice(value, Language.values),
    "channel": lambda value, country: clean_choice(value, Channel.values),
}
IDENTITY_FIELDS = tuple(_CLEANERS)


def clean_identity(entries: dict[str, Any], *, country: str) -> dict[str, Any]:
    """The entries as they are stored. Raises Invalid naming every field that breaks its rule."""
    return clean_all(entries, {name: partial(_clean_one, rule, country) for name, rule in _CLEANERS.items()})


def _clean_one(rule: Cleaner, country: str, value: Any) -> Any:
    return rule(value, country)


def clean_all(entries: dict[str, Any], rules: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Each entry through its rule. Raises Invalid naming every field that breaks its rule or has none."""
    cleaned, problems = {}, {}
    for field, value in entries.items():
        if field not in rules:
            problems[field] = "There is no such field."
            continue
        try:
            cleaned[field] = rules[field](value)
        except ValueError as problem:
            problems[field] = str(problem)
    if problems:
        raise Invalid(fields=problems)
    return cleaned
