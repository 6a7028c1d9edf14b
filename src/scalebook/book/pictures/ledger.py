"""Small pictures of the ledger: measured over published on one axis, and the curve in little."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scalebook.book.pictures.scales import Across, Height, axis_of
from scalebook.book.pictures.svg import (
    SVG,
    PictureError,
    circle,
    el,
    frame,
    line,
    polyline,
    text,
    whisker,
)
from scalebook.book.pictures.words import amount, digits_for, interval

__all__ = ["FOREST", "dumbbell", "forest_axis", "forest_row", "number_card", "spark"]

FOREST = (0.001, 20.0)
"""Ends of the ledger's axis: ours over theirs, from a thousandth to twentyfold."""
SPARK = 22.0


def _share(value: float) -> float:
    low, high = FOREST
    value = min(max(value, low), high)
    return 100 * math.log(value / low) / math.log(high / low)


def forest_row(
    share: float,
    low: float | None = None,
    high: float | None = None,
    span: tuple[float, float] | None = None,
) -> str:
    """Our figure over the published one (1 = as claimed), with its interval.

    `span` is the least and the greatest share along the lab's axis: the thin line, thick and
    blue where it is beyond the claim. Shares at or below zero raise PictureError.
    """
    if share <= 0:
        raise PictureError(f"a share of {share} cannot be drawn", "give a ratio above zero")
    parts = []
    if span is not None:
        least, most = _share(span[0]), _share(span[1])
        parts.append(line(least, 10, most, 10, "reach"))
        if span[1] > 1:
            parts.append(line(max(least, _share(1)), 10, most, 10, "reach-true"))
    if low is not None and high is not None and high > low > 0:
        parts.append(whisker(_share(low), _share(high), 10, cap=4))
    parts.append(circle(_share(share), 10, 4, "dot" if share >= 1 else "ring"))
    return _small(20, *parts, class_="forest-plot")


def forest_axis() -> str:
    """The head of the column: a thousandth, a tenth, the claim."""
    said = ((0.001, "1/1000", "start"), (0.1, "1/10", "middle"), (1.0, "claim", "middle"))
    return _small(
        16,
        *(
            text(_share(v), 13, words, anchor=align, class_="c hd" if v == 1 else None)
            for v, words, align in said
        ),
    )


def _small(height: float, *parts: str, class_: str | None = None) -> str:
    return el(
        "svg",
        *parts,
        xmlns=SVG,
        class_=class_,
        width="100%",
        height=height,
        overflow="visible",
        aria_hidden="true",
    )


def spark(curve: Sequence[tuple[float | str, float | None]], crossing: float | None = None) -> str:
    """The claim's curve in little: (point, share of the claim) along the axis, the claim dashed.

    Points without a share (invariants) are left out; fewer than two of them draw only dots.
    """
    known = [(point, share) for point, share in curve if share is not None and share > 0]
    if not known:
        raise PictureError("no point of the curve has a ratio", "leave the cell empty")
    axis = axis_of([point for point, _ in curve])
    shares = [share for _, share in known] + [1.0]
    low, high = min(shares) / 1.2, max(shares) * 1.2
    height = Height(SPARK, low, high)
    claim = height.y(1.0)
    corners = [(axis.place(point), height.y(share)) for point, share in known]
    parts = [line(0, claim, 100, claim, "claim-line thin")]
    inner = [polyline(corners, "spark-line")]
    inner += [polyline(piece, "spark-true") for piece in _above(corners, claim)]
    parts.append(
        el(
            "svg",
            *inner,
            width="100%",
            height=SPARK,
            viewBox=f"0 0 100 {SPARK:g}",
            preserveAspectRatio="none",
            overflow="visible",
        )
    )
    if crossing is not None and axis.kind != "label":
        parts.append(circle(axis.place(crossing), claim, 2.5, "ring thin"))
    if len(corners) == 1:
        parts.append(circle(*corners[0], 2.5, "dot"))
    return el("svg", *parts, xmlns=SVG, class_="spark", width=92, height=SPARK, aria_hidden="true")


def _above(corners: Sequence[tuple[float, float]], claim: float) -> list[list[tuple[float, float]]]:
    """The pieces of a line above the claim (smaller y), cut where they cross it."""
    pieces: list[list[tuple[float, float]]] = []
    piece: list[tuple[float, float]] = []
    for i, (x, y) in enumerate(corners):
        if i:
            x0, y0 = corners[i - 1]
            if (y0 <= claim) != (y <= claim):
                piece.append((x0 + (x - x0) * (claim - y0) / (y - y0), claim))
        if y <= claim:
            piece.append((x, y))
        elif piece:
            pieces.append(piece)
            piece = []
    return [p for p in [*pieces, piece] if len(p) > 1]


def number_card(value: float, low: float | None, high: float | None) -> str:
    """The whisker of the evidence card: value and interval on a logarithmic line.

    "" where nothing bounds the value, or where it is exact or not above zero: then there is
    nothing to draw.
    """
    if low is None or high is None or not 0 < low < high:
        return ""
    start, end = low * 0.8, high * 1.2
    at = [100 * math.log(v / start) / math.log(end / start) for v in (low, value, high)]
    drawn = el("line", class_="grid", x2="100%", y1=7, y2=7) + whisker(at[0], at[2], 7, cap=4)
    return el(
        "svg",
        drawn,
        circle(at[1], 7, 4.5, "dot"),
        xmlns=SVG,
        width="100%",
        height=14,
        aria_hidden="true",
    )


def dumbbell(
    reference: tuple[float, float, float], yours: tuple[float, float, float], claim: float | None
) -> str:
    """A reader's interval below the reference's: (low, value, high) each, as ratios."""
    numbers = [*reference, *yours, *([claim] if claim else [])]
    if min(numbers) <= 0:
        raise PictureError("a ratio at or below zero cannot be drawn", "give ratios above zero")
    across = Across(min(numbers) / 1.4, max(numbers) * 1.4, log=True)
    parts = []
    for value in across.ticks():
        x = across.place(value)
        parts.append(line(x, 18, x, 86, "grid"))
        if claim is None or not 0.6 < value / claim < 1.7:
            parts.append(text(x, 102, amount(value, "ratio", 3), anchor="middle"))
    if claim:
        x = across.place(claim)
        parts += [line(x, 18, x, 36, "claim-line"), line(x, 62, x, 88, "claim-line")]
        parts.append(text(x, 102, amount(claim, "ratio", 3), anchor="middle", class_="c hd"))
    for y, name, shape, (low, value, high) in (
        (12, "reference", "ring", reference),
        (56, "yours", "dot", yours),
    ):
        said = el("tspan", amount(value, "ratio", digits_for(low, high)), class_="m hd")
        bounds = el("tspan", interval(value, low, high), dx=5)
        parts.append(text(0, y, name, class_="hd i lbl" if shape == "dot" else "lbl"))
        parts.append(text(100, y, said + bounds, anchor="end", class_="lbl"))
        parts.append(whisker(across.place(low), across.place(high), y + 15))
        parts.append(circle(across.place(value), y + 15, 3.5, shape))
    title = f"reference {amount(reference[1])}, yours {amount(yours[1])}"
    return el("div", frame(92, title, *parts), class_="plot dumbbell")
