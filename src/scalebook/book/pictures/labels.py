"""Where words go on a chart: beside what they name, over nothing else, at both widths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from scalebook.book.pictures.svg import text

__all__ = [
    "NARROW",
    "ROOMY",
    "Anchor",
    "Label",
    "Placed",
    "Placer",
    "Segment",
    "fitting",
    "row",
    "written",
]

ROOMY, NARROW = 800.0, 300.0
"""Widths of a chart in pixels for which places are sought: a page's, and a telephone's."""
CHARACTER, CHARACTER_BOLD, ABOVE, BELOW = 6.6, 7.2, 11.0, 4.0
HIDDEN, CROSSED, LATER = 4.0, 90.0, 7.0
EDGE = 8.0
"""Pixels by which words may reach beyond the edge of a row."""

Segment = tuple[float, float, float, float]
"""A line from (percent, pixels) to (percent, pixels)."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Anchor:
    """A place where words may stand: percent, pixels, a shift in pixels, and their alignment."""

    x: float
    y: float
    dx: float = 0.0
    align: str = "middle"

    def box(self, words: str, width: float, bold: bool) -> Box:
        """The rectangle that the words cover in a chart of that width."""
        long = len(words) * (CHARACTER_BOLD if bold else CHARACTER)
        left = self.x * width / 100 + self.dx
        left -= {"start": 0.0, "middle": long / 2, "end": long}[self.align]
        return left, self.y - ABOVE, left + long, self.y + BELOW


@dataclass(frozen=True)
class Label:
    """Words with the places that would do, the best first."""

    words: str
    class_: str
    places: Sequence[Anchor]
    widths: tuple[float, ...] = (ROOMY, NARROW)

    @property
    def bold(self) -> bool:
        """Is it set in bold type?"""
        return "hd" in self.class_.split()


@dataclass
class Placer:
    """Puts labels one by one where they cover least."""

    height: float
    segments: list[Segment] = field(default_factory=list)
    taken: list[tuple[float, Box]] = field(default_factory=list)

    def polyline(self, corners: Sequence[tuple[float, float]]) -> None:
        """Keep words off the line through these corners."""
        self.segments += [(*a, *b) for a, b in pairwise(corners)]

    def put(self, label: Label) -> Anchor:
        """The best of the label's places; it is taken from then on."""
        best, least = label.places[0], math.inf
        for rank, place in enumerate(label.places):
            cost = rank * LATER
            if cost >= least:
                break
            for width in label.widths:
                if cost < least:
                    cost += self._cost(place.box(label.words, width, label.bold), width)
            if cost < least:
                best, least = place, cost
        self.taken += [(w, best.box(label.words, w, label.bold)) for w in label.widths]
        return best

    def fit(self, label: Label) -> str:
        """The label written where it covers no other; for one width, or "", where it would."""
        free = [(w, (w,)) for w in label.widths if self._free(label, w)]
        if not free:
            return ""
        if len(free) < len(label.widths):
            only = "roomy" if free[0][0] == ROOMY else "narrow"
            label = Label(label.words, f"{label.class_} {only}", label.places, free[0][1])
        return written(label, self.put(label))

    def _free(self, label: Label, width: float) -> bool:
        boxes = [place.box(label.words, width, label.bold) for place in label.places]
        return any(
            not any(w == width and _common(box, other) for w, other in self.taken) for box in boxes
        )

    def _cost(self, box: Box, width: float) -> float:
        out = max(0.0, -6 - box[0]) + max(0.0, box[2] - width - 8)
        out += max(0.0, -4 - box[1]) + max(0.0, box[3] - self.height + 8)
        covered = sum(_common(box, other) for w, other in self.taken if w == width)
        crossed = sum(_crosses(segment, box, width) for segment in self.segments)
        return 12 * out + HIDDEN * covered + CROSSED * crossed


def _common(one: Box, two: Box) -> float:
    """Pixels that two rectangles have in common, with a margin."""
    across = min(one[2], two[2]) - max(one[0], two[0]) + 6
    down = min(one[3], two[3]) - max(one[1], two[1]) + 2
    return max(0.0, across) * max(0.0, down)


def _crosses(segment: Segment, box: Box, width: float) -> bool:
    """Does the line touch the rectangle? (Liang and Barsky's clipping.)"""
    x1, y1, x2, y2 = segment[0] * width / 100, segment[1], segment[2] * width / 100, segment[3]
    # Nearly every line lies wholly on one side, which is quick to see.
    if (x1 < box[0] and x2 < box[0]) or (x1 > box[2] and x2 > box[2]):
        return False
    if (y1 < box[1] and y2 < box[1]) or (y1 > box[3] and y2 > box[3]):
        return False
    begin, end = 0.0, 1.0
    for delta, near, far in (
        (x2 - x1, box[0] - x1, box[2] - x1),
        (y2 - y1, box[1] - y1, box[3] - y1),
    ):
        if delta == 0:
            if near > 0 or far < 0:
                return False
            continue
        first, last = sorted((near / delta, far / delta))
        begin, end = max(begin, first), min(end, last)
        if begin > end:
            return False
    return True


@dataclass(frozen=True)
class Placed:
    """Words in a row: where (percent) and how they are aligned there."""

    x: float
    words: str
    align: str = "middle"


def fitting(items: Iterable[tuple[float, str]], width: float, gap: float = 10.0) -> list[Placed]:
    """Of words centred at places in percent, given by importance, those that do not touch.

    Words that would reach beyond an edge of a row `width` pixels wide begin or end there.
    """
    kept: list[tuple[float, float]] = []
    found = []
    for place, words in items:
        half = len(words) * CHARACTER_BOLD / 2
        middle, align, x = place * width / 100, "middle", place
        if middle < half - EDGE:
            middle, align, x = half, "start", 0.0
        elif middle > width - half + EDGE:
            middle, align, x = width - half, "end", 100.0
        if all(abs(middle - other) >= half + wide + gap for other, wide in kept):
            kept.append((middle, half))
            found.append(Placed(x, words, align))
    return found


def row(
    wide: Sequence[Placed],
    narrow: Sequence[Placed],
    y: float,
    special: str = "",
    special_class: str = "m hd lbl",
) -> str:
    """Words in a row for both widths: once where they agree, else one for each width.

    `special` are the words set in bold, as the crossing on its axis.
    """
    parts = []
    for placed in dict.fromkeys([*wide, *narrow]):
        only = (
            "" if placed in wide and placed in narrow else " roomy" if placed in wide else " narrow"
        )
        named = special_class if placed.words == special else "lbl"
        words = escape(placed.words, quote=False)
        parts.append(text(placed.x, y, words, anchor=placed.align, class_=f"{named}{only}"))
    return "".join(parts)


def written(label: Label, at: Anchor) -> str:
    """The label's words at the place that was found for them."""
    words = escape(label.words, quote=False)
    return text(at.x, at.y, words, anchor=at.align, dx=at.dx or None, class_=label.class_)
