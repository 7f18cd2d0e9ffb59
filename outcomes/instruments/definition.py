"""An instrument as data: what is asked, how it is scored, what a change means. A mistyped one is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

KINDS = ("sum", "mean", "percent_of_max", "dash", "count_true", "lookup")
DIRECTIONS = ("higher_is_better", "higher_is_worse")
LANGUAGES = ("en", "es")
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FIELDS = {
    "id", "version", "title", "items", "options", "direction", "score", "missing", "recall", "mcid_abs", "mcid_pct",
    "mdc", "bands", "loinc", "source", "text", "per_region", "named_by_patient",
}  # fmt: skip
_NEEDED = ("id", "version", "title", "items", "options", "direction", "score", "missing", "recall", "source", "text")

Words = Mapping[str, str]


@dataclass(frozen=True)
class Band:
    """A named part of the range, up to and with a value."""

    up_to: Decimal
    name: str


@dataclass(frozen=True)
class Rule:
    """How answers become one number. `table`: points of an answer (`of` item) or of the raw sum (`of` sum)."""

    kind: str
    max_per_item: int = 0
    table: Mapping[int, Decimal] | None = None
    of: str = "item"


@dataclass(frozen=True)
class Missing:
    """How many answers a score needs. `is_prorated`: what lacks is taken to be like the rest, and it is an estimate."""

    min_answered: int
    is_prorated: bool = False
    # Two boxes ticked: the higher one counts, where the authors say so.
    takes_highest: bool = False


@dataclass(frozen=True)
class Instrument:
    """One version of a measure. Without `texts` it is a shell: its words belong to somebody else."""

    key: str
    version: int
    title: Words
    items: int
    options: tuple[int, ...]
    is_worse_when_higher: bool
    rule: Rule
    missing: Missing
    recall: str
    mcid_abs: Decimal | None
    mcid_pct: Decimal | None
    mdc: Decimal | None
    bands: tuple[Band, ...]
    loinc: str
    source: str
    texts: tuple[Words, ...]
    ends: tuple[Words, ...]
    rights: str
    is_per_region: bool
    is_named_by_patient: bool

    @property
    def is_bundled(self) -> bool:
        """Whether its words come with the product; if not, a clinic must attest that it may use them."""
        return bool(self.texts)

    @property
    def item_ids(self) -> tuple[str, ...]:
        return tuple(str(number) for number in range(1, self.items + 1))

    def band_of(self, value: Decimal | None) -> str:
        """The name of the band a value lies in; empty when there is none."""
        fitting = (band.name for band in self.bands if value is not None and value <= band.up_to)
        return next(fitting, "")


def read_instrument(written: Mapping[str, Any]) -> Instrument:
    """The instrument a definition describes. Raises ValueError that says what is wrong with it."""
    for problem in _problems(written):
        raise ValueError(f"{written.get('id', '?')}: {problem}")
    text = written["text"]
    return Instrument(
        key=written["id"],
        version=written["version"],
        title=written["title"],
        items=written["items"],
        options=_options(written["options"]),
        is_worse_when_higher=written["direction"] == "higher_is_worse",
        rule=_rule(written["score"]),
        missing=_missing(written["missing"], written["items"]),
        recall=written["recall"],
        mcid_abs=_number(written.get("mcid_abs")),
        mcid_pct=_number(written.get("mcid_pct")),
        mdc=_number(written.get("mdc")),
        bands=tuple(Band(Decimal(str(band["up_to"])), band["name"]) for band in written.get("bands", [])),
        loinc=written.get("loinc", ""),
        source=written["source"],
        texts=tuple(text.get("items", ())),
        ends=tuple(text.get("ends", ())),
        rights=text["rights"],
        is_per_region=written.get("per_region", False),
        is_named_by_patient=written.get("named_by_patient", False),
    )


def _problems(written: Mapping[str, Any]) -> list[str]:
    unknown = sorted(set(written) - _FIELDS)
    absent = [name for name in _NEEDED if name not in written]
    if unknown or absent:
        return [f"unknown: {unknown}, absent: {absent}"]
    return [what for check, what in _CHECKS if not check(written)]


def _has_bands_in_order(written: Mapping[str, Any]) -> bool:
    ups: list[float] = [band["up_to"] for band in written.get("bands", [])]
    return ups == sorted(set(ups))


def _is_rule(written: Mapping[str, Any]) -> bool:
    rule = written["score"]
    if rule.get("kind") not in KINDS:
        return False
    if rule["kind"] == "lookup":
        return bool(rule.get("table")) and rule.get("of", "item") in {"item", "sum"}
    return rule["kind"] != "percent_of_max" or bool(rule.get("max_per_item", 0) > 0)


def _has_a_points_entry_for_every_option(written: Mapping[str, Any]) -> bool:
    rule = written["score"]
    if rule.get("kind") != "lookup" or rule.get("of", "item") != "item":
        return True
    return {str(option) for option in _options(written["options"])} == set(rule.get("table", {}))


def _has_words_for_every_item(written: Mapping[str, Any]) -> bool:
    text = written["text"]
    if text.get("status") == "not_bundled":
        return "items" not in text
    listed = text.get("items", [])
    wanted = 1 if written.get("named_by_patient") else written["items"]
    return len(listed) == wanted and all(set(words) == set(LANGUAGES) for words in listed)


_CHECKS: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...] = (
    (lambda w: _KEY.fullmatch(w["id"]) is not None, "the id is lower case, digits and hyphens"),
    (lambda w: w["version"] >= 1 and w["items"] >= 1, "version and items are at least 1"),
    (lambda w: set(w["title"]) == set(LANGUAGES), "the title is in English and Spanish"),
    (lambda w: w["direction"] in DIRECTIONS, "the direction is unknown"),
    (lambda w: len(_options(w["options"])) >= 2, "there are at least two options"),
    (_is_rule, "the score rule is unknown or incomplete"),
    (_has_a_points_entry_for_every_option, "the table has an entry for every option and no other"),
    (lambda w: 0 <= w["missing"].get("min_answered", -1) <= w["items"], "min_answered lies within the items"),
    (_has_bands_in_order, "bands rise"),
    (lambda w: bool(w["text"].get("rights")), "it says whose words these are"),
    (_has_words_for_every_item, "bundled words for every item in both languages, or none at all"),
)


def _options(written: Any) -> tuple[int, ...]:
    if isinstance(written, Mapping):
        return tuple(range(written["from"], written["to"] + 1))
    return tuple(written)


def _rule(written: Mapping[str, Any]) -> Rule:
    table = {int(raw): Decimal(str(points)) for raw, points in written.get("table", {}).items()}
    return Rule(written["kind"], written.get("max_per_item", 0), table or None, written.get("of", "item"))


def _missing(written: Mapping[str, Any], items: int) -> Missing:
    return Missing(
        written.get("min_answered", items), written.get("prorate", False), written.get("multi_tick") == "highest"
    )


def _number(written: Any) -> Decimal | None:
    return None if written is None else Decimal(str(written))
