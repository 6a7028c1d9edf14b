"""Progress as one mark per unit: the shape says what it is, the filling how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from scalebook.book.pictures.svg import SVG, PictureError, el

__all__ = ["Shape", "Standing", "legend_marks", "mark", "marks_row"]

Shape = Literal["lab", "article", "system"]
Standing = Literal["planned", "exists", "passes", "fault"]

FILLING = {"planned": "", "exists": "some", "passes": "done", "fault": "fault"}
ORDER = ("lab", "system", "article")
STANDINGS = ("passes", "exists", "fault", "planned")


def mark(shape: str, standing: str) -> str:
    """A square for a lab, a circle for an article, a diamond for a system.

    Filled: passes; tinted: exists; crossed: a fault; hollow: planned.
    """
    if standing not in FILLING:
        raise PictureError(f"no standing {standing!r}", f"use one of {', '.join(FILLING)}")
    class_ = f"u {FILLING[standing]}".strip()
    shapes = {
        "lab": el("rect", class_=class_, x=1, y=1, width=8, height=8),
        "article": el("circle", class_=class_, cx=5, cy=5, r=4),
        "system": el("path", class_=class_, d="M5 .2L9.8 5 5 9.8.2 5z"),
    }
    if shape not in shapes:
        raise PictureError(f"no shape {shape!r}", f"use one of {', '.join(shapes)}")
    cross = el("path", class_="u-cross", d="M2.5 2.5l5 5m0-5l-5 5") if standing == "fault" else ""
    return el(
        "svg",
        shapes[shape],
        cross,
        xmlns=SVG,
        class_="mark",
        viewBox="0 0 10 10",
        aria_hidden="true",
    )


def marks_row(units: Sequence[tuple[str, str]], label: str = "") -> str:
    """All units of a chapter, (shape, standing) each, sorted; one image with its count in words."""
    known = sorted(units, key=lambda unit: (ORDER.index(unit[0]), STANDINGS.index(unit[1])))
    groups = "".join(
        el("span", *(mark(*unit) for unit in group))
        for shape in ORDER
        if (group := [unit for unit in known if unit[0] == shape])
    )
    passing = sum(standing == "passes" for _, standing in known)
    said = label or f"{passing} of {len(known)} units pass"
    return el("div", groups, class_="marks-row", role="img", aria_label=said)


def legend_marks() -> list[tuple[str, str]]:
    """(mark, what it means) in the order of a legend: three shapes, then four standings."""
    shapes = [(mark(shape, "passes"), shape) for shape in ("lab", "article", "system")]
    said = {
        "passes": "passes",
        "exists": "exists, does not pass yet",
        "fault": "stale or failing",
        "planned": "planned",
    }
    return shapes + [(mark("lab", standing), words) for standing, words in said.items()]
