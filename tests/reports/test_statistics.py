"""The vectors of clinical.md 7.2 to three decimals, and the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reports.statistics import hedges_j, mean_change, median_change, per_thousand, t_interval, wilson

BASELINE = [7, 6, 8, 5, 7, 9, 6, 4, 8, 7]
LAST = [4, 5, 3, 5, 4, 6, 2, 4, 5, 3]
SCORES = st.integers(0, 10)


def test_the_mean_change_agrees_with_the_vector():
    change = mean_change(BASELINE, LAST)
    assert change.n == 10
    assert change.mean == pytest.approx(-2.6, abs=5e-4)
    assert change.sd == pytest.approx(1.7127, abs=5e-5)
    assert change.sd_baseline == pytest.approx(1.4944, abs=5e-5)
    assert (change.interval.low, change.interval.high) == pytest.approx((-3.825, -1.375), abs=5e-4)
    assert change.srm == pytest.approx(-1.518, abs=5e-4)
    assert change.effect_size == pytest.approx(-1.740, abs=5e-4)
    assert change.hedges_j == pytest.approx(0.9143, abs=5e-5)
    assert change.srm_corrected == pytest.approx(-1.518 * 0.9143, abs=1e-3)
    assert change.effect_size_corrected == pytest.approx(-1.740 * 0.9143, abs=1e-3)
    assert (change.mean_baseline, change.mean_last) == pytest.approx((6.7, 4.1))


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 20, 0, 0.1611), (45, 60, 0.6277, 0.8422)]
)
def test_wilsons_interval_agrees_with_the_vectors(successes, total, low, high):
    interval = wilson(successes, total)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_the_correction_and_the_rate_agree_with_the_vectors():
    assert hedges_j(9) == pytest.approx(0.9143, abs=5e-5)
    assert per_thousand(12, 1850) == pytest.approx(6.486, abs=5e-4)
    assert per_thousand(0, 500) == 0


def test_nobody_one_person_and_no_spread_give_no_invented_numbers():
    assert mean_change([], []) is None
    assert median_change([], []) is None
    assert wilson(0, 0) is None
    assert per_thousand(0, 0) is None
    one = mean_change([7], [4])
    assert (one.n, one.mean, one.sd, one.interval, one.srm, one.effect_size, one.hedges_j) == (
        1, -3.0, None, None, None, None, None,
    )  # fmt: skip
    assert median_change([7], [4]).interval is None
    equal = mean_change([7, 7, 7], [4, 4, 4])
    assert (equal.sd, equal.srm, equal.effect_size) == (0.0, None, None)
    assert (equal.interval.low, equal.interval.high) == (-3.0, -3.0)
    assert median_change([7, 7, 7], [4, 4, 4]).interval.low == -3.0


def test_the_bootstrap_gives_the_same_interval_every_time_and_holds_the_median():
    first, second = median_change(BASELINE, LAST), median_change(BASELINE, LAST)
    assert first == second
    assert first.value == -3.0
    assert first.interval.low <= first.value <= first.interval.high


@given(st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=60))
def test_the_interval_of_the_mean_is_that_of_a_paired_t_test(pairs):
    baseline, last = np.array(pairs).T
    if np.std(last - baseline) == 0:
        return
    expected = stats.ttest_rel(last, baseline).confidence_interval(0.95)
    change = mean_change(baseline, last)
    assert (change.interval.low, change.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert t_interval(last - baseline) == change.interval


@given(st.integers(1, 400), st.data())
def test_wilsons_interval_solves_its_defining_equation(total, draw):
    successes = draw.draw(st.integers(0, total))
    interval, z = wilson(successes, total), stats.norm.ppf(0.975)
    share = successes / total
    for edge in (interval.low, interval.high):
        assert (share - edge) ** 2 == pytest.approx(z**2 * edge * (1 - edge) / total, abs=1e-9)
    assert interval.low <= share + 1e-12
    assert share <= interval.high + 1e-12
