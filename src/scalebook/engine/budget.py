"""How much a run may spend: points, pairs and seconds."""

from dataclasses import dataclass, replace
from typing import Any

from scalebook.errors import UsageError

__all__ = ["BUDGETS", "Budget", "budget", "quoted", "tested"]


@dataclass(frozen=True)
class Budget:
    """Limits of one lab; times in seconds.

    `pairs` is the last look, `least_pairs` the first one that may end a point;
    `measure_seconds` bounds what is spent on looks after the first;
    `attempts` is how often a promise is tried in each kind of whole trial, `races` how many
    scheduled runs one that should be kept is given, `native_seconds` one run of a generator.
    """

    name: str
    pairs: int
    measure_seconds: float
    attempts: int
    races: int
    seeds: int
    native_pairs: int
    native_seconds: float
    all_points: bool
    least_pairs: int = 5

    def points(self, points: list[Any]) -> list[Any]:
        """All points, or the first and the middle one."""
        if self.all_points or len(points) <= 2:
            return points
        return [points[0], points[len(points) // 2]]


BUDGETS = {
    "quick": Budget("quick", 5, 0.0, 1, 20, 2, 3, 0.2, all_points=False),
    "default": Budget("default", 80, 60.0, 2, 60, 5, 3, 0.5, all_points=True),
    "full": Budget("full", 80, 900.0, 5, 200, 5, 10, 2.0, all_points=True),
}


def budget(name: str) -> Budget:
    """The budget of that name; UsageError for another."""
    if name not in BUDGETS:
        raise UsageError(f"no budget {name!r}", remedy=f"choose one of {', '.join(BUDGETS)}")
    return BUDGETS[name]


def quoted(limits: Budget) -> Budget:
    """The same for a run that a page will quote: enough of everything for narrow intervals.

    A point far from the claimed factor is decided after five pairs, and its figures are then
    known to a factor of two or three only.
    """
    return replace(
        limits,
        least_pairs=20,
        native_pairs=max(10, limits.native_pairs),
        attempts=max(5, limits.attempts),
    )


def tested(limits: Budget) -> Budget:
    """The same for a test, which asks whether promises are kept and never how fast: one pair."""
    return replace(limits, least_pairs=1)
