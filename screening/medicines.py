"""Free text to medicine classes: clinical.md §2.5. A match suggests and asks; a non-match never clears anything."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rapidfuzz.distance import OSA

DICTIONARY = Path(__file__).resolve().parent / "medicines.json"

# Where one medicine ends and the next begins. Decimal points and units such as mg/ml are taken away before.
_SEPARATORS = re.compile(r"[\n\r;,.:+/&|]+|\b(?:and|plus|y|e)\b")
_UNIT_PER = re.compile(r"/\s*\d*\s*(?:ml|actuat|hr|h|day|dose|dia|d)\b")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_INITIALS = re.compile(r"\b([a-z])\.(?=[a-z]\b)")
_STRENGTH = re.compile(
    r"\d+(?:mg|mcg|ug|g|ml|iu|ui|u|units?|x)?|mg|mcg|ug|ml|iu|ui|units?|tab|tabs|tablets?|caps?|capsules?"
)
_FAR = 3


@dataclass(frozen=True)
class Match:
    """A medicine recognised in a text. `ask`: perhaps not taken now, or not for this reason."""

    substance: str
    medicine_class: str
    written: str
    certainty: Literal["named", "ask"]
    how: Literal["exact", "close", "code"]


@dataclass(frozen=True)
class _Dictionary:
    by_name: dict[tuple[str, ...], tuple[tuple[str, str], ...]]
    fuzzy: dict[str, tuple[tuple[str, str, str], ...]]
    surface: dict[str, str]
    codes: tuple[tuple[str, str, str, str], ...]
    words: dict[str, frozenset[tuple[str, ...]]]
    version: str


@cache
def dictionary() -> _Dictionary:
    """The shipped names, classes and codes."""
    raw = json.loads(DICTIONARY.read_text(encoding="utf-8"))
    by_name: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
    codes = []
    for entry in raw["substances"]:
        known = (entry["substance"], entry["class"])
        for name in entry["names"]:
            words = tuple(_normalise(name).split())
            by_name[words] = (*by_name.get(words, ()), known)  # a brand may hold two substances
        codes += [("atc", code, *known) for code in entry["atc"]]
        codes += [("rxnorm", code, *known) for code in entry.get("rxnorm", [])]
    fuzzy: dict[str, list[tuple[str, str, str]]] = {}
    for words, substances in by_name.items():
        if len(words) == 1 and len(words[0]) >= 6:
            fuzzy.setdefault(words[0][0], []).extend((words[0], *known) for known in substances)
    lists = {name: value for name, value in raw.items() if isinstance(value, list) and name != "substances"}
    return _Dictionary(
        by_name=by_name,
        fuzzy={letter: tuple(names) for letter, names in fuzzy.items()},
        surface={entry["substance"]: entry["surface"] for entry in raw["substances"] if "surface" in entry},
        codes=tuple(codes),
        words={name: frozenset(tuple(_normalise(text).split()) for text in value) for name, value in lists.items()},
        version=str(raw["version"]),
    )


def matches(text: str, *, code_system: str = "", code: str = "") -> tuple[Match, ...]:
    """Every medicine of the dictionary named in a text, or by its code. Each substance once, the surest first."""
    found = [*_by_code(code_system, code)]
    for segment in segments(text):
        found += _in_segment(segment)
    best: dict[str, Match] = {}
    for match in sorted(found, key=lambda one: one.certainty == "ask"):
        best.setdefault(match.substance, match)
    return tuple(best.values())


def segments(text: str) -> tuple[tuple[str, ...], ...]:
    """The parts of a text that may each name a medicine, as words."""
    plain = _UNIT_PER.sub(" ", _INITIALS.sub(r"\1", _DECIMAL.sub("", _strip_accents(text))))
    parts = (tuple(_normalise(part).split()) for part in _SEPARATORS.split(plain))
    return tuple(part for part in parts if part)


def _by_code(code_system: str, code: str) -> Iterator[Match]:
    system = code_system.lower().replace("-", "")
    for known_system, known_code, substance, medicine_class in dictionary().codes if code else ():
        is_same = code.startswith(known_code) if known_system == "atc" else code == known_code
        if known_system in system and is_same:
            yield Match(substance, medicine_class, code, "named", "code")


def _in_segment(words: tuple[str, ...]) -> Iterator[Match]:
    start = 0
    while start < len(words):
        length = _never_phrase_at(words, start)
        if not length:
            length, how, substances = _names_at(words, start)
            for substance, medicine_class in substances:
                if not _is_for_the_surface(substance, words[start + length : start + length + _FAR]):
                    is_doubtful = _is_doubtful(substance, words, start, length)
                    written = " ".join(words[start : start + length])
                    yield Match(substance, medicine_class, written, "ask" if is_doubtful else "named", how)
        start += length


def _never_phrase_at(words: tuple[str, ...], start: int) -> int:
    """The length of a phrase that only looks like a medicine, such as "hep b"."""
    for phrase in dictionary().words["never_phrases"]:
        if words[start : start + len(phrase)] == phrase:
            return len(phrase)
    return 0


def _names_at(words: tuple[str, ...], start: int) -> tuple[int, Literal["exact", "close"], tuple[tuple[str, str], ...]]:
    """How many words from here are a name, how well it fits, and what it stands for; one word of nothing otherwise."""
    known = dictionary()
    for length in range(min(4, len(words) - start), 0, -1):
        exact = known.by_name.get(words[start : start + length])
        if exact is not None:
            return length, "exact", exact
    return 1, "close", _close_names(words[start])


@lru_cache(maxsize=4096)
def _close_names(word: str) -> tuple[tuple[str, str], ...]:
    """A misspelt name: one slip from 6 letters, two from 9, never below; the first letter is right."""
    if len(word) < 6 or (word,) in dictionary().words["never_like"]:
        return ()
    found: list[tuple[int, str, str]] = []
    for name, substance, medicine_class in dictionary().fuzzy.get(word[0], ()):
        allowed = 2 if min(len(word), len(name)) >= 9 else 1
        slips = OSA.distance(word, name, score_cutoff=allowed)
        if slips <= allowed:
            found.append((slips, substance, medicine_class))
    fewest = min((slips for slips, *_ in found), default=0)
    return tuple((substance, medicine_class) for slips, substance, medicine_class in found if slips == fewest)


def _is_for_the_surface(substance: str, following: tuple[str, ...]) -> bool:
    """A cream, rub or inhaler does not act like the tablet of the same name."""
    kind = dictionary().surface.get(substance)
    if kind is None:
        return False
    forms = dictionary().words["skin_forms"]
    if kind == "any":
        forms |= dictionary().words["other_surface_forms"]
    return any((word,) in forms for word in following)


def _is_doubtful(substance: str, words: tuple[str, ...], start: int, length: int) -> bool:
    """Stopped, never taken, an allergy, or aspirin only against pain: ask, do not clear."""
    before, after = words[:start][::-1], words[start + length :]
    cues = dictionary().words
    if before[:1] in cues["history_adjacent"]:
        return True
    backwards = frozenset(cue[::-1] for cue in cues["history_before"])
    if any(_starts_with_any(rest, backwards) for rest in _nearby(before)):
        return True
    if any(_starts_with_any(rest, cues["history_after"]) for rest in _nearby(after)):
        return True
    return substance == "aspirin" and any((word,) in cues["as_needed"] for word in after)


def _nearby(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words next to a name, leaving out none to three that only link, and strengths."""
    yield words
    for _ in range(_FAR):
        if not words or not ((words[0],) in dictionary().words["fillers"] or _STRENGTH.fullmatch(words[0])):
            return
        words = words[1:]
        yield words


def _starts_with_any(words: tuple[str, ...], cues: frozenset[tuple[str, ...]]) -> bool:
    return any(words[: len(cue)] == cue for cue in cues)


def _strip_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _normalise(text: str) -> str:
    """Lower case, no accents, letters and digits only."""
    return re.sub(r"[^a-z0-9]+", " ", _strip_accents(text)).strip()


def normalise(text: Any) -> str:
    """For comparing words elsewhere in screening."""
    return _normalise(str(text))
