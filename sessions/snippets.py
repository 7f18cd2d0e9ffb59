"""The short texts a therapist can bring into a note: those that ship, and their own in front."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sessions.models import Snippet
from staff.models import User

_SHIPPED = Path(__file__).resolve().parent / "catalogue" / "snippets.json"


@dataclass(frozen=True)
class OfferedSnippet:
    """A text and the shortcut that brings it; `own` is the member's row, or nothing for one that ships."""

    shortcut: str
    text: str
    own: Snippet | None = None


@cache
def shipped() -> dict[str, str]:
    """The neutral texts every clinic has, by shortcut."""
    return {row["shortcut"]: row["text"] for row in json.loads(_SHIPPED.read_text())["snippets"]}


def snippets_for(user: User) -> list[OfferedSnippet]:
    """All that a member can bring in, by shortcut. Their own text replaces a shipped one of the same shortcut."""
    offered = {shortcut: OfferedSnippet(shortcut, text) for shortcut, text in shipped().items()}
    for row in Snippet.objects.visible_to(user):
        offered[row.shortcut] = OfferedSnippet(row.shortcut, row.text, row)
    return [offered[shortcut] for shortcut in sorted(offered)]
