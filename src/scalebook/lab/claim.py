"""Claims: the published headline under test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scalebook.lab.client import Client

__all__ = [
    "Claim",
    "Invariant",
    "Latency",
    "Saving",
    "Speedup",
    "Throughput",
    "ThroughputRatio",
]


@dataclass(frozen=True)
class Speedup:
    """`technique` answers operation `of` `factor` times as fast as `over`."""

    factor: float
    of: str
    technique: type[Client]
    over: type[Client]
    statistic: str = "median"
    metric = "speedup"


@dataclass(frozen=True)
class ThroughputRatio:
    """`technique` completes `factor` times as many `of` a second as `over`."""

    factor: float
    of: str
    technique: type[Client]
    over: type[Client]
    statistic: str = "throughput"
    metric = "throughput-ratio"


@dataclass(frozen=True)
class Saving:
    """`technique` needs `fraction` less of figure `of` than `over` (0.996: 99.6 % less)."""

    fraction: float
    of: str
    technique: type[Client]
    over: type[Client]
    statistic: str = "figure"
    metric = "saving"

    @property
    def factor(self) -> float:
        """The same claim as a ratio: 99.6 % less is a factor of 250."""
        return 1 / (1 - self.fraction)


@dataclass(frozen=True, kw_only=True)
class Latency:
    """`technique`'s `of` takes at most `seconds`; or, without it, less than that of `over`."""

    of: str
    technique: type[Client]
    over: type[Client] | None = None
    seconds: float | None = None
    statistic: str = "median"
    metric = "latency"

    @property
    def factor(self) -> float:
        """Bound over latency, or latency over latency: true from 1 on."""
        return 1.0


@dataclass(frozen=True)
class Throughput:
    """`technique` completes `per_second` of `of` a second."""

    per_second: float
    of: str
    technique: type[Client]
    over: type[Client] | None = None
    statistic: str = "throughput"
    metric = "throughput"

    @property
    def factor(self) -> float:
        """Throughput over the claimed one: true from 1 on."""
        return 1.0


@dataclass(frozen=True)
class Invariant:
    """`technique` keeps the promise with this check at every point, under every fault."""

    check: Callable[..., Any]
    technique: type[Client]
    over: type[Client] | None = None
    metric = "invariant"


Claim = Speedup | ThroughputRatio | Saving | Latency | Throughput | Invariant
