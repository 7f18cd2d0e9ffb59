"""Pure computing: intervals and effect sizes from plain numbers. No rows, no users, no words.

The intervals are SciPy's; the definitions are clinical.md 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
# Below this many people a mean says little: the median is printed beside it.
SMALL_SAMPLE = 20
# The same people give the same interval on every run.
_BOOTSTRAP_SEED = 20270111
_RESAMPLES = 9999


@dataclass(frozen=True)
class Interval:
    """From low to high, 95 %."""

    low: float
    high: float


@dataclass(frozen=True)
class MeanChange:
    """Last minus baseline over pairs: below zero is less pain.

    srm divides by the standard deviation of the change, effect_size by that of the baseline: they differ.
    The corrected ones are multiplied by Hedges' J. None where it cannot be computed (one pair, or no spread).
    """

    n: int
    mean_baseline: float
    mean_last: float
    mean: float
    sd: float | None
    sd_baseline: float | None
    interval: Interval | None
    srm: float | None
    effect_size: float | None
    hedges_j: float | None
    srm_corrected: float | None
    effect_size_corrected: float | None


@dataclass(frozen=True)
class MedianChange:
    """The middle change and its bootstrap interval."""

    value: float
    interval: Interval | None


def wilson(successes: int, total: int) -> Interval | None:
    """Wilson's interval of a share, as fractions. None of nobody."""
    if total == 0:
        return None
    found = stats.binomtest(successes, total).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return Interval(float(found.low), float(found.high))


def hedges_j(degrees_of_freedom: int) -> float:
    """The small-sample correction of a standardised difference."""
    return 1 - 3 / (4 * degrees_of_freedom - 1)


def t_interval(values: Sequence[int] | np.ndarray) -> Interval | None:
    """Student's interval of a mean. None of fewer than two values."""
    if len(values) < 2:
        return None
    array = np.asarray(values, dtype=float)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(array) - 1)) * float(stats.sem(array))
    mean = float(array.mean())
    return Interval(mean - reach, mean + reach)


def mean_change(baseline: Sequence[int] | np.ndarray, last: Sequence[int] | np.ndarray) -> MeanChange | None:
    """The change over pairs of scores, with everything that says how sure it is. None of nobody."""
    before, after = np.asarray(baseline, dtype=float), np.asarray(last, dtype=float)
    n = len(before)
    if n == 0:
        return None
    change = after - before
    mean = float(change.mean())
    sd = float(change.std(ddof=1)) if n > 1 else None
    sd_baseline = float(before.std(ddof=1)) if n > 1 else None
    srm, effect_size = _ratio(mean, sd), _ratio(mean, sd_baseline)
    correction = hedges_j(n - 1) if n > 1 else None
    return MeanChange(
        n=n,
        mean_baseline=float(before.mean()),
        mean_last=float(after.mean()),
        mean=mean,
        sd=sd,
        sd_baseline=sd_baseline,
        interval=t_interval(change),
        srm=srm,
        effect_size=effect_size,
        hedges_j=correction,
        srm_corrected=_product(srm, correction),
        effect_size_corrected=_product(effect_size, correction),
    )


def median_change(baseline: Sequence[int] | np.ndarray, last: Sequence[int] | np.ndarray) -> MedianChange | None:
    """The median change with a percentile bootstrap interval. None of nobody."""
    change = np.asarray(last, dtype=float) - np.asarray(baseline, dtype=float)
    if len(change) == 0:
        return None
    value = float(np.median(change))
    if len(change) < 2:
        return MedianChange(value, None)
    if np.all(change == change[0]):
        return MedianChange(value, Interval(value, value))
    found = stats.bootstrap(
        (change,),
        np.median,
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(_BOOTSTRAP_SEED),
    ).confidence_interval
    return MedianChange(value, Interval(float(found.low), float(found.high)))


def per_thousand(events: int, total: int) -> float | None:
    """Events for each thousand. None of nothing."""
    return 1000 * events / total if total else None


def _ratio(mean: float, sd: float | None) -> float | None:
    return mean / sd if sd else None


def _product(value: float | None, factor: float | None) -> float | None:
    return value * factor if value is not None and factor is not None else None
