"""The method tried on noise whose truth is known: how often does it name the wrong side?

A series holds durations of consecutive slices of one and the same work. A rehearsal deals them
out to two arms as a run would, scales one arm by a known effect, and asks for the verdict.
"""

import math
import random
from collections.abc import Callable, Sequence

from scalebook.stats.estimate import ratio_interval
from scalebook.stats.sequential import LOOKS, Side, decide

__all__ = ["Arrange", "blocked", "coverage", "paired", "verdicts"]

Arrange = Callable[[Sequence[float], int, float, random.Random], list[float]]
"""Series of 2n slices, n, effect, generator -> n log-ratios over / technique."""


def paired(slices: Sequence[float], n: int, effect: float, rng: random.Random) -> list[float]:
    """Deal neighbours out as pairs in random order: what the engine does."""
    logs = []
    for i in range(n):
        over, technique = slices[2 * i], slices[2 * i + 1]
        if rng.random() < 0.5:
            over, technique = technique, over
        logs.append(math.log(over * effect / technique))
    return logs


def blocked(slices: Sequence[float], n: int, effect: float, _rng: random.Random) -> list[float]:
    """Deal out all of one arm, then all of the other: the method that does not work."""
    return [math.log(slices[i] * effect / slices[n + i]) for i in range(n)]


def verdicts(
    series: Sequence[float], runs: int, *, seed: int, effect: float = 1.0, arrange: Arrange = paired
) -> dict[Side, int]:
    """Count the sides of factor 1 named in `runs` rehearsals, each from a random place on.

    The first look that decides ends a rehearsal. ValueError for a series shorter than one run.
    """
    rng = random.Random(seed)  # noqa: S311 - a seeded rehearsal, not a secret
    counts = dict.fromkeys(Side, 0)
    for _ in range(runs):
        slices = _place(series, 2 * LOOKS[-1], rng)
        logs = arrange(slices, LOOKS[-1], effect, rng)
        sides = (decide(logs[:look], 1.0) for look in LOOKS)
        counts[next((s for s in sides if s is not Side.UNDECIDED), Side.UNDECIDED)] += 1
    return counts


def coverage(
    series: Sequence[float], runs: int, *, seed: int, pairs: int = 20, effect: float = 1.3
) -> float:
    """Share of 95 % intervals of `pairs` pairs that hold the true ratio `effect` (0-1)."""
    rng = random.Random(seed)  # noqa: S311 - a seeded rehearsal, not a secret
    held = 0
    for _ in range(runs):
        slices = _place(series, 2 * pairs, rng)
        estimate = ratio_interval(paired(slices, pairs, effect, rng))
        held += estimate.low <= effect <= estimate.high
    return held / runs


def _place(series: Sequence[float], length: int, rng: random.Random) -> Sequence[float]:
    """A random stretch of the series."""
    if len(series) < length:
        raise ValueError(f"a rehearsal takes {length} slices, the series has {len(series)}")
    start = rng.randrange(len(series) - length + 1)
    return series[start : start + length]
