"""The verdict on a lab's claim, from ratios or flags along its axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scalebook.engine.figures import log_ratios, value
from scalebook.lab import Claim, Invariant, Latency, Throughput
from scalebook.results.figures import TrialRecord
from scalebook.results.record import CrossingRecord, VerdictRecord
from scalebook.stats import (
    Crossing,
    Kind,
    Point,
    Side,
    VerdictStats,
    Wording,
    ratio_interval,
    say_flags,
    say_verdict,
    verdict,
    verdict_of_flags,
)

__all__ = ["claim_logs", "judge_flags", "judge_ratios", "unresolved"]

KINDS: dict[str, Kind] = {
    "speedup": "speedup",
    "throughput-ratio": "throughput",
    "saving": "saving",
    "latency": "latency",
    "throughput": "ratio",
}


def claim_logs(claim: Claim, trials: Mapping[str, Sequence[TrialRecord]]) -> list[float]:
    """The claim's log-ratio of each pair; against an absolute bound, of each trial."""
    if isinstance(claim, Invariant):
        return []
    ours = trials.get(claim.technique.__name__, ())
    if isinstance(claim, Latency) and claim.seconds is not None:
        found = [value(trial, claim.of, claim.statistic) for trial in ours]
        return [math.log(claim.seconds / x) for x in found if x]
    if isinstance(claim, Throughput):
        found = [value(trial, claim.of, claim.statistic) for trial in ours]
        return [math.log(x / claim.per_second) for x in found if x]
    assert claim.over is not None
    return log_ratios(ours, trials.get(claim.over.__name__, ()), claim.of, claim.statistic)


def judge_ratios(
    claim: Claim,
    text: str,
    axis: str,
    logs: Mapping[Any, Sequence[float]],
    sides: Mapping[Any, Side],
    *,
    exact: bool = False,
) -> VerdictRecord:
    """Verdict on a claimed factor; `logs` and `sides` by point of the axis.

    Exact figures have no noise for an interval of their crossing; it is then what is not known,
    the way between the two points around it.
    """
    if isinstance(claim, Invariant):
        raise TypeError("an invariant has no ratios")
    points = [Point(x, ratio_interval(found), sides[x]) for x, found in logs.items() if found]
    if not points:
        return unresolved(claim, text, "No point of the axis was measured.")
    stats = verdict(points, claim.factor)
    if exact and stats.crossing is not None:
        stats = replace(stats, crossing=_unknown_way(stats.crossing, points))
    over = claim.over.__name__ if claim.over is not None else "the published figure"
    kind = KINDS[claim.metric]
    words = Wording(claim.technique.__name__, over, axis, claim.factor, kind)
    return _record(claim, text, stats, say_verdict(stats, points, words))


def _unknown_way(crossing: Crossing, points: Sequence[Point]) -> Crossing:
    """The crossing with the points around it as its bounds."""
    xs = [float(point.x) for point in points]
    low = max((x for x in xs if x <= crossing.at), default=crossing.low)
    high = min((x for x in xs if x >= crossing.at), default=crossing.high)
    return Crossing(crossing.at, low, high)


def judge_flags(
    claim: Invariant, text: str, axis: str, flags: Mapping[Any, bool | None], promise: str
) -> VerdictRecord:
    """Verdict on an invariant; `flags` tells at which points the technique kept it."""
    if all(kept is None for kept in flags.values()):
        return unresolved(claim, text, "No trial tried the promise.")
    stats = verdict_of_flags(list(flags.items()))
    reason = say_flags(stats, claim.technique.__name__, promise, axis)
    return _record(claim, text, stats, reason)


def unresolved(claim: Claim, text: str, reason: str) -> VerdictRecord:
    """Nothing can be said, and why."""
    stats = VerdictStats("unresolved", None, (), (), ())
    return _record(claim, text, stats, reason)


def _record(claim: Claim, text: str, stats: VerdictStats, reason: str) -> VerdictRecord:
    crossing = None
    if stats.crossing is not None:
        found = stats.crossing
        crossing = CrossingRecord(at=found.at, low=found.low, high=found.high)
    return VerdictRecord(
        state=stats.state,
        crossing=crossing,
        reason=reason,
        claim=text,
        factor=getattr(claim, "factor", None),
        metric=claim.metric,
        technique=claim.technique.__name__,
        over=claim.over.__name__ if claim.over is not None else None,
    )
