"""What a whole trial yields, and which publish caused which delivery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scalebook.lab import Op

__all__ = ["WholeReport", "pair"]


@dataclass(frozen=True)
class WholeReport:
    """What happened in a whole trial; times in seconds.

    `lateness_seconds`: actual start less scheduled start, per arrival of open loops.
    `wake_lateness_seconds`: the same of arrivals for which an idle worker was waiting, which is
    the harness's own fault; neither counts a role that a fault may hit. `backlog_at_end`: arrivals
    of the trial's time that nobody had begun at its end. Rates are per second over the trial:
    `offered_rate` of arrivals (0 for closed loops), `achieved_rate` of answers. `held` is false,
    and `why` says so, when the harness itself could not hold the schedule.
    """

    ops: list[Op]
    listeners: int
    lateness_seconds: list[float]
    wake_lateness_seconds: list[float]
    backlog_at_end: int
    achieved_rate: float
    offered_rate: float
    held: bool
    why: str


def pair(ops: Sequence[Op], publishers: Collection[str]) -> None:
    """Let each delivery name the operation that published its message."""
    causes = {
        str(op.key): op
        for op in ops
        if op.role in publishers and op.name not in ("delivery", "follow")
    }
    for op in ops:
        if op.name == "delivery":
            op.cause = causes.get(op.key)
