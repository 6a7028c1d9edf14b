"""The timeline of a fault: slice by slice, one lane per variant, what was done shaded."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Literal

from scalebook.book.pictures.disturbed import Disturbance, disturbances, timelines_of
from scalebook.book.pictures.labels import NARROW, ROOMY
from scalebook.book.pictures.scales import Height, nice_ticks
from scalebook.book.pictures.svg import PictureError, cut, el, frame, line, pct, text, tspan
from scalebook.book.pictures.words import amount, count

if TYPE_CHECKING:
    from scalebook.results import Bucket, Result, TimelineRecord

__all__ = ["timeline"]

HEAD, LANE, NAME, FAILED = 30.0, 84.0, 26.0, 22.0
"""Pixels of the faults' words, of a lane's latencies, of its name, of its failures."""


def timeline(
    result: Result,
    *,
    trial: str,
    op: str,
    point: float | str | None = None,
    variants: Sequence[str] | None = None,
    show: Literal["latency", "failures"] = "latency",
    id: str = "",
) -> str:
    """Longest latency of `op` in each slice of a disturbed trial, failures as crosses below.

    With `show="failures"`: how many operations failed or stayed unknown. One lane per variant
    on one scale. PictureError where no such trial, operation or variant was recorded.
    """
    found = [t for t in timelines_of(result, trial, point, variants) if op in t.buckets]
    if not found:
        every = timelines_of(result, trial, point, variants)
        known = sorted({name for t in every for name in t.buckets})
        raise PictureError(f"no operation '{op}' in '{trial}'", f"use one of {', '.join(known)}")
    seconds = max(t.seconds for t in found)
    step = NAME + LANE + FAILED
    height = HEAD + step * len(found)
    scale = _scale(found, op, show)
    parts = [_shade(d, seconds, height, i) for i, d in enumerate(disturbances(found[0]))]
    for i, record in enumerate(found):
        parts.append(_lane(record, op, show, scale, HEAD + i * step, seconds))
    parts.append(_clock(seconds, height))
    title = f"{op} in the trial '{trial}': " + "; ".join(_says(t, op) for t in found)
    return el("div", frame(height, title, *parts, id=id), class_="plot timeline")


def _scale(found: Sequence[TimelineRecord], op: str, show: str) -> Height:
    buckets = [b for t in found for b in t.buckets[op]]
    if show == "failures":
        return Height(
            LANE, 0.0, float(max([1, *(b.failed + b.unknown for b in buckets)])), log=False
        )
    values = [b.worst for b in buckets if b.worst]
    if not values:
        raise PictureError(f"no operation '{op}' succeeded", "draw its failures: show=failures")
    low, high = min(values), max(values)
    return Height(LANE, low / 1.5, high * 1.2)


def _shade(what: Disturbance, seconds: float, height: float, i: int) -> str:
    """The fault's window through all lanes, its name above."""
    start, end = 100 * what.start / seconds, 100 * min(what.end, seconds) / seconds
    wide = max(end - start, 0.3)
    rect = el(
        "rect", class_="window", x=pct(start), y=HEAD - 6, width=pct(wide), height=height - HEAD + 6
    )
    edges = line(start, HEAD - 6, start, height, "window-edge") + line(
        end, HEAD - 6, end, height, "window-edge"
    )
    length = what.end - what.start
    said = f"{what.said}, {amount(length, 'seconds')}" if length > 0.02 * seconds else what.said
    y = HEAD - 12 - 14 * (i % 2)
    parts = []
    for width, class_ in ((ROOMY, "roomy"), (NARROW, "narrow")):
        words = cut(said, 48 if width == ROOMY else 26)
        half = 50 * len(words) * 7.2 / width
        middle = (start + end) / 2
        align, x = (
            ("start", start)
            if middle < half
            else ("end", end)
            if middle > 100 - half
            else ("middle", middle)
        )
        parts.append(text(x, y, escape(words, quote=False), anchor=align, class_=f"i lbl {class_}"))
    return rect + edges + "".join(parts)


def _lane(
    record: TimelineRecord, op: str, show: str, scale: Height, top: float, seconds: float
) -> str:
    buckets = record.buckets[op]
    base = top + NAME + LANE
    wide = 100 * record.seconds / seconds / max(len(buckets), 1)
    lost = sum(b.failed + b.unknown for b in buckets)
    done = sum(b.ok for b in buckets)
    name = tspan(record.variant, class_="mono hd i")
    said = tspan(f"{count(done)} ok" + (f", {count(lost)} failed" if lost else ""), dx=8)
    parts = [el("text", name, said, class_="lbl", y=top + 14)]
    for value in scale.ticks(3):
        y = top + NAME + scale.y(value)
        words = count(value) if show == "failures" else amount(value, "seconds", 3)
        parts.append(line(0, y, 100, y, "grid") + text(0, y + 4.5, words, anchor="end", dx=-10))
    parts.append(line(0, base, 100, base, "axis"))
    parts += [_slice(b, show, scale, base, wide, seconds) for b in buckets]
    return "".join(parts)


def _slice(
    bucket: Bucket, show: str, scale: Height, base: float, wide: float, seconds: float
) -> str:
    """A bar as high as the longest latency; below the axis a cross where operations failed."""
    middle = 100 * bucket.at / seconds
    lost = bucket.failed + bucket.unknown
    parts = []
    if show == "failures":
        if lost:
            up = LANE - scale.y(float(lost))
            parts.append(_bar(middle, wide, base - up, up, "slice bad-slice"))
    elif bucket.worst:
        up = max(LANE - scale.y(bucket.worst), 2.0)
        parts.append(_bar(middle, wide, base - up, up, "slice"))
    if lost:
        mark = el("path", d="M-3-3L3 3M3-3L-3 3", class_="bad")
        parts.append(el("svg", mark, x=pct(middle), y=base + 10, overflow="visible"))
    return "".join(parts)


def _bar(middle: float, wide: float, y: float, height: float, class_: str) -> str:
    left = middle - 0.4 * wide
    return el("rect", class_=class_, x=pct(left), y=y, width=pct(0.8 * wide), height=height)


def _clock(seconds: float, height: float) -> str:
    parts = []
    for value in nice_ticks(0.0, seconds, 7):
        x = 100 * value / seconds
        align = "start" if x < 2 else "end" if x > 97 else "middle"
        parts.append(text(x, height + 16, f"{value:g} s", anchor=align))
    return "".join(parts)


def _says(record: TimelineRecord, op: str) -> str:
    buckets = record.buckets[op]
    lost = sum(b.failed + b.unknown for b in buckets)
    worst = max((b.worst for b in buckets if b.worst), default=None)
    longest = f"longest {amount(worst, 'seconds')}" if worst else "nothing succeeded"
    return f"{record.variant} {longest}, {count(lost)} failed"
