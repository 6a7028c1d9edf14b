"""From the history of a disturbed trial to the picture that is kept of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scalebook.lab import Op, Run
from scalebook.results.timelines import Bucket, TimelineRecord, Window

__all__ = ["timeline_of"]

SLICES = 60
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)


def timeline_of(run: Run, seed: int) -> TimelineRecord | None:
    """The trial in `SLICES` slices of equal length; None where nothing was done or happened."""
    ops = [op for op in run.history if op.name != "follow"]
    if not ops or not run.windows:
        return None
    origin = min(_due(op) for op in ops)
    windows = tuple(
        Window(kind=kind, target=target, start=start - origin, end=end - origin)
        for kind, target, start, end in sorted(run.windows, key=lambda window: window[2])
    )
    seconds = max([*(op.end - origin for op in ops), *(window.end for window in windows)])
    names = dict.fromkeys(op.name for op in ops)
    by_name = {name: [op for op in ops if op.name == name] for name in names}
    return TimelineRecord(
        variant=run.variant,
        trial=run.trial,
        point=run.at,
        seed=seed,
        seconds=seconds,
        windows=windows,
        buckets={name: _buckets(found, origin, seconds) for name, found in by_name.items()},
        percentiles={
            name: _percentiles(found)
            for name, found in by_name.items()
            if any(op.outcome == "ok" for op in found)
        },
    )


def _due(op: Op) -> float:
    return op.start if op.scheduled is None else op.scheduled


def _buckets(ops: Sequence[Op], origin: float, seconds: float) -> tuple[Bucket, ...]:
    width = seconds / SLICES
    slices: list[list[Op]] = [[] for _ in range(SLICES)]
    for op in ops:
        slices[min(int((_due(op) - origin) / width), SLICES - 1)].append(op)
    return tuple(_bucket(found, (i + 0.5) * width) for i, found in enumerate(slices))


def _bucket(ops: Sequence[Op], at: float) -> Bucket:
    count = {
        outcome: sum(op.outcome == outcome for op in ops) for outcome in ("ok", "failed", "unknown")
    }
    worst = max((op.seconds for op in ops if op.outcome == "ok"), default=None)
    return Bucket.model_validate({"at": at, "worst": worst, **count})


def _percentiles(ops: Sequence[Op]) -> dict[str, float]:
    taken = [op.seconds for op in ops if op.outcome == "ok"]
    return {f"{p:g}": float(np.percentile(taken, p)) for p in PERCENTILES}
