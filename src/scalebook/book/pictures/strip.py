"""The curve of an invariant: a strip of points, kept or broken, with the axis as the verdict."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalebook.book.pictures.flags import kept_flags
from scalebook.book.pictures.regimes import Regime, Truth, axis_line, axis_name, regimes_of, ticks
from scalebook.book.pictures.scales import Axis, axis_of
from scalebook.book.pictures.svg import el, frame, pct, text

if TYPE_CHECKING:
    from scalebook.results import Result

__all__ = ["strip"]

PIXELS, MIDDLE, EDGE = 78.0, 40.0, 8.0
KEPT = "M-5 .5l3.6 4 7.4-9"
BROKEN = "M-5-5l10 10M5-5l-10 10"
SIDES = {True: "above", False: "below", None: None}
WORDS = {True: "kept", False: "broken", None: "not tried"}


def strip(result: Result, *, id: str) -> str:
    """One mark per point: a tick where the technique kept its promise, a cross where it broke."""
    flags = kept_flags(result)
    axis = axis_of([point for point, _ in flags])
    words: dict[Truth, str] = {
        "true": "promise kept",
        "false": "promise broken",
        "open": "not looked at",
    }
    body = "".join(_mark(axis, point, kept) for point, kept in flags)
    body += axis_line(_regimes(result, axis, flags), PIXELS, words) + ticks(
        axis, [p for p, _ in flags], PIXELS
    )
    name = axis_name(result.axis or "", PIXELS + 62)
    described = "; ".join(f"{WORDS[kept]} at {point}" for point, kept in flags)
    svg = frame(PIXELS, result.verdict.reason, body + name, id=id, described=described)
    return el("div", svg, class_="plot curve strip")


def _regimes(
    result: Result, axis: Axis, flags: Sequence[tuple[float | str, bool | None]]
) -> list[Regime]:
    """Kept and broken stretches; between two points of different sides nothing is known."""
    verdict = result.verdict
    if verdict.crossing is None or axis.kind == "label":
        return regimes_of(verdict, axis, [(point, SIDES[kept]) for point, kept in flags])
    low, high = axis.place(verdict.crossing.low), axis.place(verdict.crossing.high)
    rising = verdict.state == "holds-from"
    below: Truth = "false" if rising else "true"
    above: Truth = "true" if rising else "false"
    return [Regime(0, low, below), Regime(low, high, "open"), Regime(high, 100, above)]


def _mark(axis: Axis, point: float | str, kept: bool | None) -> str:
    """A disc with a tick or a cross, its word above."""
    x = axis.place(point)
    class_ = {True: "kept-mark", False: "broke-mark", None: "open-mark"}[kept]
    parts = [el("circle", r=13, class_="seat")]
    if kept is not None:
        parts.append(el("path", d=KEPT if kept else BROKEN, class_="sign"))
    align, dx = ("start", -13.0) if x < EDGE else ("end", 13.0) if x > 100 - EDGE else ("middle", 0)
    named = {True: "m hd", False: "x hd", None: None}[kept]
    word = text(x, MIDDLE - 21, WORDS[kept], anchor=align, dx=dx or None, class_=named)
    return word + el("svg", el("g", *parts, class_=class_), x=pct(x), y=MIDDLE, overflow="visible")
