import itertools

import pytest

from scalebook.load.openloop import Arrivals, arrival_times, percentile, why_not_held


def test_arrivals_come_from_the_seed() -> None:
    times = arrival_times(200, 10, "one")
    assert times == arrival_times(200, 10, "one")
    assert times != arrival_times(200, 10, "other")
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] < 10
    assert 1800 < len(times) < 2200


def test_the_gaps_of_a_poisson_process_vary_as_much_as_their_mean() -> None:
    times = arrival_times(100, 100, "seed")
    gaps = [b - a for a, b in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread == pytest.approx(mean, rel=0.1)


def test_even_arrivals_are_evenly_spaced() -> None:
    times = arrival_times(4, 1, "seed", even=True)
    assert times == [0.0, 0.25, 0.5, 0.75]


def test_each_arrival_is_taken_once_and_what_is_past_can_be_left_out() -> None:
    arrivals = Arrivals([0.1, 0.2, 0.3], [("a", 1), ("b", 2), ("c", 3)])
    arrivals.skip(0.15)
    assert [arrivals.take() for _ in range(3)] == [(0.2, "b", 2), (0.3, "c", 3), None]


def test_a_harness_that_wakes_late_or_is_saturated_is_found_out() -> None:
    assert why_not_held([0.001] * 200, 0.5) == ""
    assert "woke 30 ms late" in why_not_held([0.001] * 190 + [0.030] * 10, 0.5)
    assert why_not_held([0.001] * 20 + [0.030] * 2, 0.5) == ""
    assert "woke 30 ms late" in why_not_held([0.001] * 20 + [0.030] * 3, 0.5)
    assert "99%" in why_not_held([], 0.99)


def test_percentiles() -> None:
    values = [float(i) for i in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50, 99)
    assert percentile([], 0.5) == 0
