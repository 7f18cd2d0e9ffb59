"""What the acts on findings ask of single values."""

from __future__ import annotations

from typing import Any

from staff.models import User


def is_between(value: Any, lowest: int, highest: int) -> bool:
    """Whether it is a whole number within limits."""
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def is_text(value: str, longest: int) -> bool:
    """Whether it is text the database takes."""
    return len(value) <= longest and "\x00" not in value


def check_rater(rater: User | None, *, by: User) -> dict[str, str]:
    """What is wrong with who measured: the author, or a therapist who works with them."""
    if rater is None or rater.pk == by.pk:
        return {}
    if User.objects.visible_to(by).therapists().filter(pk=rater.pk).exists():
        return {}
    return {"rater": "Choose a therapist who works here."}
