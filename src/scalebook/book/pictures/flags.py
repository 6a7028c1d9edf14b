"""Where an invariant was kept, point by point, as its verdict says it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from scalebook.book.pictures.svg import PictureError
from scalebook.stats import say_flags, verdict_of_flags

if TYPE_CHECKING:
    from scalebook.results import Result

__all__ = ["kept_flags"]

Flags = list[tuple[float | str, bool | None]]
MOST = 7
"""Points of which every combination is tried; a longer axis is read by its change of side."""


def kept_flags(result: Result) -> Flags:
    """(point, kept) along the axis; None where it was not tried.

    A record holds the sides of its points, or else only the verdict's sentence: then those flags
    are taken of which the verdict would say exactly this. PictureError if no flags say it.
    """
    points = [record.point for record in result.points]
    sides = [record.side for record in result.points]
    if points and any(side in ("above", "below") for side in sides):
        known = {"above": True, "below": False}
        return [(p, known.get(side or "")) for p, side in zip(points, sides, strict=True)]
    names = dict.fromkeys(check.promise for check in result.checks)
    names |= dict.fromkeys(found.promise for found in result.counterexamples)
    for flags in _candidates(points):
        if _says(result, flags, list(names)):
            return flags
    raise PictureError(
        f"the verdict of {result.unit} does not say at which points the promise was kept",
        f"measure it again: scalebook run {result.unit}",
    )


def _candidates(points: list[float | str] | list[int | float | str]) -> Iterator[Flags]:
    """One change of side first, which is the common case, then all combinations."""
    n = len(points)
    for first in (True, False):
        for at in range(1, n + 1):
            yield [(p, first if i < at else not first) for i, p in enumerate(points)]
    if n <= MOST:
        for choice in product((True, False, None), repeat=n):
            yield list(zip(points, choice, strict=True))


def _says(result: Result, flags: Flags, promises: list[str]) -> bool:
    if not flags:
        return False
    verdict = verdict_of_flags(flags)
    if verdict.state != result.verdict.state:
        return False
    technique, axis = result.verdict.technique or "", result.axis or ""
    return any(
        say_flags(verdict, technique, promise, axis) == result.verdict.reason
        for promise in promises
    )
