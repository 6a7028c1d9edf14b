"""Verdicts in words: one or two plain sentences that a page can quote."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scalebook.stats.crossing import Crossing, Point, VerdictStats
from scalebook.stats.words import count, listed, number, ratio

__all__ = ["Kind", "Wording", "say_flags", "say_verdict"]

Kind = Literal["speedup", "saving", "throughput", "latency", "ratio"]
"""What kind of claim a sentence is about."""


@dataclass(frozen=True)
class Wording:
    """Names for a sentence: `technique` against `over` along `axis`, claimed `factor`.

    `kind` chooses the verb; ratios of a saving are over / technique, said as a percentage.
    """

    technique: str
    over: str
    axis: str
    factor: float
    kind: Kind = "speedup"

    def compare(self, value: float, *, negated: bool = False, least: str = "") -> str:
        """Clause for a ratio: "A is 22x faster than B", "is not", "is at least "."""
        amount = self.amount(value)
        be = "is not" if negated else "is"
        rest = {
            "speedup": f"{be} {least}{amount} faster than {self.over}",
            "latency": f"{be} {least}{amount} sooner than {self.over}",
            "saving": f"{'does not save' if negated else 'saves'} {least}{amount} over {self.over}",
            "throughput": (
                f"{'does not reach' if negated else 'reaches'} {least}{amount} the throughput"
                f" of {self.over}"
            ),
            "ratio": f"{be} {least}{amount} better than {self.over}",
        }
        return f"{self.technique} {rest[self.kind]}"

    def amount(self, value: float) -> str:
        """A ratio as this kind of claim says it: "22x", or "99.6 %" saved."""
        if self.kind != "saving":
            return ratio(value)
        if value <= 0:
            return "nothing"
        left = 100 / value  # per cent; digits enough that 99.96 % is not shown as 100 %
        if left >= 1:
            return f"{number(100 - left)} %"
        return f"{100 - left:.{1 - math.floor(math.log10(left))}f}".rstrip("0").rstrip(".") + " %"


def say_verdict(stats: VerdictStats, points: Sequence[Point], wording: Wording) -> str:
    """Say the verdict on a claimed factor: the state, the crossing, and the figure beyond it."""
    values = {name: point for point in points for name in (point.x, str(point.x))}
    axis, factor = wording.axis, wording.factor
    if stats.state in ("holds", "never"):
        return _same_everywhere(stats, values, wording)
    if stats.state == "unresolved":
        return _unresolved(stats, values, wording)
    far = stats.false_at[0] if stats.state == "holds-from" else stats.false_at[-1]
    seen = wording.amount(values[far].ratio.value)
    return (
        f"{wording.compare(factor)} {_reach(stats, axis)}; at {_name(far)} it is {seen}."
        if wording.kind != "saving"
        else f"{wording.compare(factor)} {_reach(stats, axis)}; at {_name(far)} it saves {seen}."
    )


def say_flags(stats: VerdictStats, technique: str, promise: str, axis: str) -> str:
    """Say where `technique` keeps `promise` (a name or a clause in the reader's words)."""
    if stats.state == "holds":
        return f"{technique} keeps '{promise}' {_everywhere(stats.true_at, axis)}."
    if stats.state == "never":
        return f"{technique} breaks '{promise}' {_everywhere(stats.false_at, axis)}."
    if stats.state == "unresolved":
        return f"Not resolved whether {technique} keeps '{promise}': {_sides(stats, axis)}."
    seen = (
        f"from {_place(stats.true_at[0], axis)} on"
        if stats.state == "holds-from"
        else f"up to {_place(stats.true_at[-1], axis)}"
    )
    return f"{technique} keeps '{promise}' {seen} and breaks it at {_names(stats.false_at)}."


def _same_everywhere(
    stats: VerdictStats, values: dict[float | str, Point], wording: Wording
) -> str:
    """Say holds with the least ratio, never with the greatest."""
    holds = stats.state == "holds"
    xs = stats.true_at if holds else stats.false_at
    pick = min if holds else max
    edge = pick((values[x] for x in xs), key=lambda point: point.ratio.value)
    where = _everywhere(xs, wording.axis)
    if not holds:
        where = where.replace("every point", "any point")
    clause = wording.compare(wording.factor, negated=not holds, least="at least " if holds else "")
    seen = wording.amount(edge.ratio.value)
    if len(xs) == 1:
        return f"{clause} {where}: the figure there is {seen}."
    return f"{clause} {where}: the {'least' if holds else 'most'} is {seen}, at {_name(edge.x)}."


def _unresolved(stats: VerdictStats, values: dict[float | str, Point], wording: Wording) -> str:
    """Say why: the points where the interval spans the factor, or that the curve turns back."""
    claim = f"Not resolved whether {wording.compare(wording.factor)}"
    if not stats.undecided_at:
        return f"{claim}: {_sides(stats, wording.axis)}."
    parts = []
    for x in stats.undecided_at:
        seen = values[x].ratio
        bounds = f"between {wording.amount(seen.low)} and {wording.amount(seen.high)}"
        value = f"it is {wording.amount(seen.value)}"
        parts.append(
            f"at {_name(x)} {value} ({bounds})"
            if seen.n > 1
            else f"at {_name(x)} {value}, from one pair only"
        )
    first = f"{claim} along {wording.axis}: {listed(parts)}."
    return first if not stats.true_at + stats.false_at else f"{first} {_decided(stats)}"


def _decided(stats: VerdictStats) -> str:
    """Say where it is decided, as a sentence."""
    parts = []
    if stats.true_at:
        parts.append(f"true at {_names(stats.true_at)}")
    if stats.false_at:
        parts.append(f"false at {_names(stats.false_at)}")
    return f"It is {' and '.join(parts)}."


def _sides(stats: VerdictStats, axis: str) -> str:
    """List the points on each side, as a clause."""
    named = (("true", stats.true_at), ("false", stats.false_at), ("open", stats.undecided_at))
    parts = [f"{word} at {_names(xs)}" for word, xs in named if xs]
    return f"along {axis} it is {listed(parts)}"


def _everywhere(xs: Sequence[float | str], axis: str) -> str:
    """Say that something is so at all points tried."""
    if len(xs) == 1:
        return f"at the one point tried, {_place(xs[0], axis)}"
    if isinstance(xs[0], str) or isinstance(xs[-1], str):
        return f"at every point tried ({axis}: {_names(xs)})"
    return f"at every point tried, {_name(xs[0])} to {_place(xs[-1], axis)}"


def _reach(stats: VerdictStats, axis: str) -> str:
    """Say from or up to where, with the bounds of the crossing."""
    rising = stats.state == "holds-from"
    crossing = stats.crossing
    if crossing is None:
        edge = _name(stats.true_at[0] if rising else stats.true_at[-1])
        return f"from {axis} '{edge}' on" if rising else f"up to {axis} '{edge}'"
    where = f"about {_about(crossing.at, crossing)} {axis}"
    bounds = f"(between {_about(crossing.low, crossing)} and {_about(crossing.high, crossing)})"
    return f"from {where} on {bounds}" if rising else f"up to {where} {bounds}"


def _about(x: float, crossing: Crossing) -> str:
    """A place on the axis, to as many digits as the bounds of the crossing bear."""
    if x == 0:
        return "0"
    wide = crossing.high - crossing.low > 0.02 * abs(x)
    return count(float(number(x, 2 if wide else 3).replace(",", "")))


def _name(x: float | str) -> str:
    """A point of the axis as said in a sentence."""
    return x if isinstance(x, str) else count(x)


def _names(xs: Sequence[float | str]) -> str:
    return listed([_name(x) for x in xs])


def _place(x: float | str, axis: str) -> str:
    """A point with the axis's name: "10,000 reviews per product", "mode fast"."""
    return f"{axis} '{x}'" if isinstance(x, str) else f"{count(x)} {axis}"
