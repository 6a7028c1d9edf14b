"""Looks at a growing number of pairs: stop as soon as a ratio lies on one side of a factor.

Five looks at a 99 % interval give a wrong side more often than one look would. Measured with
independent normal log-ratios whose true ratio *equals* the factor (the worst case: either side is
then wrong), 20,000 runs of all five looks: a side was named in 4.0 % of them. Where the true
ratio is off the factor by a tenth of the noise of one pair, the wrong side is named in 0.7 %.
"""

import math
from collections.abc import Callable, Sequence
from enum import Enum

from scalebook.stats.estimate import Interval, mean_interval

__all__ = ["CONFIDENCE", "LOOKS", "Side", "decide", "next_look", "precise"]

LOOKS = (5, 10, 20, 40, 80)
"""Numbers of pairs after which a comparison may be stopped."""
CONFIDENCE = 0.99
"""Of the interval at each look."""


class Side(Enum):
    """On which side of the claimed factor a ratio lies."""

    ABOVE = "above"
    BELOW = "below"
    UNDECIDED = "undecided"


def decide(
    log_ratios: Sequence[float],
    factor: float,
    confidence: float = CONFIDENCE,
    interval_of: Callable[[Sequence[float], float], Interval] = mean_interval,
) -> Side:
    """Name the side of `factor` on which the whole interval of the log-ratio lies.

    Of its mean, or by `interval_of`. Call it at LOOKS only: looking after every pair multiplies
    the false verdicts.
    """
    if factor <= 0:
        raise ValueError(f"a factor is above 0, not {factor}")
    if len(log_ratios) < 2:
        return Side.UNDECIDED
    interval = interval_of(log_ratios, confidence)
    if interval.low > math.log(factor):
        return Side.ABOVE
    if interval.high < math.log(factor):
        return Side.BELOW
    return Side.UNDECIDED


def next_look(n: int, maximum: int = LOOKS[-1]) -> int | None:
    """Pairs at the next look after `n` of them, at most `maximum`; None when it is used up."""
    if n >= maximum:
        return None
    return min(next((look for look in LOOKS if look > n), maximum), maximum)


def precise(log_ratios: Sequence[float], relative: float = 0.10, confidence: float = 0.95) -> bool:
    """Say whether the ratio is known to within `relative` of itself, on either side.

    Judged by the width alone, so that stopping on it does not depend on where the ratio lies.
    """
    if len(log_ratios) < LOOKS[0]:
        return False
    return mean_interval(log_ratios, confidence).width / 2 <= math.log1p(relative)
