"""Estimates, intervals, sequential looks and crossings: pure functions without I/O."""

from scalebook.stats.crossing import (
    Crossing,
    Point,
    State,
    VerdictStats,
    side_of,
    verdict,
    verdict_of_flags,
)
from scalebook.stats.estimate import (
    Estimate,
    Interval,
    floor_corrected,
    mean_estimate,
    mean_interval,
    median,
    median_interval,
    percentile,
    percentiles,
    ratio_interval,
)
from scalebook.stats.reason import Kind, Wording, say_flags, say_verdict
from scalebook.stats.sequential import CONFIDENCE, LOOKS, Side, decide, next_look, precise

__all__ = [
    "CONFIDENCE",
    "LOOKS",
    "Crossing",
    "Estimate",
    "Interval",
    "Kind",
    "Point",
    "Side",
    "State",
    "VerdictStats",
    "Wording",
    "decide",
    "floor_corrected",
    "mean_estimate",
    "mean_interval",
    "median",
    "median_interval",
    "next_look",
    "percentile",
    "percentiles",
    "precise",
    "ratio_interval",
    "say_flags",
    "say_verdict",
    "side_of",
    "verdict",
    "verdict_of_flags",
]
