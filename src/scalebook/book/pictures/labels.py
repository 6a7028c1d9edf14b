"""Where words go on a chart: beside what they name, over nothing else, at both widths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["NARROW", "ROOMY", "Anchor", "Label", "Placer", "Segment", "fitting"]

ROOMY, NARROW = 800.0, 300.0
"""Widths of a chart in pixels for which places are sought: a page's, and a telephone's."""
CHARACTER, CHARACTER_BOLD, ABOVE, BELOW = 6.6, 7.2, 11.0, 4.0
HIDDEN, CROSSED, LATER = 4.0, 90.0, 7.0

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
        costs = [
            sum(self._cost(place.box(label.words, w, label.bold), w) for w in label.widths)
            + rank * LATER
            for rank, place in enumerate(label.places)
        ]
        best = label.places[costs.index(min(costs))]
        self.taken += [(w, best.box(label.words, w, label.bold)) for w in label.widths]
        return best

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


def fitting(
    items: Iterable[tuple[float, str]], width: float, gap: float = 10.0
) -> list[tuple[float, str]]:
    """Of words centred at places in percent, given by importance, those that do not touch."""
    kept: list[tuple[float, float]] = []
    found = []
    for place, words in items:
        half = len(words) * CHARACTER_BOLD / 2
        middle = place * width / 100
        if all(abs(middle - other) >= half + wide + gap for other, wide in kept):
            kept.append((middle, half))
            found.append((place, words))
    return found
