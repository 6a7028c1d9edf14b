"""The axis is the verdict: thin where the claim is false, a thick bar where it is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from scalebook.book.pictures.labels import NARROW, ROOMY, fitting, row
from scalebook.book.pictures.scales import Axis
from scalebook.book.pictures.svg import cut, el, line, pct, text
from scalebook.book.pictures.words import compact, count

if TYPE_CHECKING:
    from scalebook.results import VerdictRecord

__all__ = ["Regime", "Truth", "axis_line", "axis_name", "regimes_of", "ticks"]

LONG_NAME = 38
"""Characters that fit below a chart on a telephone."""
Truth = Literal["true", "false", "open"]
BELOW = 41.0
"""Pixels from the axis to the words of its regimes."""
SIDES: dict[str | None, Truth] = {"above": "true", "below": "false"}
WORDS: dict[Truth, str] = {"true": "claim true", "false": "claim false", "open": "not resolved"}


@dataclass(frozen=True)
class Regime:
    """A stretch of the axis, in percent, where the claim is true, false or open."""

    start: float
    end: float
    truth: Truth


def regimes_of(
    verdict: VerdictRecord, axis: Axis, sides: Sequence[tuple[float | str, str | None]]
) -> list[Regime]:
    """Stretches from left to right; between two points that differ, the crossing parts them."""
    if verdict.state == "holds":
        return [Regime(0, 100, "true")]
    if verdict.state == "never":
        return [Regime(0, 100, "false")]
    if verdict.crossing is not None and verdict.state in ("holds-from", "holds-up-to"):
        at = axis.place(verdict.crossing.at)
        rising = verdict.state == "holds-from"
        below: Truth = "false" if rising else "true"
        above: Truth = "true" if rising else "false"
        return [Regime(0, at, below), Regime(at, 100, above)]
    places = [axis.place(point) for point, _ in sides]
    ends = [0.0, *((a + b) / 2 for a, b in pairwise(places)), 100.0]
    found: list[Regime] = []
    for i, (_, side) in enumerate(sides):
        truth = SIDES.get(side, "open")
        if found and found[-1].truth == truth:
            found[-1] = Regime(found[-1].start, ends[i + 1], truth)
        else:
            found.append(Regime(ends[i], ends[i + 1], truth))
    return found


def axis_line(regimes: Sequence[Regime], y: float, words: dict[Truth, str] = WORDS) -> str:
    """The axis at `y` pixels with its regimes, and their words in a row below."""
    parts = [line(0, y, 100, y, "axis")]
    for regime in regimes:
        wide = regime.end - regime.start
        if regime.truth == "true":
            parts.append(
                el(
                    "rect",
                    class_="regime-true",
                    x=pct(regime.start),
                    y=y - 3,
                    width=pct(wide),
                    height=6,
                )
            )
        elif regime.truth == "open":
            parts.append(line(regime.start, y, regime.end, y, "regime-open"))
        said, middle = words[regime.truth], (regime.start + regime.end) / 2
        room = 100 * len(said) * 7 / wide if wide else float("inf")
        class_ = "m" if regime.truth == "true" else None
        if room < NARROW:
            parts.append(text(middle, y + BELOW, said, anchor="middle", class_=class_))
        elif room < ROOMY:
            parts.append(
                text(
                    middle, y + BELOW, said, anchor="middle", class_=f"{class_ or ''} roomy".strip()
                )
            )
    return "".join(parts)


def ticks(
    axis: Axis, points: Sequence[float | str], y: float, special: Sequence[tuple[float, str]] = ()
) -> str:
    """Marks and words of the axis's points; `special` places (percent, words) come first."""
    places = [axis.place(point) for point in points]
    parts = [line(x, y, x, y + 6, "axis") for x in places]
    order = sorted(range(len(points)), key=lambda i: (i not in (0, len(points) - 1), i))
    full = [(places[i], count(points[i])) for i in order]
    brief = [(places[i], compact(points[i])) for i in order]
    wide = fitting([*special, *full], ROOMY)
    narrow = fitting([*special, *brief], NARROW, 6)
    bold = special[0][1] if special else ""
    return "".join(parts) + row(wide, narrow, y + 21, bold)


def axis_name(name: str, y: float) -> str:
    """What the axis counts, in a row below; a long one begins further left where space is short."""
    said = escape(name, quote=False)
    if len(name) <= LONG_NAME:
        return text(0, y, said, class_="hd i")
    brief = escape(cut(name, LONG_NAME + 6), quote=False)
    return text(0, y, said, class_="hd i roomy") + text(0, y, brief, dx=-40, class_="hd i narrow")
