"""Text in a CSV cell that no spreadsheet takes for a formula, and that can be read back unchanged."""

from __future__ import annotations

import re

# What starts a formula (ASCII and full-width) or hides its start; what a reader may strip before it looks;
# what may begin a new cell when the file is split by another separator.
_TRIGGERS = "=+\\-@\t\r\n\0＝＋－＠"
_SKIPPED = " \u00a0\u00ad\u034f\u061c\u180e\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_SEPARATORS = ',;|"\t\r\n'
_DEFUSE = re.compile(rf"(^|[{_SEPARATORS}])(?=[{_SKIPPED}]*['{_TRIGGERS}])")
_RESTORE = re.compile(rf"(^|[{_SEPARATORS}])'(?=[{_SKIPPED}]*['{_TRIGGERS}])")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


def cell(value: str | int | float | bool | None) -> str:
    """What to write for a value: numbers stay numbers, nothing stays empty, text is defused."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return defuse(str(value))


def defuse(text: str) -> str:
    """Put an apostrophe before whatever a spreadsheet could run. A plain number is left alone."""
    return text if _NUMBER.fullmatch(text) else _DEFUSE.sub(r"\1'", text)


def restore(text: str) -> str:
    """The text before `defuse`, for whoever reads the file back."""
    return _RESTORE.sub(r"\1", text)
