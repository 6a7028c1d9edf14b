"""The method on recorded noise: how often it errs, how much it finds, and that it can fail."""

import json
from pathlib import Path

import pytest

from scalebook.stats import Side
from scalebook.stats.noise import durations
from scalebook.stats.rehearsal import Arrange, blocked, coverage, paired, verdicts

RUNS = 200
SEED = 20
RECORDED: list[float] = json.loads(
    Path(__file__).with_name("recorded_slices.json").read_text(encoding="utf-8")
)["slices"]


def false_verdicts(arrange: Arrange) -> int:
    counts = verdicts(RECORDED, RUNS, seed=SEED, arrange=arrange)
    return RUNS - counts[Side.UNDECIDED]


def test_equal_arms_are_seldom_told_apart() -> None:
    assert false_verdicts(paired) <= 20


def test_the_check_can_fail() -> None:
    """All of one arm, then all of the other: the same check must refuse it."""
    assert false_verdicts(blocked) > 20


@pytest.mark.parametrize("effect, side", [(1.2, Side.ABOVE), (0.8, Side.BELOW)])
def test_a_fifth_is_found(effect: float, side: Side) -> None:
    assert verdicts(RECORDED, RUNS, seed=SEED, effect=effect)[side] >= 0.8 * RUNS


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.95, 0.999])
def test_intervals_cover_the_truth_under_drift(memory: float) -> None:
    series = durations(20_000, seed=SEED, memory=memory, scale=0.3).tolist()
    assert coverage(series, 400, seed=SEED) >= 0.90


def test_intervals_cover_the_truth_on_recorded_noise() -> None:
    assert coverage(RECORDED, 400, seed=SEED) >= 0.90
