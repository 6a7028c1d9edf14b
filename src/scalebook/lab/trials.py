"""The four kinds of trials, and what may happen on their timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Exact", "Fault", "Interleaved", "Slices", "Step", "Trial", "Whole"]


@dataclass(frozen=True)
class Step:
    """At `at` seconds into a trial, call the client's method `action(services)`."""

    at: float
    action: str


@dataclass(frozen=True)
class Fault:
    """What is done to a service, program or role `target` at `at` and undone at `until` (s)."""

    kind: str
    target: str
    at: float
    until: float | None = None
    seconds: float = 0.0

    @classmethod
    def kill(cls, target: str, *, at: float, back: float | None = None) -> Fault:
        """SIGKILL at `at`; started again at `back`, or left dead."""
        return cls("kill", target, at, back)

    @classmethod
    def restart(cls, target: str, *, at: float) -> Fault:
        """Stop in order, start again at once."""
        return cls("restart", target, at)

    @classmethod
    def pause(cls, target: str, *, at: float, until: float) -> Fault:
        """SIGSTOP at `at`, SIGCONT at `until`: alive, connected, and silent."""
        return cls("pause", target, at, until)

    @classmethod
    def cut(cls, target: str, *, at: float, until: float) -> Fault:
        """Break every connection to a service at `at`; refuse new ones until `until`."""
        return cls("cut", target, at, until)

    @classmethod
    def lose(cls, target: str, *, at: float) -> Fault:
        """On each connection to a service the next answer is lost, and the connection with it.

        The work was done, or the commit made, and nobody was told. New connections are accepted.
        """
        return cls("lose", target, at)

    @classmethod
    def delay(cls, target: str, *, at: float, until: float, seconds: float) -> Fault:
        """Hold each request to a service for `seconds` more."""
        return cls("delay", target, at, until, seconds)


@dataclass(frozen=True)
class Slices:
    """Short slices of `seconds` that alternate between the arms in random order.

    For operations without a clock in them. A slice holds at least one operation.
    """

    seconds: float = 0.05
    name: str = "slices"


@dataclass(frozen=True)
class Whole:
    """One run of `seconds` from a fresh start, for anything with a clock, a TTL, a failover.

    `steps` and `faults` happen on its timeline; `figures` are functions of the run. Without
    `fresh`, each run goes on from the state that the last one left: caches stay warm.
    """

    seconds: float
    steps: Sequence[Step] = ()
    faults: Sequence[Fault] = ()
    figures: Sequence[Callable[..., Any]] = ()
    fresh: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            named = sorted({fault.kind for fault in self.faults})
            actions = [step.action for step in self.steps]
            object.__setattr__(self, "name", "-".join(actions + named) or "whole")


@dataclass(frozen=True)
class Exact:
    """No time at all: call `method` once per point and seed on a fresh arm; read the figures."""

    method: str
    seeds: int = 5
    name: str = "exact"


@dataclass(frozen=True)
class Interleaved:
    """A scheduler decides whose command goes next among `clients`; `runs` runs, one key each.

    Every client of a run does `operations` operations on that run's own key. `mix` stands in for
    the workload's, whose rare operations would seldom meet.
    """

    clients: int = 3
    runs: int = 60
    operations: int = 1
    mix: Mapping[str, float] | None = None
    name: str = "interleaved"


Trial = Slices | Whole | Exact | Interleaved
