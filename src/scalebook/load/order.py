"""Who goes next: schedules, decided by a seed, that find narrow races within few runs.

Half of the runs draw uniformly among the clients that wait. The other half follow the idea of
probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized
Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): clients have random
priorities, the highest one goes, and now and then the one whose turn it is falls to the lowest.
PCT places a fixed number of such changes in a known number of steps; how many commands an
operation takes is not known here, so each step is a change with a probability drawn per run.
A client that was served too often in a row falls back too, so that one which polls for a lock
cannot keep its holder from ever going on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

__all__ = ["Order"]

CHANGES = (0.05, 0.2, 0.4)
LONGEST_STREAK = 20


class Order:
    """The choices of one run: the same seed and the same candidates give the same choices."""

    def __init__(self, seed: int, clients: int) -> None:
        self._source = random.Random(f"{seed}/schedule")  # noqa: S311 - a replay, no secret
        self._ranks = list(range(clients))
        self._source.shuffle(self._ranks)
        self._change = self._source.choice(CHANGES) if self._source.random() < 0.5 else None
        self._last, self._streak = -1, 0

    def pick(self, waiting: Sequence[int]) -> int:
        """The client that goes next, of those that wait (by number, in rising order)."""
        if self._change is None:
            return self._source.choice(waiting)
        first = next(client for client in self._ranks if client in waiting)
        self._streak = self._streak + 1 if first == self._last else 0
        if self._source.random() < self._change or self._streak > LONGEST_STREAK:
            self._ranks.remove(first)
            self._ranks.append(first)
            first = next(client for client in self._ranks if client in waiting)
        self._last = first
        return first
