"""Figures of claims in words: as published, and as measured."""

from __future__ import annotations

from scalebook.book import PublishedClaim
from scalebook.stats.reason import Wording
from scalebook.stats.words import count, duration, number, ratio

__all__ = ["amount", "axis_point", "factor_of", "interval", "published", "times"]

ABSOLUTE = {"latency", "throughput"}
"""Metrics whose figure is a bound, not a ratio: a ratio of 1 is the bound itself."""


def factor_of(claim: PublishedClaim) -> float | None:
    """The claim as a ratio that is true from there on; None for a promise."""
    if claim.value is None or claim.metric == "invariant":
        return None
    if claim.metric == "saving":
        return 1 / (1 - claim.value)
    return 1.0 if claim.metric in ABSOLUTE or claim.metric == "hit-rate" else claim.value


def published(claim: PublishedClaim) -> str:
    """The published figure alone: "64×", "99.6 %", "20 ms", "100,000/s", "promise"."""
    value = claim.value
    if value is None or claim.metric == "invariant":
        return "promise"
    if claim.metric in ("saving", "hit-rate"):
        return f"{number(value * 100)} %"
    if claim.metric == "latency":
        return duration(value)
    if claim.metric == "throughput":
        return f"{count(value)}/s"
    return f"{count(value)}×"


def amount(value: float, claim: PublishedClaim) -> str:
    """A measured ratio in the claim's own words: "9.4×", "99.7 %" saved, "18 ms"."""
    if claim.metric == "saving":
        return Wording("", "", "", 1.0, "saving").amount(value)
    bound = claim.value
    if claim.metric == "latency" and bound is not None:
        return duration(bound / value)
    if claim.metric == "throughput" and bound is not None:
        return f"{number(bound * value)}/s"
    return times(value)


def interval(low: float | None, high: float | None, claim: PublishedClaim) -> str:
    """The interval of a ratio in the same words: "[8.9, 9.9]", "exact", "" for none."""
    if low is None or high is None or low <= 0:
        return ""
    if low == high:
        return "exact"
    ends = sorted((low, high), reverse=claim.metric == "latency")
    first, last = (amount(end, claim).removesuffix("×") for end in ends)
    return f"[{first}, {last}]"


def times(value: float) -> str:
    """A ratio with the sign of multiplication: "9.4×"."""
    return ratio(value).removesuffix("x") + "×"


def axis_point(at: float | str, axis: str | None) -> str:
    """A point of an axis: "1,000,000 rows", "isolation level serializable"."""
    if isinstance(at, str):
        return f"{axis} {at}" if axis else at
    return f"{count(at)} {axis}" if axis else count(at)
