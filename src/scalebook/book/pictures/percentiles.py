"""Latency by percentile: median, p95, p99 and the longest per variant; or the whole curve."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.book.pictures.disturbed import timelines_of
from scalebook.book.pictures.labels import (
    NARROW,
    ROOMY,
    Anchor,
    Label,
    Placer,
    fitting,
    row,
    written,
)
from scalebook.book.pictures.reading import at_point, point_of
from scalebook.book.pictures.scales import Across, Height
from scalebook.book.pictures.svg import (
    PictureError,
    circle,
    el,
    frame,
    line,
    pct,
    polyline,
    stretched,
    text,
    tspan,
)
from scalebook.book.pictures.words import amount, digits_for

if TYPE_CHECKING:
    from scalebook.results import Result, TimelineRecord, VariantRecord

__all__ = ["percentiles"]

STEP, TOP, PIXELS = 76, 16, 300.0
NAMES = ("median", "p95", "p99")


@dataclass(frozen=True)
class _Mark:
    """One percentile of one variant, in seconds; nothing bounds the longest."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    def says(self) -> str:
        """Name and value: "p99 12 ms"."""
        return f"{self.name} {amount(self.value, 'seconds', digits_for(self.low, self.high))}"


def percentiles(
    result: Result, point: float | str | None, op: str, trial: str | None = None, *, id: str = ""
) -> str:
    """Median, p95, p99 and longest latency of `op` per variant, on one logarithmic scale.

    With `trial`, the name of a disturbed one: the curve of all percentiles of each variant.
    """
    if trial is not None:
        return _curves(timelines_of(result, trial, point), op, result.verdict.technique, id)
    record = point_of(result, point)
    rows = {name: found for name, held in record.variants.items() if (found := _marks(held, op))}
    if not rows:
        known = {
            key.rsplit(" ", 1)[0] for held in record.variants.values() for key in held.statistics
        }
        raise PictureError(
            f"no variant has percentiles of '{op}'",
            f"use one of {', '.join(sorted(known)) or 'none'}",
        )
    values = [mark.value for marks in rows.values() for mark in marks]
    across = Across(min(values) / 1.3, max(values) * 1.3, log=True)
    height = STEP * len(rows)
    parts = _grid(across, height)
    for i, (name, marks) in enumerate(rows.items()):
        parts += _variant(name, marks, across, TOP + i * STEP, name == result.verdict.technique)
    title = f"Latency of {op} at {at_point(result, record.point)}: " + "; ".join(
        f"{name} {', '.join(mark.says() for mark in marks)}" for name, marks in rows.items()
    )
    return el("div", frame(height, title, parts, id=id), class_="plot bars")


def _marks(held: VariantRecord, op: str) -> list[_Mark]:
    """Percentiles over trials, and the longest operation of all trials."""
    found = []
    for name in NAMES:
        figure = held.statistics.get(f"{op} {name}")
        if figure is not None and figure.value > 0:
            found.append(_Mark(name, figure.value, figure.low, figure.high))
    ops = [trial.ops[op] for trial in held.trials if op in trial.ops]
    longest = max((o.max for o in ops if o.max), default=None)
    if found and longest is not None:
        found.append(_Mark("longest", longest))
    return found


def _grid(across: Across, height: float) -> str:
    ticks = [(across.place(value), amount(value, "seconds", 3)) for value in across.ticks()]
    parts = [line(x, 0, x, height, "grid") for x, _ in ticks]
    parts.append(row(fitting(ticks, ROOMY), fitting(ticks, NARROW), height + 18))
    return "".join(parts)


def _variant(name: str, marks: Sequence[_Mark], across: Across, y: float, technique: bool) -> str:
    """A line from the median to the longest; a disc, two strokes and a ring on it."""
    middle, ink = y + 15, "" if technique else " ink"
    places = [across.place(mark.value) for mark in marks]
    parts = [el("text", tspan(name, class_="mono hd i"), class_="lbl", y=y)]
    parts.append(line(places[0], middle, places[-1], middle, f"reaching{ink}"))
    for mark in marks:
        if mark.low is not None and mark.high is not None and mark.high > mark.low:
            low, high = across.place(max(mark.low, across.low)), across.place(mark.high)
            parts.append(
                el(
                    "rect",
                    class_="ci-band",
                    x=pct(low),
                    y=middle - 6,
                    width=pct(high - low),
                    height=12,
                )
            )
    for mark, x in zip(marks, places, strict=True):
        if mark.name == "median":
            parts.append(circle(x, middle, 5, f"dot{ink}"))
        elif mark.name == "longest":
            parts.append(circle(x, middle, 3.5, f"ring thin{ink}"))
        else:
            size = 6 if mark.name == "p95" else 9
            parts.append(line(x, middle - size, x, middle + size, f"stroke{ink}"))
    return "".join(parts) + _said(marks, places, middle + 24)


def _said(marks: Sequence[_Mark], places: Sequence[float], y: float) -> str:
    """Their names and values below, the median and the longest first where space is short."""
    items = [(x, mark.says()) for mark, x in zip(marks, places, strict=True)]
    order = [items[0], *items[:0:-1]]
    return row(fitting(order, ROOMY), fitting(order, NARROW), y)


def _curves(found: Sequence[TimelineRecord], op: str, technique: str | None, id: str) -> str:
    """One line per variant from the median to the longest, on nines across."""
    known = {t.variant: t.percentiles.get(op, {}) for t in found}
    curves = {name: _nines(held) for name, held in known.items() if len(held) > 1}
    if not curves:
        names = sorted({name for t in found for name in t.percentiles})
        raise PictureError(f"no percentiles of '{op}'", f"use one of {', '.join(names) or 'none'}")
    values = [v for curve in curves.values() for _, _, v in curve if v > 0]
    height = Height(PIXELS, min(values) / 1.3, max(values) * 1.3)
    parts = []
    for value in height.ticks():
        y = height.y(value)
        parts.append(line(0, y, 100, y, "grid"))
        parts.append(text(0, y + 4.5, amount(value, "seconds", 3), anchor="end", dx=-10))
    parts.append(line(0, PIXELS, 100, PIXELS, "axis"))
    first = max(curves.values(), key=len)
    named = [(x, said) for x, said, _ in first]
    order = [named[0], *named[:0:-1]]
    parts += [line(x, PIXELS, x, PIXELS + 6, "axis") for x, _ in named]
    parts.append(row(fitting(order, ROOMY), fitting(order, NARROW, 4), PIXELS + 21))
    placer = Placer(PIXELS)
    corners = {n: [(x, height.y(v)) for x, _, v in c] for n, c in curves.items()}
    for line_ in corners.values():
        placer.polyline(line_)
    drawn = []
    for i, (name, points) in enumerate(corners.items()):
        class_ = "line" if name == technique else f"line-ink n{i % 3}"
        drawn.append(polyline(points, class_))
        parts += [circle(x, y, 3.5, "dot" if name == technique else "dot ink") for x, y in points]
        bold = "m lbl hd" if name == technique else "i lbl hd"
        parts.append(written(*_put(placer, Label(name, bold, _near(points)))))
    said = "; ".join(f"{n} {amount(c[-1][2], 'seconds')} at most" for n, c in curves.items())
    svg = frame(
        PIXELS, f"Latency of {op} by percentile: {said}", stretched(PIXELS, *drawn), *parts, id=id
    )
    return el("div", svg, class_="plot")


def _put(placer: Placer, label: Label) -> tuple[Label, Anchor]:
    return label, placer.put(label)


def _near(points: Sequence[tuple[float, float]]) -> list[Anchor]:
    places = []
    for x, y in reversed(points[1:]):
        places += [Anchor(x, y - 10, -8, "end"), Anchor(x, y + 20, -4, "end")]
    return places


def _nines(found: dict[str, float]) -> list[tuple[float, str, float]]:
    """(percent across, name, seconds): equal steps per nine, the longest one step beyond."""
    known = sorted((float(p), seconds) for p, seconds in found.items())
    beyond = -math.log10(1 - max(p for p, _ in known if p < 100) / 100) + 0.7
    places = [beyond if p >= 100 else -math.log10(1 - p / 100) for p, _ in known]
    first = places[0]
    return [
        (100 * (x - first) / (beyond - first), "longest" if p >= 100 else f"p{p:g}", seconds)
        for x, (p, seconds) in zip(places, known, strict=True)
    ]
