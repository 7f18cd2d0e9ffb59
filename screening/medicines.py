"""Free text to medicine classes: clinical.md §2.5. A match suggests and asks; a non-match never clears anything."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rapidfuzz.distance import OSA

DICTIONARY = Path(__file__).resolve().parent / "medicines.json"

# Where one medicine ends and the next begins. Decimal points and units such as mg/ml are taken away before.
_LINES = re.compile(r"[\n\r;]+")
_SEPARATORS = re.compile(
    r"[,.:+/&|]+|(?<= )(?:and|plus|y)(?= )|(?<= )(?<!vitamin )(?<!vitamina )(?<!vit )e(?= )",
)
_SPACES = re.compile(r"[^\S\n\r]+")
_ABBREVIATED_VITAMIN = re.compile(r"\bvit\. ?")
_UNIT_PER = re.compile(r"/ ?\d* ?(?:ml|mg|g|actuat|hr|h|day|week|dose|dia|semana|d)\b")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_INITIALS = re.compile(r"\b([a-z])\.(?=[a-z]\b)")
_GLUED_STRENGTH = re.compile(r"(?<=[a-z]{3})(?=\d)")
_STRENGTH = re.compile(r"\d+(?:mg|mcg|ug|g|ml|iu|ui|u|units?|x)?|mg|mcg|ug|g|ml|iu|ui|units?")
# How many linking words may stand between a cue and a name, and how far from it is looked at at all.
_FAR = 3
_WINDOW = 12
_LONGEST_PHRASE = 6
# In the place of words that look like a cue and belong to something else ("stopped smoking").
_NO_CUE = "-"

When = Literal["now", "earlier", "sometimes", "somebody_else", "unclear"]


@dataclass(frozen=True)
class Match:
    """A medicine recognised in a text, and when it seems to be taken."""

    substance: str
    medicine_class: str
    written: str
    when: When
    how: Literal["exact", "close", "code"]

    @property
    def certainty(self) -> Literal["named", "ask"]:
        """`ask`: perhaps not taken now, not by this patient, or not for this reason. Never a reason to clear."""
        return "named" if self.when == "now" else "ask"


@dataclass(frozen=True)
class MedicineClass:
    """What the medicines of a class are called, and which rules they make one ask about (clinical.md §2.5-2.6)."""

    label: str
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class _Dictionary:
    by_name: dict[tuple[str, ...], tuple[tuple[str, str], ...]]
    fuzzy: dict[str, tuple[tuple[str, str, str], ...]]
    longest_name: int
    surface: dict[str, str]
    codes: tuple[tuple[str, str, str, str], ...]
    classes: dict[str, MedicineClass]
    words: dict[str, frozenset[tuple[str, ...]]]
    version: str

    def backwards(self, name: str) -> frozenset[tuple[str, ...]]:
        """The phrases of a list as they are met when reading towards the front."""
        return _backwards(self.words[name])


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
        longest_name=max(len(name) for names in fuzzy.values() for name, *_ in names),
        surface={entry["substance"]: entry["surface"] for entry in raw["substances"] if "surface" in entry},
        codes=tuple(codes),
        classes={name: MedicineClass(one["label"], tuple(one["prompts"])) for name, one in raw["classes"].items()},
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


def prompts(found: Iterable[Match]) -> tuple[str, ...]:
    """The rules that medicines make one ask about."""
    classes = dictionary().classes
    return tuple(sorted({rule_id for match in found for rule_id in classes[match.medicine_class].prompts}))


def segments(text: str) -> tuple[tuple[str, ...], ...]:
    """The parts of a text that may each name a medicine, as words."""
    plain = _SPACES.sub(" ", _strip_accents(text))
    for pattern, becomes in (
        (_ABBREVIATED_VITAMIN, "vit "),
        (_DECIMAL, ""),
        (_INITIALS, r"\1"),
        (_UNIT_PER, " "),
        (_GLUED_STRENGTH, " "),
    ):
        plain = pattern.sub(becomes, plain)
    return tuple(part for line in _LINES.split(plain) for part in _parts_of(line))


def _parts_of(line: str) -> list[tuple[str, ...]]:
    """The parts of one line. "Warfarin, stopped in 2019" is one part: the second half says nothing by itself."""
    parts: list[tuple[str, ...]] = []
    for piece in _SEPARATORS.split(line):
        words = _without_misleading_cues(tuple(_normalise(piece).split()))
        if parts and len(parts[-1]) < _WINDOW and _is_afterthought(words):
            parts[-1] += words
        elif words:
            parts.append(words)
    return parts


def _without_misleading_cues(words: tuple[str, ...]) -> tuple[str, ...]:
    phrases = dictionary().words["no_cues"]
    kept: list[str] = []
    place = 0
    while place < len(words):
        length = _length_of_first(words[place : place + _WINDOW], phrases)
        kept.append(_NO_CUE if length else words[place])
        place += length or 1
    return tuple(kept)


def _is_afterthought(words: tuple[str, ...]) -> bool:
    """Whether words only say that what stands before them is over: a cue, and times."""
    cues = dictionary().words
    length = _length_of_first(words[:_WINDOW], cues["history_after"])
    rest = words[length:_WINDOW]
    return (
        bool(length)
        and len(words) <= _WINDOW
        and all(word.isdigit() or (word,) in cues["afterthought"] for word in rest)
    )


def _by_code(code_system: str, code: str) -> Iterator[Match]:
    """An ATC code means the narrowest entry that it belongs to; an RxNorm code only itself."""
    system, asked = code_system.lower().replace("-", ""), code.strip().upper()
    found = [
        (known_code, substance, medicine_class)
        for known_system, known_code, substance, medicine_class in dictionary().codes
        if known_system in system and (asked.startswith(known_code) if known_system == "atc" else asked == known_code)
    ]
    narrowest = max((len(known_code) for known_code, *_ in found), default=0)
    for known_code, substance, medicine_class in found:
        if len(known_code) == narrowest:
            yield Match(substance, medicine_class, code, "now", "code")


def _in_segment(words: tuple[str, ...]) -> Iterator[Match]:
    start = 0
    while start < len(words):
        length = _never_phrase_at(words, start)
        if not length:
            length, how, substances = _names_at(words, start)
            for substance, medicine_class in substances:
                end = start + length
                before, after = words[max(0, start - _WINDOW) : start][::-1], words[end : end + _WINDOW]
                if not _is_for_the_surface(substance, before, after):
                    written = " ".join(words[start:end])
                    yield Match(substance, medicine_class, written, _when(substance, before, after), how)
        start += length


def _never_phrase_at(words: tuple[str, ...], start: int) -> int:
    """The length of a phrase that only looks like a medicine, such as "hep b"."""
    return _length_of_first(words[start : start + _WINDOW], dictionary().words["never_phrases"])


def _names_at(words: tuple[str, ...], start: int) -> tuple[int, Literal["exact", "close"], tuple[tuple[str, str], ...]]:
    """How many words from here are a name, how well it fits, and what it stands for; one word of nothing otherwise."""
    known = dictionary()
    for length in range(min(4, len(words) - start), 0, -1):
        exact = known.by_name.get(words[start : start + length])
        if exact is not None:
            return length, "exact", exact
    word = words[start]
    # Longer than any name: not one, and not worth remembering.
    return 1, "close", _close_names(word) if len(word) <= known.longest_name + 2 else ()


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


def _is_for_the_surface(substance: str, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """A cream, rub or inhaler does not act like the tablet of the same name. `before` is read towards the front."""
    kind = dictionary().surface.get(substance)
    if kind is None:
        return False
    cues = dictionary().words
    forms = cues["skin_forms"] | (cues["other_surface_forms"] if kind == "any" else frozenset())
    between = cues["forms_between"]
    for word in after:
        if (word,) in forms:
            return True
        if (word,) not in between and not _STRENGTH.fullmatch(word):
            break
    return before[:1] in cues["form_links"] and before[1:2] in forms


def _when(substance: str, before: tuple[str, ...], after: tuple[str, ...]) -> When:
    """Stopped, never taken or an allergy; somebody else's; aspirin only against pain; or now."""
    if _is_history(before, after):
        return "earlier"
    somebody_else = dictionary().backwards("somebody_else_before")
    if any(_length_of_first(rest, somebody_else) for rest in _nearby(before)):
        return "somebody_else"
    if substance == "aspirin" and _is_as_needed(before, after):
        return "sometimes"
    return "now"


def _is_history(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    cues = dictionary()
    towards_the_front = tuple(_nearby(before))
    if any(_length_of_first(rest, cues.backwards("still_before")) for rest in towards_the_front):
        return False  # "I never stopped warfarin"
    if before[:1] in cues.words["history_adjacent"]:
        return True
    if any(_length_of_first(rest, cues.backwards("history_before")) for rest in towards_the_front):
        return True
    return any(_length_of_first(rest, cues.words["history_after"]) for rest in _nearby(after))


def _is_as_needed(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether aspirin is taken against pain now and then, and nothing says daily."""
    cues = dictionary().words
    around = (*before[::-1], *after)
    if any(_length_of_first(around[place:], cues["daily"]) for place in range(len(around))):
        return False
    return any((word,) in cues["as_needed"] for word in after)


def _nearby(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words next to a name, leaving out strengths, forms, and none to three that only link."""
    fillers = dictionary().words["fillers"]
    linking = 0
    yield words
    for place, word in enumerate(words, start=1):
        if not _is_strength_or_form(word):
            linking += 1
            if linking > _FAR or (word,) not in fillers:
                return
        yield words[place:]


def _is_strength_or_form(word: str) -> bool:
    return (word,) in dictionary().words["drop_forms"] or _STRENGTH.fullmatch(word) is not None


def _length_of_first(words: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> int:
    """How many words the longest of these phrases takes at the beginning; 0 where none stands there."""
    longest = min(len(words), _LONGEST_PHRASE)
    return next((length for length in range(longest, 0, -1) if words[:length] in phrases), 0)


@lru_cache(maxsize=16)
def _backwards(phrases: frozenset[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    return frozenset(phrase[::-1] for phrase in phrases)


def _strip_accents(text: str) -> str:
    """Lower case without accents, fancy letters and characters that cannot be seen."""
    if text.isascii():
        return text.lower()
    # Marks go first: sorting a long row of them, as decomposing does, takes time that grows with its square.
    decomposed = unicodedata.normalize("NFKD", _without_marks(text))
    return _without_marks(unicodedata.normalize("NFKD", decomposed.casefold()))


def _without_marks(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter) not in {"Mn", "Mc", "Me", "Cf"})


def _normalise(text: str) -> str:
    """Lower case, no accents, letters and digits only."""
    return re.sub(r"[^a-z0-9]+", " ", _strip_accents(text)).strip()


def normalise(text: Any) -> str:
    """For comparing words elsewhere in screening."""
    return _normalise(str(text))
