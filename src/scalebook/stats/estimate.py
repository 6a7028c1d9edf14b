"""Point estimates with intervals: means, ratios and ratios with the client's floor taken off."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "Estimate",
    "Interval",
    "floor_corrected",
    "mean_estimate",
    "mean_interval",
    "median",
    "median_interval",
    "percentile",
    "percentiles",
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


@lru_cache(maxsize=1024)
def _quantile(confidence: float, freedom: int) -> float:
    """Two-sided Student t quantile."""
    # Imported when first needed: it takes longer than all the rest of a short command.
    from scipy.special import stdtrit  # type: ignore[import-untyped]

    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    return float(stdtrit(freedom, (1 + confidence) / 2))


def _finite(samples: Iterable[float]) -> list[float]:
    """Samples as finite floats; ValueError when there are none or one is not finite."""
    values = [float(sample) for sample in samples]
    if not values:
        raise ValueError("no samples to estimate from")
    if not all(map(math.isfinite, values)):
        raise ValueError("a sample is not a finite number")
    return values


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _covariance(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Covariance of the two means, from samples that belong together."""
    x, y, n = _mean(xs), _mean(ys), len(xs)
    return math.fsum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / (n - 1) / n


def mean_interval(samples: Iterable[float], confidence: float = 0.95) -> Interval:
    """Student t interval of the mean of independent samples, in their unit.

    Fewer than two samples say nothing about spread: the interval is then infinite.
    """
    values = _finite(samples)
    if len(values) < 2:
        return Interval(-math.inf, math.inf)
    half = _quantile(confidence, len(values) - 1) * math.sqrt(_covariance(values, values))
    centre = _mean(values)
    return Interval(centre - half, centre + half)


def median_interval(samples: Iterable[float], confidence: float = 0.95) -> Interval:
    """Interval of the median of independent samples, in their unit, whatever their distribution.

    Its bounds are two of the samples: so many lie beyond each as a fair coin would leave there
    with at most half of `1 - confidence`. Too few samples for that give an infinite interval:
    fewer than six at 95 %, than eight at 99 %.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    values = sorted(_finite(samples))
    n, beyond, chance = len(values), 0, 0.0
    while (chance := chance + math.comb(n, beyond) / 2**n) <= (1 - confidence) / 2:
        beyond += 1
    if beyond == 0:
        return Interval(-math.inf, math.inf)
    return Interval(values[beyond - 1], values[n - beyond])


def mean_estimate(samples: Iterable[float], confidence: float = 0.95) -> Estimate:
    """Mean of independent samples (one per trial) with its t interval, in their unit."""
    values = _finite(samples)
    interval = mean_interval(values, confidence)
    return Estimate(_mean(values), interval.low, interval.high, confidence, len(values))


def ratio_interval(log_ratios: Iterable[float], confidence: float = 0.95) -> Estimate:
    """Geometric mean of ratios from their natural logs, one per pair; bounds are ratios too.

    With one pair the interval is (0, inf).
    """
    logs = mean_estimate(log_ratios, confidence)
    return Estimate(_exp(logs.value), _exp(logs.low), _exp(logs.high), confidence, logs.n)


def _exp(log: float) -> float:
    """`exp` that gives inf instead of raising OverflowError."""
    return math.inf if log > 709 else math.exp(log)


def percentiles(values: Iterable[float], qs: Iterable[float]) -> list[float]:
    """Percentiles `qs` (0-100) of values in any order, sorted once.

    Interpolated linearly between neighbours. ValueError without values or for `q` out of range.
    """
    ordered = sorted(_finite(values))
    found = []
    for q in qs:
        if not 0 <= q <= 100:
            raise ValueError(f"a percentile lies between 0 and 100, not {q}")
        place = (len(ordered) - 1) * q / 100
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        step = ordered[above] - ordered[below]
        found.append(min(ordered[below] + step * (place - below), ordered[above]))
    return found


def percentile(values: Iterable[float], q: float) -> float:
    """One percentile `q` (0-100), as `percentiles` counts it."""
    return percentiles(values, [q])[0]


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
    tops, bottoms = _finite(over), _finite(technique)
    under, below = _finite(floors_over), _finite(floors_technique)
    means = (_mean(tops) - _mean(under), _mean(bottoms) - _mean(below))
    if len(tops) == len(under):
        tops = [a - b for a, b in zip(tops, under, strict=True)]
        bottoms = [a - b for a, b in zip(bottoms, below, strict=True)]
        under, below = [0.0, 0.0], [0.0, 0.0]
    spreads = (
        _covariance(tops, tops) + _covariance(under, under),
        _covariance(bottoms, bottoms) + _covariance(below, below),
        _covariance(tops, bottoms) + _covariance(under, below),
    )
    return _fieller(means, spreads, confidence, min(len(over), len(floors_over)))


def _fieller(
    means: tuple[float, float], spreads: tuple[float, float, float], confidence: float, n: int
) -> Estimate | None:
    """Fieller's interval of means[0] / means[1]; None where either could be zero or less.

    `spreads` are the variances of the two means and their covariance.
    """
    t = _quantile(confidence, n - 1)
    top, bottom = means
    over, under, both = (t * t * spread for spread in spreads)
    if top <= math.sqrt(over) or bottom <= math.sqrt(under):
        return None
    square = bottom * bottom - under
    middle = top * bottom - both
    if square <= 0:
        return None
    root = math.sqrt(max(0.0, middle * middle - square * (top * top - over)))
    value = top / bottom
    low, high = (middle - root) / square, (middle + root) / square
    return Estimate(value, min(low, value), max(high, value), confidence, n)
