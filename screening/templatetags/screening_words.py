"""Codes of screening in words."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from screening.regions import KINDS, REGIONS

register = template.Library()


@register.filter
def regions_in_words(codes: Iterable[str]) -> str:
    """`["HAND", "HEAD.JAW"]` is "Hand, Jaw"."""
    return ", ".join(REGIONS.get(code, code) for code in codes)


@register.filter
def kinds_in_words(codes: Iterable[str]) -> str:
    """`["percussive"]` is "Percussion and vibration"."""
    return ", ".join(KINDS.get(code, code) for code in codes)
