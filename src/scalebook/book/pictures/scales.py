"""Scales: from values to places, along the axis in percent and upwards in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scalebook.book.pictures.svg import PictureError

__all__ = ["Across", "Axis", "Height", "axis_of", "log_ticks", "nice_ticks"]

Kind = Literal["log", "linear", "label"]
INSET = 0.03
"""The share of the width that is left free beyond the first and the last point."""
LOG_FROM = 20.0
"""An axis without zero whose ends differ at least so much is drawn logarithmically."""


@dataclass(frozen=True)
class Axis:
    """The axis of a claim: `low` and `high` are its ends (labels stand at 0, 1, 2 ...)."""

    kind: Kind
    low: float
    high: float
    labels: tuple[str, ...] = ()

    def number(self, point: float | str) -> float:
        """The place of a point in units of the axis; of a label its index."""
        if self.kind != "label":
            return float(point)
        try:
            return float(self.labels.index(str(point)))
        except ValueError:
            raise PictureError(
                f"the axis has no label {point!r}", f"use one of {', '.join(self.labels)}"
            ) from None

    def place(self, point: float | str) -> float:
        """Percent from the left."""
        value = self.number(point)
        if self.kind == "log":
            return 100 * math.log(value / self.low) / math.log(self.high / self.low)
        return 100 * (value - self.low) / (self.high - self.low)


def axis_of(points: Sequence[float | str]) -> Axis:
    """The axis that suits these points, with a little room at both ends."""
    if not points:
        raise PictureError("there is no point to draw", "run the lab: scalebook run")
    if any(isinstance(point, str) for point in points):
        labels = tuple(str(point) for point in points)
        return Axis("label", -0.5, len(labels) - 0.5, labels)
    numbers = [float(point) for point in points]
    low, high = min(numbers), max(numbers)
    if low == high:
        return Axis("label", -0.5, 0.5, (str(points[0]),))
    if low > 0 and high / low >= LOG_FROM:
        room = (high / low) ** (INSET / (1 - 2 * INSET))
        return Axis("log", low / room, high * room)
    room = (high - low) * INSET / (1 - 2 * INSET)
    return Axis("linear", low - room, high + room)


@dataclass(frozen=True)
class Height:
    """A vertical scale, `pixels` high, `high` at the top (y = 0)."""

    pixels: float
    low: float
    high: float
    log: bool = True

    def y(self, value: float) -> float:
        """Pixels from the top; what lies outside is drawn at the edge."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.pixels * (1 - share)

    def ticks(self, most: int = 6) -> list[float]:
        """Values for hairlines."""
        if self.log:
            return log_ticks(self.low, self.high, most)
        return nice_ticks(self.low, self.high, most)


@dataclass(frozen=True)
class Across:
    """A horizontal scale in percent, from `low` to `high`."""

    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """Percent; what lies outside is drawn at the edge."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return 100 * math.log(value / self.low) / math.log(self.high / self.low)
        return 100 * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Values for hairlines."""
        return (log_ticks if self.log else nice_ticks)(self.low, self.high, 6)


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values between `low` and `high`: the finest of 1-2-5, 1-3 and powers that fits."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [s * 10.0**k for k in range(first, last + 1) for s in steps]
        found = [v for v in found if low * 0.999 <= v <= high * 1.001]
        if len(found) <= most:
            break
    while len(found) > most:
        found = found[::2]
    return found if len(found) > 1 else nice_ticks(low, high, most)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values at equal distances between `low` and `high`."""
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
