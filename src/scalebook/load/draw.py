"""What a worker does next: an operation from the mix and a key, both decided by the seed."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Mapping
from typing import Protocol

from scalebook.errors import LabError
from scalebook.lab import Uniform
from scalebook.lab.workload import Keys

__all__ = ["Chooser", "Draws", "keys_at"]


class Draws(Protocol):
    """A distribution over keys."""

    def draw(self, source: random.Random) -> int:
        """One key."""


def keys_at(keys: int | str | Keys, point: object) -> Draws:
    """The distribution: a number is uniform, a name stands for as many keys as the point.

    Raises LabError when the point is no number of keys.
    """
    if isinstance(keys, int):
        return Uniform(keys)
    if not isinstance(keys, str):
        return keys
    if not isinstance(point, int):
        raise LabError(
            f"keys={keys!r} takes the number of keys from the axis, whose point is {point!r}",
            remedy="give keys as a number, or as a distribution such as Zipf(1_000)",
        )
    return Uniform(point)


class Chooser:
    """Draws (operation, key) for one worker from a mix of name -> weight."""

    def __init__(self, mix: Mapping[str, float], keys: Draws, seed: str) -> None:
        self.names = list(mix)
        self._keys = keys
        self._cumulative = list(itertools.accumulate(mix.values()))
        self._source = random.Random(seed)  # noqa: S311 - a replay, no secret

    def op(self) -> str:
        """One operation of the mix."""
        if len(self.names) == 1:
            return self.names[0]
        place = self._source.random() * self._cumulative[-1]
        return self.names[bisect.bisect_right(self._cumulative, place)]

    def key(self) -> int:
        """One key."""
        return self._keys.draw(self._source)
