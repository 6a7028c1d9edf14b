"""The claim's curve: its ratio along the axis, the claim line, and where the two cross."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from scalebook.book.pictures.labels import NARROW, ROOMY, Anchor, Label, Placer, written
from scalebook.book.pictures.reading import (
    Ratio,
    claim_ratios,
    claimed,
    engine_ratios,
    floor_corrected,
)
from scalebook.book.pictures.regimes import axis_line, axis_name, regimes_of, ticks
from scalebook.book.pictures.scales import Axis, Height, axis_of
from scalebook.book.pictures.scrub import Handle, scrubber
from scalebook.book.pictures.strip import strip
from scalebook.book.pictures.svg import (
    PictureError,
    circle,
    el,
    frame,
    line,
    pct,
    pixels,
    polyline,
    stretched,
    text,
    whisker,
)
from scalebook.book.pictures.words import amount, count, short

if TYPE_CHECKING:
    from scalebook.results import Result

__all__ = ["curve"]

PIXELS = 350.0
PYTHON, PYTHON_BRIEF, ENGINE = (
    "as a Python application sees it",
    "as Python sees it",
    "the engine alone",
)
FLOOR = "the client's share taken off"
BETTER = {
    "speedup": "times faster",
    "saving": "times less",
    "throughput": "times the throughput",
    "latency": "times sooner",
    "ratio": "times better",
}


def curve(result: Result, *, id: str, floor: bool = False) -> str:
    """The claim's ratio at every point, and the handle that reads it off between them.

    An invariant's lab has no ratio: its curve is a strip of points kept and broken. With `floor`
    the curve without the client's share is added. PictureError where there is nothing to draw.
    """
    if result.verdict.factor is None:
        return strip(result, id=id)
    ratios = claim_ratios(result)
    if not ratios:
        raise PictureError(
            f"the result of {result.unit} has no ratio of its claim", f"scalebook run {result.unit}"
        )
    factor = result.verdict.factor
    axis = axis_of([ratio.point for ratio in ratios])
    engine, corrected = _on(ratios, engine_ratios(result)), []
    if floor:
        corrected = _on(ratios, floor_corrected(result))
    height = _height([*ratios, *engine, *corrected], factor)
    body = _hairlines(height, BETTER.get(result.verdict.metric or "", "times better"))
    body += _lines(axis, height, ratios, engine, corrected)
    body += _claim_line(result, axis, height)
    body += _points(axis, height, ratios, engine)
    body += _words(result, axis, height, ratios, engine, corrected)
    body += _axis(result, axis, ratios)
    if len(ratios) > 1:
        body += _cursor(axis, height, ratios, id)
    described = "; ".join(f"{r.says()} at {count(r.point)}" for r in ratios)
    svg = frame(PIXELS, result.verdict.reason, body, id=id, described=described)
    drawn = el("div", svg, class_="plot curve")
    note = _engine_note(engine)
    if len(ratios) < 2:
        return drawn + note
    handle = Handle(axis, height, ratios, result.verdict, result.axis or "")
    return drawn + scrubber(handle, id=id) + note


def _engine_note(engine: Sequence[Ratio]) -> str:
    """How the dotted line was measured, in the words of the record."""
    said = dict.fromkeys(
        ", ".join(dict.fromkeys(part.strip() for part in ratio.note.split(",")))
        for ratio in engine
        if ratio.note
    )
    if len(engine) < 2 or not said:
        return ""
    words = escape("; ".join(said), quote=False)
    return el(
        "p", f"Dotted, the engine alone, driven without Python: {words}.", class_="drawn-note"
    )


def _on(ratios: Sequence[Ratio], others: Sequence[Ratio]) -> list[Ratio]:
    """Those of another curve that stand at points of this one."""
    known = {ratio.point for ratio in ratios}
    return [ratio for ratio in others if ratio.point in known]


def _height(ratios: Sequence[Ratio], factor: float) -> Height:
    """From a little below the least to a little above the greatest, the claim among them.

    A very wide interval may leave the picture: the values and the claim set its size.
    """
    values = [*(ratio.value for ratio in ratios), factor]
    least, most = min(values), max(values)
    lows = [max(ratio.bounds[0], least / 3) for ratio in ratios]
    highs = [min(ratio.bounds[1], most * 3) for ratio in ratios]
    low, high = min(least, *lows), max(most, *highs)
    low = min(low, 1.0) if low < 6 else low
    room = max((high / low) ** 0.06, 1.05)
    return Height(PIXELS, low if low == 1.0 else low / room, high * room)


def _hairlines(height: Height, better: str) -> str:
    parts = []
    for value in height.ticks():
        y = height.y(value)
        parts.append(line(0, y, 100, y, "grid even" if value == 1 else "grid"))
        parts.append(text(0, y + 4.5, amount(value, "ratio", 3), anchor="end", dx=-10))
    return "".join(parts) + text(0, -10, better, class_="lbl", dx=4)


def _corners(axis: Axis, height: Height, ratios: Sequence[Ratio]) -> list[tuple[float, float]]:
    return [(axis.place(ratio.point), height.y(ratio.value)) for ratio in ratios]


def _lines(
    axis: Axis,
    height: Height,
    ratios: Sequence[Ratio],
    engine: Sequence[Ratio],
    corrected: Sequence[Ratio],
) -> str:
    """Band and line of the claim; of a labelled axis only the points are real, so no line."""
    if axis.kind == "label":
        return ""
    upper = [(axis.place(r.point), height.y(r.bounds[1])) for r in ratios]
    lower = [(axis.place(r.point), height.y(r.bounds[0])) for r in reversed(ratios)]
    band = " ".join(f"{pixels(x)},{pixels(y)}" for x, y in (*upper, *lower))
    parts = [polyline(_corners(axis, height, engine), "line-2")] if len(engine) > 1 else []
    if len(corrected) > 1:
        parts.append(polyline(_corners(axis, height, corrected), "line-3"))
    parts.append(el("polygon", class_="ci-band", points=band))
    parts.append(polyline(_corners(axis, height, ratios), "line"))
    return stretched(PIXELS, *parts)


def _claim_line(result: Result, axis: Axis, height: Height) -> str:
    """The claim through the whole picture; on it the crossing with its interval."""
    verdict = result.verdict
    y = height.y(verdict.factor or 1.0)
    parts = [line(0, y, 100, y, "claim-line")]
    crossing = verdict.crossing
    if crossing is not None and axis.kind != "label":
        at, low, high = (axis.place(x) for x in (crossing.at, crossing.low, crossing.high))
        parts.append(line(at, y, at, PIXELS, "guide"))
        parts.append(
            el("rect", class_="ci-band", x=pct(low), y=PIXELS - 7, width=pct(high - low), height=14)
        )
        parts.append(line(low, y, high, y, "whisk wide") + whisker(low, high, y, cap=6))
        parts.append(circle(at, y, 4.5, "ring"))
    return "".join(parts)


def _points(axis: Axis, height: Height, ratios: Sequence[Ratio], engine: Sequence[Ratio]) -> str:
    parts = [circle(x, y, 3, "ring thin") for x, y in _corners(axis, height, engine)]
    for ratio, (x, y) in zip(ratios, _corners(axis, height, ratios), strict=True):
        low, high = (height.y(bound) for bound in ratio.bounds)
        if low - high > 2:
            parts.append(line(x, low, x, high, "whisk"))
            parts.append(el("g", *(_cap(x, bound) for bound in (low, high)), class_="caps"))
        parts.append(circle(x, y, 5, "dot"))
    return "".join(parts)


def _cap(x: float, y: float) -> str:
    """A short lying stroke, six pixels wide, at a place in percent."""
    return el("svg", el("path", class_="whisk", d="M-4 0H4"), x=pct(x), y=y, overflow="visible")


def _words(
    result: Result,
    axis: Axis,
    height: Height,
    ratios: Sequence[Ratio],
    engine: Sequence[Ratio],
    corrected: Sequence[Ratio],
) -> str:
    """Values at their points, then the names of the curves, each where it covers nothing."""
    claim_y = height.y(result.verdict.factor or 1.0)
    placer = Placer(PIXELS)
    placer.segments.append((0, claim_y, 100, claim_y))
    for series in (ratios, engine, corrected):
        placer.polyline(_corners(axis, height, series))
    for ratio in ratios:
        x, (low, high) = axis.place(ratio.point), ratio.bounds
        placer.segments.append((x, height.y(low), x, height.y(high)))
    corners = _corners(axis, height, ratios)
    claim = f"claimed: {claimed(result)}"
    above, below = claim_y - 9, claim_y + 18
    beside = [
        Label(ratio.says(), "m lbl hd", _beside(x, y))
        for ratio, (x, y) in zip(ratios, corners, strict=True)
    ]
    places = [Anchor(0, above, 4, "start"), Anchor(100, above, -4, "end")]
    places += [Anchor(0, below, 4, "start"), Anchor(100, below, -4, "end")]
    # The ends and the claim say most; of points that crowd, some stay without their number.
    drawn = [placer.fit(label) for label in dict.fromkeys([beside[0], beside[-1]])]
    label = Label(claim, "c lbl hd", places)
    drawn.append(written(label, placer.put(label)))
    drawn += [placer.fit(label) for label in beside[1:-1]]
    labels = []
    if len(engine) > 1:
        labels.append(Label(ENGINE, "m lbl", _along(_corners(axis, height, engine))))
        along = _along(corners)
        labels.append(Label(PYTHON, "m lbl hd roomy", along, (ROOMY,)))
        labels.append(Label(PYTHON_BRIEF, "m lbl hd narrow", along, (NARROW,)))
    if len(corrected) > 1:
        labels.append(Label(FLOOR, "lbl", _along(_corners(axis, height, corrected))))
    return "".join(drawn) + "".join(written(label, placer.put(label)) for label in labels)


def _beside(x: float, y: float) -> tuple[Anchor, ...]:
    """Around a point: above, below, then to its sides."""
    return (
        Anchor(x, y - 11),
        Anchor(x, y + 22),
        Anchor(x, y - 9, -10, "end"),
        Anchor(x, y + 20, 10, "start"),
        Anchor(x, y - 9, 10, "start"),
        Anchor(x, y + 20, -10, "end"),
        Anchor(x, y + 4.5, 12, "start"),
        Anchor(x, y + 4.5, -12, "end"),
    )


def _along(corners: Sequence[tuple[float, float]]) -> list[Anchor]:
    """Above and below the middle of each piece of a line, and at its ends."""
    found = []
    for (x1, y1), (x2, y2) in pairwise(corners):
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        found += [Anchor(x, y - 12, -8, "end"), Anchor(x, y + 24, 8, "start")]
        found += [Anchor(x, y - 14), Anchor(x, y + 26), Anchor(x, y - 34), Anchor(x, y + 46)]
    return found


def _axis(result: Result, axis: Axis, ratios: Sequence[Ratio]) -> str:
    sides = [(ratio.point, ratio.side) for ratio in ratios]
    regimes = regimes_of(result.verdict, axis, sides)
    crossing = result.verdict.crossing
    special = []
    if crossing is not None and axis.kind != "label":
        special = [(axis.place(crossing.at), short(crossing.at, crossing.low, crossing.high))]
    name = axis_name(result.axis or "", PIXELS + 62)
    return (
        axis_line(regimes, PIXELS) + ticks(axis, [r.point for r in ratios], PIXELS, special) + name
    )


def _cursor(axis: Axis, height: Height, ratios: Sequence[Ratio], id: str) -> str:
    """The line and disc that the handle moves; they start at the second point."""
    x, y = axis.place(ratios[1].point), height.y(ratios[1].value)
    return el(
        "g",
        line(x, -4, x, PIXELS, "cursor-line"),
        circle(x, y, 4, "cursor-dot"),
        id=f"{id}-cursor",
        class_="cursor",
    )
