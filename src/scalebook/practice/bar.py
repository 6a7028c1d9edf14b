"""The bar: does a solution reach enough of the reference, as far as its pairs can tell?

A machine with other work on it slows single slices fivefold, now one arm's and now the other's.
The mean of the log-ratios then says little, and t intervals err; the median's interval is made
of pairs, and errs no more whatever the noise. `tests/practice/test_bar.py` compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scalebook.practice.contract import BAR
from scalebook.practice.judgement import Bar
from scalebook.stats import (
    CONFIDENCE,
    LOOKS,
    Side,
    decide,
    median,
    median_interval,
    ratio_interval,
)

__all__ = ["FIRST_LOOK", "weighed", "weighed_exactly"]

FIRST_LOOK = LOOKS[1]
"""Pairs before which nothing is decided: fewer than eight have no such interval."""
ONCE = 0.95
"""Confidence where there is one look only."""


def weighed(of: str, logs: Sequence[float]) -> tuple[Side, Bar]:
    """On which side of the bar the median of the pairs' log-ratios lies, at one of the LOOKS."""
    bounds = median_interval(logs, CONFIDENCE)
    low, high = math.exp(bounds.low), math.exp(bounds.high)
    bar = Bar(of, math.exp(median(logs)), low, high, len(logs), BAR)
    return decide(logs, BAR, interval_of=median_interval), bar


def weighed_exactly(of: str, logs: Sequence[float]) -> tuple[Side, Bar]:
    """The same for figures that no noise touches, a few builds each: one look at their mean."""
    found = ratio_interval(logs, ONCE)
    bar = Bar(of, found.value, found.low, found.high, len(logs), BAR)
    return decide(logs, BAR, ONCE), bar
