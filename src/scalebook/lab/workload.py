"""What is asked of the system under test: operations, keys, arrivals, roles."""

from __future__ import annotations

import bisect
import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Items", "Keys", "Moving", "OpenLoop", "Role", "Uniform", "Workload", "Zipf"]


class Keys(Protocol):
    """A distribution over the keys 0 .. n-1."""

    @property
    def n(self) -> int:
        """How many keys there are."""

    def draw(self, source: random.Random) -> int:
        """One key."""


@dataclass(frozen=True)
class Uniform:
    """Every key of 0 .. n-1 equally often."""

    n: int

    def draw(self, source: random.Random) -> int:
        """One key."""
        return int(source.random() * self.n)


@dataclass(frozen=True)
class Zipf:
    """Key k of 0 .. n-1 with a probability proportional to 1 / (k + 1)**s (as in YCSB)."""

    n: int
    s: float = 1.0
    _cumulative: tuple[float, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = (1 / (k + 1) ** self.s for k in range(self.n))
        object.__setattr__(self, "_cumulative", tuple(itertools.accumulate(weights)))

    def draw(self, source: random.Random) -> int:
        """One key."""
        return bisect.bisect_left(self._cumulative, source.random() * self._cumulative[-1])


@dataclass(frozen=True)
class Moving:
    """Every worker draws the same key of 0 .. n-1, which moves on every `seconds`.

    For racing: whoever works at the same moment works on the same key, and no key for long.
    """

    n: int
    seconds: float = 0.02

    def draw(self, source: random.Random) -> int:
        """The key of the moment."""
        del source
        return int(time.monotonic() / self.seconds) % self.n


@dataclass(frozen=True)
class OpenLoop:
    """Requests arrive at `rate` per second, answered or not; latency counts from the schedule.

    `workers` sessions carry them; arrivals are a Poisson process, or evenly spaced.
    """

    rate: float
    workers: int = 16
    even: bool = False


@dataclass(frozen=True)
class Workload:
    """Operation mix (name -> weight), keys, and arrivals: a closed loop of `clients`, or open.

    `keys` is a number (uniform), a distribution, or the name of the axis (as many as the point).
    `processes` spreads the clients of a closed loop over that many processes.
    """

    mix: Mapping[str, float]
    keys: int | str | Keys = 1
    clients: int = 1
    processes: int = 0
    arrivals: OpenLoop | None = None


@dataclass(frozen=True)
class Role:
    """`clients` workers that call the operation `name`; or, with `listens`, run `follow`.

    `rate` is in operations per second over the whole role; without it the loop is closed. A role
    that a fault may kill or pause runs in a process of its own, and so does one that is `apart`:
    there its own Python keeps no other role waiting.
    """

    name: str
    clients: int = 1
    rate: float | None = None
    listens: bool = False
    keys: int | str | Keys | None = None
    apart: bool = False


class Items:
    """`n` distinct members that a seed decides, for an exact lab; iterate, or take `chunks`."""

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        self.seed = seed

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[str]:
        prefix = f"{self.seed:x}-"
        return (f"{prefix}{i:x}" for i in range(self.n))

    def chunks(self, size: int) -> Iterator[list[str]]:
        """The members in lists of at most `size`."""
        members = iter(self)
        while chunk := list(itertools.islice(members, size)):
            yield chunk
