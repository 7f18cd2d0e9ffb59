"""Short texts of a therapist's own."""

from __future__ import annotations

import re

from django.db import transaction

from audit.services import record
from clinic.core.errors import Invalid, NotFound
from sessions.access import require_therapist
from sessions.models import Snippet
from staff.models import User

SNIPPET_LENGTH = 2_000
SHORTCUT_LENGTH = 20
# Enough for anybody's habits, and few enough to send with every note.
MOST_SNIPPETS = 100


@transaction.atomic
def keep_snippet(*, shortcut: str, text: str, by: User) -> Snippet:
    """Keep a text under a shortcut, for its owner only. The same shortcut again replaces the text."""
    require_therapist(by)
    typed, words = shortcut.strip().lower().removeprefix("."), text.replace("\r\n", "\n").strip()
    _check(typed, words)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two at once cannot both be the last that fits
    own = Snippet.objects.visible_to(by)
    if own.count() >= MOST_SNIPPETS and not own.filter(shortcut=typed).exists():
        raise Invalid(fields={"shortcut": f"At most {MOST_SNIPPETS} snippets: remove one first."})
    row, _ = Snippet.objects.update_or_create(owner=by, shortcut=typed, defaults={"text": words})
    record(actor=by, action="snippet.kept", subject=row)
    return row


@transaction.atomic
def remove_snippet(*, snippet: Snippet, by: User) -> None:
    """Forget a text. Notes it was brought into stay as they are."""
    require_therapist(by)
    if not Snippet.objects.visible_to(by).filter(pk=snippet.pk).delete()[0]:
        raise NotFound()
    record(actor=by, action="snippet.removed", subject=snippet)


def _check(shortcut: str, text: str) -> None:
    wrong = {}
    if not re.fullmatch(rf"[a-z0-9-]{{1,{SHORTCUT_LENGTH}}}", shortcut):
        wrong["shortcut"] = f"1 to {SHORTCUT_LENGTH} small letters, digits or hyphens."
    if not text or len(text) > SNIPPET_LENGTH or "\x00" in text:
        wrong["text"] = f"1 to {SNIPPET_LENGTH} characters of text."
    if wrong:
        raise Invalid(fields=wrong)
