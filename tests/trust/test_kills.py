"""A killed runner leaves nothing and loses nothing; `benchmarks/trust/kills.py` does it oftener."""

import random

import pytest

from benchmarks.trust.collisions import collided
from benchmarks.trust.kills import duration_seconds, kill_once
from benchmarks.trust.place import Place

DICE = random.Random(11)
SHARES = [round(DICE.uniform(low, low + 0.25), 2) for low in (0.0, 0.25, 0.5, 0.75)]
"""Moments as shares of a whole run: starting, comparing, racing, and Redis under SIGSTOP."""


@pytest.fixture(scope="module")
def whole(mine: Place) -> float:
    return duration_seconds(mine)


@pytest.mark.parametrize("share", SHARES)
def test_a_killed_runner_leaves_and_loses_nothing(mine: Place, whole: float, share: float) -> None:
    found = kill_once(mine, share * whole, neighbour=share == SHARES[1])
    assert found.clean, found


def test_nor_does_one_whose_watcher_was_killed_first(mine: Place, whole: float) -> None:
    found = kill_once(mine, 0.6 * whole, watcher=True)
    assert found.clean, found


def test_an_ordinary_user_s_runner_leaves_nothing(place: Place) -> None:
    found = kill_once(place, 3.0)
    assert found.clean, found


def test_a_child_that_escapes_is_found(mine: Place, whole: float) -> None:
    """So the check can fail: a process outside of the run directory survives, and is seen."""
    found = kill_once(mine, whole / 2, units=("trust-escaping",), patience=0.5)
    assert found.left
    assert not found.clean


def test_two_runs_at_once_do_not_collide(mine: Place) -> None:
    assert [collided(mine) for _ in range(2)] == [[], []]


def test_a_failing_run_counts_as_a_collision(mine: Place) -> None:
    assert collided(mine, "no-such-unit")
