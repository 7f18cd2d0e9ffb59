"""Prints the ratios of one size; run by `python3 -m bench` on a database that holds a bulk clinic."""

from __future__ import annotations

import statistics
import sys
from typing import Any

import django

django.setup()

from bench import whole_requests  # noqa: E402
from bench.database_time import measure, pairs  # noqa: E402  (Django first)
from bench.growth import pages  # noqa: E402
from bench.whole_requests import asks, ratio  # noqa: E402


def main() -> None:
    rounds = int(sys.argv[1])
    print(
        f"{'question':36} {'ours p50/p95 ms':>17} {'least p50/p95 ms':>17} {'ratio':>6} {'statements':>11} {'pages':>7}"
    )
    for pair in pairs():
        timed = measure(pair, rounds=rounds)
        count = f"{timed.statements[0]} : {timed.statements[1]}"
        print(
            f"{pair.name:36} {_times(timed.ours):>17} {_times(timed.least):>17} {timed.ratio:6.2f} {count:>11}"
            f" {pages(pair):7}",
            flush=True,
        )
    print(f"{'whole request':36} {'ours CPU ms':>17} {'bare view CPU ms':>17} {'ratio':>6}")
    for ask in asks():
        ours, least = whole_requests.measure(ask, rounds=rounds)
        print(f"{ask.name:36} {_times(ours):>17} {_times(least):>17} {ratio(ours, least):6.2f}", flush=True)


def _times(seconds: list[float]) -> str:
    cuts: Any = statistics.quantiles(seconds, n=20)
    return f"{statistics.median(seconds) * 1000:.2f} / {cuts[18] * 1000:.2f}"


if __name__ == "__main__":
    main()
