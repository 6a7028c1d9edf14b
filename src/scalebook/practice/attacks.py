"""Attacks of the judge's own, which a lab need not have thought of: answers that are lost after
the work was done, and a wire so slow that the gap between two commands is wide."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from scalebook.lab import Fault, Whole

__all__ = ["attacks"]

LOSS_SECONDS = 2.0
LOSSES = 16
SLOWNESS = {0.01: (0.0, 0.3), 0.02: (0.3, 0.8), 0.04: (0.8, 2.0)}
"""By how many seconds each request is held, and when: the gaps between commands get wider."""


def attacks(services: Iterable[str], seed: int) -> Iterator[Whole]:
    """The trials; whether a promise holds there, the lab's technique must show."""
    names, source = list(services), random.Random(seed)  # noqa: S311 - repeated by its seed
    moments = sorted(source.uniform(0.1, LOSS_SECONDS - 0.1) for _ in range(LOSSES))
    losses = [Fault.lose(name, at=at) for at in moments for name in names]
    yield Whole(LOSS_SECONDS, faults=losses, name="lost answers")
    held = [
        Fault.delay(name, at=begin, until=end, seconds=seconds)
        for seconds, (begin, end) in SLOWNESS.items()
        for name in names
    ]
    yield Whole(max(end for _, end in SLOWNESS.values()), faults=held, name="a slow wire")
