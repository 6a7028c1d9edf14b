"""The bar on made-up noise with seeds, whose truth is known: nothing here measures a time."""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from scalebook.practice.bar import FIRST_LOOK, weighed, weighed_exactly
from scalebook.practice.contract import BAR
from scalebook.practice.judge import Judge
from scalebook.stats import LOOKS, Side, decide, next_look

Noise = Callable[[random.Random], list[float]]
Decide = Callable[[Sequence[float]], Side]
PAIRS, RUNS = LOOKS[-1], 500


def _pairs(slow: Callable[[random.Random], list[bool]], times: float) -> Noise:
    """Two arms with jitter, each slowed so many times where `slow` says."""

    def noise(rng: random.Random) -> list[float]:
        arms = zip(slow(rng), slow(rng), strict=True)
        return [rng.gauss(0, 0.2) + math.log(times) * (mine - other) for mine, other in arms]

    return noise


def _single(rng: random.Random) -> list[bool]:
    return [rng.random() < 0.3 for _ in range(PAIRS)]


def _stretches(rng: random.Random) -> list[bool]:
    """Three pairs on average, and fifteen in peace: an arm's process on the busy core."""
    found: list[bool] = []
    while len(found) < PAIRS:
        state, lasts = (True, 3) if found and not found[-1] else (False, 15)
        found += [state] * max(1, round(rng.expovariate(1 / lasts)))
    return found[:PAIRS]


def _cauchy(rng: random.Random) -> list[float]:
    return [0.2 * math.tan(math.pi * (rng.random() - 0.5)) for _ in range(PAIRS)]


NOISES: dict[str, Noise] = {
    "jitter": lambda rng: [rng.gauss(0, 0.3) for _ in range(PAIRS)],
    "cauchy": _cauchy,
    "single slices five times slower": _pairs(_single, 5),
    "stretches three times slower": _pairs(_stretches, 3),
}


def _by_mean(logs: Sequence[float]) -> Side:
    """What the bar was before: t intervals of the mean at 95 %, and a look after five pairs."""
    return decide(logs, BAR, 0.95)


def _by_median(logs: Sequence[float]) -> Side:
    return weighed("read", logs)[0]


def _ends(
    noise: Noise, speed: float, by: Decide = _by_median, first: int = FIRST_LOOK
) -> Counter[Side]:
    """Side -> in how many of RUNS a solution at this share of the reference's speed ends so."""
    rng, ends = random.Random(20), Counter[Side]()
    for _ in range(RUNS):
        logs, look = [log + math.log(speed) for log in noise(rng)], first
        while (side := by(logs[:look])) is Side.UNDECIDED and (more := next_look(look)):
            look = more
        ends[side] += 1
    return ends


@pytest.mark.parametrize("name", NOISES)
def test_half_the_speed_does_not_pass_whatever_the_noise(name: str) -> None:
    ends = _ends(NOISES[name], 0.5)
    assert ends[Side.ABOVE] <= 0.002 * RUNS
    assert ends[Side.BELOW] >= 0.9 * RUNS


@pytest.mark.parametrize("name", NOISES)
def test_the_same_speed_passes_whatever_the_noise(name: str) -> None:
    ends = _ends(NOISES[name], 1.0)
    assert ends[Side.BELOW] == 0
    assert ends[Side.ABOVE] >= 0.96 * RUNS


@pytest.mark.parametrize("name", ["cauchy", "single slices five times slower"])
def test_exactly_at_the_bar_either_side_is_seldom_named(name: str) -> None:
    """The worst case: four looks at 99 % each, so 4 % at most on both sides together."""
    ends = _ends(NOISES[name], BAR)
    assert ends[Side.ABOVE] + ends[Side.BELOW] <= 0.05 * RUNS


def test_the_mean_would_not_do() -> None:
    """So that the choice can be seen to matter: each of these is forbidden above."""
    slow = NOISES["single slices five times slower"]
    assert _ends(slow, 0.5, _by_mean, LOOKS[0])[Side.ABOVE] > 0.002 * RUNS
    assert _ends(slow, 1.0, _by_mean, LOOKS[0])[Side.ABOVE] < 0.96 * RUNS
    assert _ends(NOISES["cauchy"], 1.0, _by_mean, LOOKS[0])[Side.ABOVE] < 0.96 * RUNS


def test_one_pair_out_of_line_decides_nothing() -> None:
    """A comparison that once passed at half the speed: a few pairs in which the other stood."""
    logs = [-0.7, 1.8, -0.6, 1.7, -0.7, 1.9, -0.5, 1.6, -0.7, 1.8]
    assert weighed("read", logs)[0] is Side.UNDECIDED
    side, bar = weighed("read", [0.01 * place for place in range(9)] + [-5.0])
    assert side is Side.UNDECIDED
    assert bar.low == pytest.approx(math.exp(-5))
    side, bar = weighed("read", [0.01 * place for place in range(10)])
    assert (side, bar.low, bar.pairs, bar.needed) == (Side.ABOVE, 1.0, 10, BAR)
    assert bar.value == pytest.approx(math.exp(0.045))


def test_figures_without_noise_need_three_builds_only() -> None:
    assert weighed_exactly("memory", [0.0, 0.001, 0.002])[0] is Side.ABOVE
    side, bar = weighed_exactly("memory", [math.log(0.5)] * 3)
    assert (side, bar.pairs) == (Side.BELOW, 3)
    assert bar.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("seconds", "looks"),
    [
        (0, [(10, True)]),
        (25, [(10, False), (20, False), (25, True)]),
        (40, [(10, False), (20, False), (40, True)]),
        (math.inf, [(10, False), (20, False), (40, False), (80, True)]),
    ],
)
def test_the_last_look_is_at_the_end_of_its_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float, looks: list[tuple[int, bool]]
) -> None:
    """By a clock of its own, on which a pair takes a second."""
    seen: list[tuple[int, bool]] = []
    comparison = SimpleNamespace(pairs=0, trials={})
    comparison.add_pair = lambda: setattr(comparison, "pairs", comparison.pairs + 1)

    def settled(_self: object, _trials: object, _point: object, *, last: bool) -> bool:
        seen.append((comparison.pairs, last))
        return last

    monkeypatch.setattr("scalebook.practice.judge.BAR_SECONDS", seconds)
    monkeypatch.setattr("scalebook.practice.judge.time.perf_counter", lambda: comparison.pairs)
    monkeypatch.setattr(Judge, "_settle_bar", settled)
    judge = Judge.__new__(Judge)
    judge.tell = lambda _: None
    judge._pairs(comparison, 1)  # type: ignore[arg-type]
    assert seen == looks
