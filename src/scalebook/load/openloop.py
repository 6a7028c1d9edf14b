"""The open loop: requests arrive when the schedule says so, whether or not others are answered.

Latency counts from the scheduled time, so that a request which waited for a free worker, because
the engine stood still, shows that wait (G. Tene's "coordinated omission").
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

__all__ = ["WORST_WAKE_SECONDS", "Arrivals", "arrival_times", "percentile", "why_not_held"]

WORST_WAKE_SECONDS = 0.020
SATURATED = 0.95


def arrival_times(rate: float, seconds: float, seed: str, *, even: bool = False) -> list[float]:
    """When requests arrive, in seconds from the start: a Poisson process, or evenly spaced."""
    if even:
        return [i / rate for i in range(math.ceil(rate * seconds))]
    source = random.Random(seed)  # noqa: S311 - a replay, no secret
    times: list[float] = []
    now = source.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += source.expovariate(rate)
    return times


class Arrivals:
    """The schedule that the workers of one loop share: each takes the next arrival."""

    def __init__(self, times: Sequence[float], requests: Sequence[tuple[str, object]]) -> None:
        """`times` in seconds from the start; `requests`: operation and key of each."""
        self.times = times
        self.requests = requests
        self._next = itertools.count()

    def skip(self, seconds: float) -> None:
        """Leave out what was due before `seconds`: nobody was there to send it."""
        passed = sum(time < seconds for time in self.times)
        self._next = itertools.count(passed)

    def take(self) -> tuple[float, str, object] | None:
        """The next due time, operation and key; None when the schedule is over."""
        number = next(self._next)  # One bytecode: no two threads get the same.
        if number >= len(self.times):
            return None
        op, key = self.requests[number]
        return self.times[number], op, key


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def why_not_held(wake_seconds: Sequence[float], busy_share: float) -> str:
    """Why the harness itself could not hold the schedule; empty when it could.

    `wake_seconds`: how late workers woke that had nothing else to do. `busy_share`: how much of
    one core the load generator used.
    """
    # Two late wakes in a short trial are the machine's doing, not a schedule that was not held.
    share = max(0.99 if len(wake_seconds) >= 200 else 1 - 2 / max(len(wake_seconds), 1), 0.0)
    late = percentile(wake_seconds, share)
    if late > WORST_WAKE_SECONDS:
        limit = f"{WORST_WAKE_SECONDS * 1000:.0f} ms"
        return f"idle workers woke {late * 1000:.0f} ms late (99th percentile; limit {limit})"
    if busy_share > SATURATED:
        return f"the load generator used {busy_share:.0%} of the one core that Python can use"
    return ""
