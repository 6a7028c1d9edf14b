import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.stats import (
    Interval,
    floor_corrected,
    mean_interval,
    median,
    median_interval,
    percentile,
    percentiles,
    ratio_interval,
)

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


def test_t_interval_of_a_known_sample() -> None:
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert interval.low == pytest.approx(3 - 1.9632432)
    assert interval.high == pytest.approx(3 + 1.9632432)


def test_one_sample_bounds_nothing() -> None:
    assert mean_interval([3.0]) == Interval(-math.inf, math.inf)
    one = ratio_interval([math.log(3)])
    assert one.value == pytest.approx(3)
    assert (one.low, one.high) == (0.0, math.inf)


@pytest.mark.parametrize("samples", [[], [math.nan, 1.0], [math.inf, 1.0]])
def test_no_estimate_from_nothing(samples: list[float]) -> None:
    with pytest.raises(ValueError, match=r"sample"):
        mean_interval(samples)


@given(SAMPLES, st.floats(0.5, 0.98))
def test_more_confidence_is_wider(samples: list[float], confidence: float) -> None:
    narrow, wide = mean_interval(samples, confidence), mean_interval(samples, 0.99)
    assert wide.low <= narrow.low <= narrow.high <= wide.high


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=20), st.floats(0.001, 1000))
def test_ratios_scale(ratios: list[float], scale: float) -> None:
    """A claim in other units is the same claim."""
    plain = ratio_interval([math.log(ratio) for ratio in ratios])
    scaled = ratio_interval([math.log(ratio * scale) for ratio in ratios])
    assert scaled.value == pytest.approx(plain.value * scale, rel=1e-6)
    assert scaled.low == pytest.approx(plain.low * scale, rel=1e-4)


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=20))
def test_the_other_way_round_is_the_inverse(ratios: list[float]) -> None:
    there = ratio_interval([math.log(ratio) for ratio in ratios])
    back = ratio_interval([-math.log(ratio) for ratio in ratios])
    assert back.value == pytest.approx(1 / there.value)
    if there.low > 1e-300:
        assert back.high == pytest.approx(1 / there.low)


def test_a_mean_interval_covers_as_often_as_it_says() -> None:
    rng = random.Random(1)
    held = sum(0.0 in mean_interval([rng.gauss(0, 1) for _ in range(8)], 0.9) for _ in range(2000))
    assert 0.87 < held / 2000 < 0.93


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 100))
def test_percentiles_are_numpys(values: list[float], q: float) -> None:
    assert percentile(values, q) == pytest.approx(float(np.percentile(values, q)), abs=1e-6)


def test_percentiles_at_the_ends() -> None:
    assert percentiles([3, 1, 2], [0, 50, 100]) == [1, 2, 3]
    assert median([4, 1, 2, 3]) == 2.5
    with pytest.raises(ValueError, match="between 0 and 100"):
        percentile([1.0], 101)


def noisy(value: float, n: int, rng: random.Random, spread: float = 0.05) -> list[float]:
    return [value * rng.lognormvariate(0, spread) for _ in range(n)]


@pytest.mark.parametrize("floors", [20, 7])
def test_floor_corrected_ratio_covers_the_truth(floors: int) -> None:
    """(10 - 1) / (3 - 1) = 4.5."""
    rng = random.Random(2)
    held = runs = 0
    for _ in range(300):
        over, technique = noisy(10, 20, rng), noisy(3, 20, rng)
        floor = noisy(1, floors, rng)
        estimate = floor_corrected(over, technique, floor, noisy(1, floors, rng))
        assert estimate is not None
        runs += 1
        held += estimate.low <= 4.5 * math.exp(0.05**2 / 2) <= estimate.high
    assert held / runs >= 0.90


def test_floor_corrected_is_not_resolvable_near_the_floor() -> None:
    rng = random.Random(3)
    floor = noisy(1, 10, rng, 0.2)
    near = noisy(1.01, 10, rng, 0.2)
    far = noisy(10, 10, rng)
    assert floor_corrected(far, near, floor, floor[::-1]) is None
    assert floor_corrected(near, far, floor, floor[::-1]) is None
    assert floor_corrected([5.0], [3.0], [1.0], [1.0]) is None


@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_floor_corrected_scales(scale: float, seed: int) -> None:
    rng = random.Random(seed)
    over, technique = noisy(10, 8, rng), noisy(3, 8, rng)
    floor = noisy(1, 8, rng)
    plain = floor_corrected(over, technique, floor, floor[::-1])
    scaled = floor_corrected(
        [value * scale for value in over],
        [value * scale for value in technique],
        [value * scale for value in floor],
        [value * scale for value in floor[::-1]],
    )
    assert plain is not None
    assert scaled is not None
    assert plain.low <= plain.value <= plain.high
    assert scaled.high == pytest.approx(plain.high)


def test_the_medians_interval_lies_between_samples() -> None:
    samples = [float(n) for n in range(1, 11)]
    assert median_interval(samples, 0.99) == Interval(1.0, 10.0)
    assert median_interval(samples, 0.95) == Interval(2.0, 9.0)
    assert median_interval([*samples[:-1], 1e9], 0.95) == Interval(2.0, 9.0)
    assert median_interval(samples[:7], 0.99) == Interval(-math.inf, math.inf)
    assert median_interval(samples[:5]) == Interval(-math.inf, math.inf)
    with pytest.raises(ValueError, match="confidence"):
        median_interval(samples, 99)


def test_the_medians_interval_covers_it_under_heavy_tails() -> None:
    rng = np.random.default_rng(7)
    held = sum(0.0 in median_interval(rng.standard_cauchy(20)) for _ in range(1000))
    assert held >= 950
