"""The whole engine on twins: one client class twice, alike, or one slower by a known share."""

import math
from collections import Counter
from pathlib import Path

from scalebook.book.units import unit_at
from scalebook.engine import Workbench, run_unit

__all__ = ["TWINS", "named_sides", "slower"]

TWINS = Path(__file__).parent / "twins"
ENGINES = ("redis", "pg")


def slower(ratio: float) -> dict[str, float]:
    """Settings of the lab under which the second twin is `ratio` times as fast as the first."""
    share = math.exp(abs(math.log(ratio))) - 1
    return {"FIRST_SLOWER_BY" if ratio > 1 else "SECOND_SLOWER_BY": share}


def named_sides(
    bench: Workbench, comparisons: int, *, budget: str, ratio: float = 1.0, seed: int = 1
) -> Counter[str]:
    """How often each side of factor 1 was named in so many runs of the whole engine.

    Redis and PostgreSQL take turns. Every run has arms of its own, and its looks are those of
    `budget`. The sides are "above", "below" and "undecided".
    """
    unit = unit_at(TWINS)
    assert unit is not None
    found: Counter[str] = Counter()
    for number in range(comparisons):
        settings = {"ENGINE": ENGINES[number % 2], **slower(ratio)}
        done = run_unit(bench, unit, budget=budget, settings=settings, seed=seed + number)
        (point,) = done.result.points
        assert done.result.validity.valid, done.result.validity.problems
        found[str(point.side)] += 1
    return found
