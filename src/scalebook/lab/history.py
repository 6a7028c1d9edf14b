"""What happened in a trial: operations, sessions, deliveries and the run that a check reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["History", "Op", "Outcome", "Run", "Violation"]

Outcome = Literal["ok", "failed", "unknown"]


@dataclass(slots=True)
class Op:
    """One operation of one session; times in seconds on the run's clock.

    `outcome` is *unknown* when the answer was lost and the effect may have happened. For the
    arrival of a message (`name` is "delivery"), `key` is the message and `cause` its publish.
    """

    name: str
    session: int
    key: Any
    start: float
    end: float
    outcome: Outcome = "ok"
    result: Any = None
    error: str | None = None
    scheduled: float | None = None
    cause: Op | None = None
    role: str = ""

    @property
    def seconds(self) -> float:
        """Latency: from the schedule in an open loop, from the publish for a delivery."""
        if self.cause is not None:
            return self.end - self.cause.start
        return self.end - (self.start if self.scheduled is None else self.scheduled)

    def says(self, text: str, *others: Op) -> Violation:
        """A violation of which this operation is the witness, with `others`."""
        return Violation(text, (*others, self))


@dataclass(frozen=True)
class Violation:
    """A promise that was broken, in words, with the operations that show it."""

    text: str
    witness: tuple[Op, ...] = ()


class History:
    """The operations of a trial in the order in which they ended."""

    def __init__(self, ops: Iterable[Op] = ()) -> None:
        self._ops = sorted(ops, key=lambda op: op.end)

    def __iter__(self) -> Iterator[Op]:
        return iter(self._ops)

    def __len__(self) -> int:
        return len(self._ops)

    def named(self, name: str) -> list[Op]:
        """All operations of that name, whatever their outcome."""
        return [op for op in self._ops if op.name == name]

    def ok(self, name: str | None = None) -> list[Op]:
        """The operations that were acknowledged."""
        return [op for op in self._ops if op.outcome == "ok" and name in (None, op.name)]

    def unknown(self, name: str | None = None) -> list[Op]:
        """The operations whose answer was lost."""
        return [op for op in self._ops if op.outcome == "unknown" and name in (None, op.name)]

    def deliveries(self) -> list[Op]:
        """The arrivals at listeners."""
        return self.named("delivery")

    def sessions(self) -> list[History]:
        """One history per session, each in its own order."""
        found: dict[tuple[str, int], list[Op]] = {}
        for op in self._ops:
            found.setdefault((op.role, op.session), []).append(op)
        return [History(ops) for _, ops in sorted(found.items())]

    def by_key(self) -> dict[Any, History]:
        """Key -> the history of that key."""
        found: dict[Any, list[Op]] = {}
        for op in self._ops:
            found.setdefault(op.key, []).append(op)
        return {key: History(ops) for key, ops in found.items()}


@dataclass(frozen=True)
class Run:
    """What a check reads: the history of one trial, and the state that it left behind."""

    history: History
    at: Any
    variant: str
    trial: str
    services: Any
    settle: Callable[[float], AbstractContextManager[Any]]
    client: Any = None
    """A client of the same variant that took no part in the load; reads the final state."""
    batches: Mapping[str, int] = field(default_factory=dict)
    """Operation name -> how many one call does, where it is not one."""
    listeners: int = 0
    windows: tuple[tuple[str, str, float, float], ...] = field(default=())
    """What was done on the timeline: kind, target, from, until (seconds on the run's clock)."""

    def settled(self, seconds: float = 0.0) -> AbstractContextManager[Any]:
        """The services after every fault is healed and `seconds` have passed in silence."""
        return self.settle(seconds)
