"""Where a claim starts or stops being true along its axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar

from scalebook.stats.estimate import Estimate
from scalebook.stats.sequential import Side

__all__ = [
    "Crossing",
    "Point",
    "State",
    "VerdictStats",
    "side_of",
    "verdict",
    "verdict_of_flags",
]

State = Literal["holds", "holds-from", "holds-up-to", "never", "unresolved"]
"""A claim is true everywhere, from or up to a point of the axis, nowhere, or nobody knows."""

T = TypeVar("T")
_BIG = 700.0


@dataclass(frozen=True)
class Crossing:
    """Where the claim changes sides, in units of the axis, with the interval that holds it."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """One point of the axis (a number or a label) and the ratio measured there.

    `side` is the side of the factor where the caller decided it (by sequential looks); without
    it, the interval of `ratio` decides.
    """

    x: float | str
    ratio: Estimate
    side: Side | None = None


@dataclass(frozen=True)
class VerdictStats:
    """The state of a claim, its crossing, and the points on each side in order of the axis."""

    state: State
    crossing: Crossing | None
    true_at: tuple[float | str, ...]
    false_at: tuple[float | str, ...]
    undecided_at: tuple[float | str, ...]


def side_of(ratio: Estimate, factor: float) -> Side:
    """Name the side of `factor` on which the whole interval of `ratio` lies."""
    if ratio.low > factor:
        return Side.ABOVE
    return Side.BELOW if ratio.high < factor else Side.UNDECIDED


def verdict(points: Sequence[Point], factor: float) -> VerdictStats:
    """Decide from ratios along an axis where a claimed `factor` is reached.

    All points above: holds; all below: never; one change of side: holds-from or holds-up-to.
    Points that are undecided are allowed only between two decided points of different sides,
    for the crossing then lies there; anything else is unresolved. The crossing is interpolated
    between log-ratios over log x (over x where any x is 0 or less); its bounds come from the
    bounds of the ratios, kept inside the two decided points around it. An axis of labels is
    taken in the given order and has no crossing. ValueError for no points or a repeated one.
    """
    if factor <= 0:
        raise ValueError(f"a factor is above 0, not {factor}")
    ordered = _ordered([(point.x, point) for point in points])
    sides = [point.side or side_of(point.ratio, factor) for _, point in ordered]
    state, bracket = _state(sides)
    crossing = None
    if bracket is not None:
        span = [point for _, point in ordered[bracket[0] : bracket[1] + 1]]
        numbers = [x for x, _ in ordered if not isinstance(x, str)]
        if len(numbers) == len(ordered):
            crossing = _cross(span, factor, state == "holds-from", min(numbers) > 0)
    return _stats(state, crossing, [x for x, _ in ordered], sides)


def verdict_of_flags(points: Sequence[tuple[float | str, bool | None]]) -> VerdictStats:
    """Decide where an invariant is kept, from exact answers; None = not tested there.

    Same states as `verdict`. Nothing is known between two points, so the crossing's bounds are
    the two points themselves, and `at` is the one where the invariant was seen to be kept: the
    upper one for holds-from, the lower one for holds-up-to.
    """
    ordered = _ordered(points)
    names = {True: Side.ABOVE, False: Side.BELOW, None: Side.UNDECIDED}
    sides = [names[kept] for _, kept in ordered]
    state, bracket = _state(sides)
    crossing = None
    if bracket is not None:
        low, high = ordered[bracket[0]][0], ordered[bracket[1]][0]
        if not isinstance(low, str) and not isinstance(high, str):
            crossing = Crossing(high if state == "holds-from" else low, low, high)
    return _stats(state, crossing, [x for x, _ in ordered], sides)


def _ordered(points: Sequence[tuple[float | str, T]]) -> list[tuple[float | str, T]]:
    """Points in ascending order; in the given order where any is a label."""
    if not points:
        raise ValueError("a verdict needs at least one point")
    if len({x for x, _ in points}) < len(points):
        raise ValueError("a point of the axis is given twice")
    numeric = [(x, what) for x, what in points if not isinstance(x, str)]
    if len(numeric) < len(points):
        return [(str(x), what) for x, what in points]
    return sorted([(float(x), what) for x, what in numeric], key=lambda point: point[0])


def _state(sides: Sequence[Side]) -> tuple[State, tuple[int, int] | None]:
    """State and, where there is one change of side, the indices of the points around it."""
    decided = [(i, side) for i, side in enumerate(sides) if side is not Side.UNDECIDED]
    changes = [(first, second) for first, second in pairwise(decided) if first[1] is not second[1]]
    if len(changes) > 1 or not decided:
        return "unresolved", None
    around = (changes[0][0][0], changes[0][1][0]) if changes else None
    for i, side in enumerate(sides):
        if side is Side.UNDECIDED and not (around and around[0] < i < around[1]):
            return "unresolved", None
    if around is None:
        return ("holds" if decided[0][1] is Side.ABOVE else "never"), None
    return ("holds-from" if sides[around[1]] is Side.ABOVE else "holds-up-to"), around


def _stats(
    state: State, crossing: Crossing | None, xs: Sequence[float | str], sides: Sequence[Side]
) -> VerdictStats:
    """Sort the points by side."""
    true_at, false_at, undecided = (
        tuple(x for x, side in zip(xs, sides, strict=True) if side is wanted)
        for wanted in (Side.ABOVE, Side.BELOW, Side.UNDECIDED)
    )
    return VerdictStats(state, crossing, true_at, false_at, undecided)


def _log(ratio: float) -> float:
    """Log of a ratio that may be 0 or infinite, kept finite."""
    return max(-_BIG, min(_BIG, math.log(ratio))) if ratio > 0 else -_BIG


def _cross(span: Sequence[Point], factor: float, rising: bool, log_axis: bool) -> Crossing:
    """Crossing of the value and of both bounds within the points from one side to the other."""
    xs = [float(point.x) for point in span]
    places = [math.log(x) for x in xs] if log_axis else xs
    target = math.log(factor)
    lows, values, highs = (
        [(_log(figure) - target) * (1 if rising else -1) for figure in figures]
        for figures in (
            [point.ratio.low for point in span],
            [point.ratio.value for point in span],
            [point.ratio.high for point in span],
        )
    )
    optimist, pessimist = (highs, lows) if rising else (lows, highs)
    low = _first_up(places, optimist)
    high = -_first_up([-x for x in reversed(places)], [-y for y in reversed(pessimist)])
    at = min(max(_first_up(places, values), low), high)
    low, at, high = (
        min(max(math.exp(x) if log_axis else x, xs[0]), xs[-1]) for x in (low, at, high)
    )
    return Crossing(at, low, high)


def _first_up(xs: Sequence[float], ys: Sequence[float]) -> float:
    """First x at which the line through the points reaches 0 from below; an end if it does not."""
    if ys[0] >= 0:
        return xs[0]
    corners = list(zip(xs, ys, strict=True))
    for (x0, y0), (x1, y1) in pairwise(corners):
        if y1 >= 0:
            return x0 + (x1 - x0) * (-y0 / (y1 - y0))
    return xs[-1]
