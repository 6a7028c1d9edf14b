"""Figures of a result: raw figures of each trial, estimates, ratios and exact evidence."""

import math
from typing import Literal

from pydantic import Field, JsonValue

from scalebook.results.model import Record
from scalebook.stats import Estimate

__all__ = [
    "AxisValue",
    "Evidence",
    "Figure",
    "Gate",
    "OpFigures",
    "PointRecord",
    "RatioRecord",
    "TrialRecord",
    "VariantRecord",
]

AxisValue = int | float | str
"""A point of an axis: a number or a label."""


class Figure(Record):
    """An estimate over trials: value with the interval that holds it at `confidence`.

    `low` and `high` are None where nothing bounds the value (one trial only).
    """

    value: float
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    n: int = 1
    unit: str = ""

    @classmethod
    def of(cls, estimate: Estimate, unit: str = "") -> "Figure":
        """Record an estimate; infinite bounds become None."""
        return cls(
            value=estimate.value,
            low=_finite(estimate.low),
            high=_finite(estimate.high),
            confidence=estimate.confidence,
            n=estimate.n,
            unit=unit,
        )

    @classmethod
    def exact(cls, value: float, unit: str) -> "Figure":
        """Record a figure that no noise touches: the interval is the value itself."""
        return cls(value=value, low=value, high=value, confidence=1.0, unit=unit)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


class OpFigures(Record):
    """One operation in one trial: counts, and seconds of those that succeeded (None: none did)."""

    count: int
    failed: int = 0
    unknown: int = 0
    mean: float | None = None
    median: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    throughput: float | None = None
    """Successful operations a second."""


class TrialRecord(Record):
    """Raw figures of one trial of one variant; `order` is its place within its pair, from 0."""

    seed: int
    pair: int
    order: int
    kind: Literal["slices", "whole", "exact", "interleaved"]
    seconds: float | None = None
    ops: dict[str, OpFigures] = {}
    figures: dict[str, float] = {}
    """Figures that the lab names itself, in the units given by the evidence."""
    lateness: float | None = None
    """Open loop: p99 of seconds by which an operation started after its scheduled time."""
    backlog: int | None = None
    """Open loop: most operations that were due and not started."""
    note: str = ""


class Evidence(Record):
    """What was exactly observed of one variant at one point, beside time."""

    plans: dict[str, JsonValue] = {}
    """Operation -> the engine's own plan of the statement that ran."""
    counters: dict[str, Figure] = {}
    """Engine counter, per operation or in all as its unit says."""
    figures: dict[str, Figure] = {}
    """The lab's own figures: bytes, seconds of downtime."""


class VariantRecord(Record):
    """One variant at one point: its trials, and statistics over them by name ("read median")."""

    trials: tuple[TrialRecord, ...] = ()
    statistics: dict[str, Figure] = {}
    evidence: Evidence = Evidence()


class RatioRecord(Record):
    """How many times better `technique` is than `over`, from pairs; above 1 is better.

    `kind` is "application" (as a Python application sees it), "engine" (native generator or
    counters), "floor-corrected" (client's share taken off) or "exact" (no time in it). `claim`
    marks the ratio that the verdict is about. Where not `resolvable`, value and bounds are None.
    """

    op: str
    statistic: str
    technique: str
    over: str
    kind: Literal["application", "engine", "floor-corrected", "exact"]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    pairs: int = 0
    claim: bool = False
    resolvable: bool = True
    note: str = ""


class Gate(Record):
    """A validity gate: did it pass, and what was seen if not."""

    name: str
    passed: bool
    detail: str = ""


class PointRecord(Record):
    """All that was measured at one point of the axis."""

    point: AxisValue
    variants: dict[str, VariantRecord]
    ratios: tuple[RatioRecord, ...] = ()
    gates: tuple[Gate, ...] = ()
    side: Literal["above", "below", "undecided"] | None = Field(default=None)
    """Side of the claimed factor on which the claim's ratio was decided; None without a factor."""
