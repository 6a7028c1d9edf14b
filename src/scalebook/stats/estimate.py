"""Point estimates with intervals: means, ratios and ratios with the client's floor taken off."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit  # type: ignore[import-untyped]

__all__ = [
    "Estimate",
    "Interval",
    "floor_corrected",
    "mean_estimate",
    "mean_interval",
    "median",
    "percentile",
    "ratio_interval",
]


@dataclass(frozen=True)
class Interval:
    """A closed interval; a bound that is not known is infinite."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Say whether `value` lies inside, bounds included."""
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        """Distance between the bounds, in the unit of the bounds."""
        return self.high - self.low


@dataclass(frozen=True)
class Estimate:
    """A value with the interval that holds it at `confidence`, from `n` independent samples."""

    value: float
    low: float
    high: float
    confidence: float
    n: int


def _quantile(confidence: float, freedom: float) -> float:
    """Two-sided Student t quantile."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    return float(stdtrit(freedom, (1 + confidence) / 2))


def _array(samples: Iterable[float]) -> NDArray[np.float64]:
    """Samples as finite floats; ValueError when there are none or one is not finite."""
    values = np.asarray(list(samples), dtype=np.float64)
    if values.size == 0:
        raise ValueError("no samples to estimate from")
    if not np.isfinite(values).all():
        raise ValueError("a sample is not a finite number")
    return values


def mean_interval(samples: Iterable[float], confidence: float = 0.95) -> Interval:
    """Student t interval of the mean of independent samples, in their unit.

    Fewer than two samples say nothing about spread: the interval is then infinite.
    """
    values = _array(samples)
    if values.size < 2:
        return Interval(-math.inf, math.inf)
    half = (
        _quantile(confidence, values.size - 1) * float(values.std(ddof=1)) / math.sqrt(values.size)
    )
    centre = float(values.mean())
    return Interval(centre - half, centre + half)


def mean_estimate(samples: Iterable[float], confidence: float = 0.95) -> Estimate:
    """Mean of independent samples (one per trial) with its t interval, in their unit."""
    values = _array(samples)
    interval = mean_interval(values, confidence)
    return Estimate(float(values.mean()), interval.low, interval.high, confidence, int(values.size))


def ratio_interval(log_ratios: Iterable[float], confidence: float = 0.95) -> Estimate:
    """Geometric mean of ratios from their natural logs, one per pair; bounds are ratios too.

    With one pair the interval is (0, inf).
    """
    logs = mean_estimate(log_ratios, confidence)
    return Estimate(_exp(logs.value), _exp(logs.low), _exp(logs.high), confidence, logs.n)


def _exp(log: float) -> float:
    """`exp` that gives inf instead of raising OverflowError."""
    return math.inf if log > 709 else math.exp(log)


def percentile(values: Iterable[float], q: float) -> float:
    """Percentile `q` (0-100) of values in any order, interpolated linearly between neighbours.

    ValueError without values or with `q` out of range.
    """
    if not 0 <= q <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not {q}")
    return float(np.percentile(_array(values), q))


def median(values: Iterable[float]) -> float:
    """Middle value, the mean of the two middle ones for an even number."""
    return percentile(values, 50)


def floor_corrected(
    over: Sequence[float],
    technique: Sequence[float],
    floors_over: Sequence[float],
    floors_technique: Sequence[float],
    confidence: float = 0.95,
) -> Estimate | None:
    """Estimate (over - floor) / (technique - floor), a ratio of means; None = not resolvable.

    `over` and `technique` hold one value per pair, the floors one per floor measurement (as
    many of both; where they are as many as the pairs, each belongs to its pair). The interval
    is Fieller's, which allows for the error of the denominator. Where the interval of either
    corrected mean reaches zero the ratio could be anything, and the answer is None.
    """
    if len(over) != len(technique) or len(floors_over) != len(floors_technique):
        raise ValueError("values and floors must come in pairs")
    if len(over) < 2 or len(floors_over) < 2:
        return None
    values = np.vstack([_array(over), _array(technique)])
    floors = np.vstack([_array(floors_over), _array(floors_technique)])
    if values.shape == floors.shape:
        covariance = np.cov(values - floors) / values.shape[1]
    else:
        covariance = np.cov(values) / values.shape[1] + np.cov(floors) / floors.shape[1]
    means = values.mean(axis=1) - floors.mean(axis=1)
    pairs = min(values.shape[1], floors.shape[1])
    return _fieller(means, covariance, confidence, pairs)


def _fieller(
    means: NDArray[np.float64], covariance: NDArray[np.float64], confidence: float, n: int
) -> Estimate | None:
    """Fieller's interval of means[0] / means[1]; None where either could be zero or less."""
    t = _quantile(confidence, n - 1)
    top, bottom = (float(mean) for mean in means)
    spread = t * t * covariance
    if top <= math.sqrt(spread[0, 0]) or bottom <= math.sqrt(spread[1, 1]):
        return None
    square = bottom * bottom - float(spread[1, 1])
    middle = top * bottom - float(spread[0, 1])
    last = top * top - float(spread[0, 0])
    if square <= 0:
        return None
    root = math.sqrt(max(0.0, middle * middle - square * last))
    value = top / bottom
    low, high = (middle - root) / square, (middle + root) / square
    return Estimate(value, min(low, value), max(high, value), confidence, n)
