"""From answers to one number. Nothing but the definition decides; the same answers always give the same score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from outcomes.instruments.definition import Instrument

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Result:
    """A score. `value` None: too little was answered. `is_estimate`: a missing answer was taken to be like the rest."""

    value: Decimal | None
    answered: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Change:
    """From one score to a later one, judged by the instrument's own limits. `better` above zero is improvement.

    `is_beyond_error` None: no measurement error is known. `matters` None: no meaningful change is known.
    """

    better: Decimal
    is_beyond_error: bool | None
    matters: bool | None


def problems_in(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, str]:
    """What cannot be read as an answer, by item."""
    found = {item: "There is no such item." for item in answers if item not in instrument.item_ids}
    for item in instrument.item_ids:
        given = answers.get(item)
        if isinstance(given, list) and not (instrument.missing.takes_highest and given):
            found[item] = "Give one answer."
        elif not all(_is_option(instrument, one) for one in _ticked(given)):
            found[item] = "Choose one of the offered answers."
    return found


def score(instrument: Instrument, answers: Mapping[str, Any]) -> Result:
    """The score of answers without problems."""
    given = [max(_ticked(answers.get(item))) for item in instrument.item_ids if _ticked(answers.get(item))]
    if len(given) < instrument.missing.min_answered or (not given and instrument.rule.kind != "count_true"):
        return Result(None, len(given))
    raw = _RULES[instrument.rule.kind](instrument, given)
    is_partial = len(given) < instrument.items and not _may_be_fewer(instrument)
    if raw is None or (is_partial and instrument.rule.kind in {"sum", "lookup"} and not instrument.missing.is_prorated):
        return Result(None, len(given))
    return Result(raw.quantize(_HUNDREDTH, ROUND_HALF_UP), len(given), is_estimate=is_partial)


def limits_of(instrument: Instrument) -> tuple[Decimal, Decimal]:
    """The lowest and highest score the instrument can give."""
    ends = [
        score(instrument, dict.fromkeys(instrument.item_ids, pick(instrument.options))).value or Decimal(0)
        for pick in (min, max)
    ]
    return min(ends), max(ends)


def change(instrument: Instrument, earlier: Decimal, later: Decimal) -> Change:
    """What happened between two scores."""
    better = earlier - later if instrument.is_worse_when_higher else later - earlier
    beyond = None if instrument.mdc is None else abs(better) >= instrument.mdc
    return Change(better, beyond, _matters(instrument, earlier, better))


def in_common(earlier: Mapping[str, str], later: Mapping[str, str]) -> dict[str, str]:
    """Items that ask about the same activity at both times, earlier to later: only these may be compared."""
    at_later = {_folded(words): item for item, words in later.items()}
    return {item: at_later[_folded(words)] for item, words in earlier.items() if _folded(words) in at_later}


def _matters(instrument: Instrument, earlier: Decimal, better: Decimal) -> bool | None:
    """Both limits, where both are known: neither a small share of much nor a large one of little is enough."""
    if instrument.mcid_abs is None and instrument.mcid_pct is None:
        return None
    is_enough = instrument.mcid_abs is None or better >= instrument.mcid_abs
    if instrument.mcid_pct is not None:
        is_enough = is_enough and better > 0 and 100 * better >= instrument.mcid_pct * earlier
    return is_enough


def _may_be_fewer(instrument: Instrument) -> bool:
    """Activities nobody named, and statements nobody ticked, are not missing."""
    return instrument.is_named_by_patient or instrument.rule.kind == "count_true"


def _ticked(given: Any) -> list[Any]:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


def _is_option(instrument: Instrument, one: Any) -> bool:
    return isinstance(one, int) and not isinstance(one, bool) and one in instrument.options


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _mean_of(given: list[int]) -> Decimal:
    return Decimal(sum(given)) / len(given)


def _sum(instrument: Instrument, given: list[int]) -> Decimal:
    """What lacks counts like the mean of the rest; a whole sheet is its plain sum."""
    return _mean_of(given) * instrument.items


def _percent(instrument: Instrument, given: list[int]) -> Decimal:
    return 100 * _mean_of(given) / instrument.rule.max_per_item


def _looked_up(instrument: Instrument, given: list[int]) -> Decimal | None:
    table = instrument.rule.table or {}
    if instrument.rule.of == "sum":
        return table.get(sum(given)) if len(given) == instrument.items else None
    return sum((table[one] for one in given), Decimal(0)) / len(given) * instrument.items


_RULES: dict[str, Callable[[Instrument, list[int]], Decimal | None]] = {
    "sum": _sum,
    "mean": lambda instrument, given: _mean_of(given),
    "percent_of_max": _percent,
    "dash": lambda instrument, given: (_mean_of(given) - 1) * 25,
    "count_true": lambda instrument, given: Decimal(sum(1 for one in given if one)),
    "lookup": _looked_up,
}
