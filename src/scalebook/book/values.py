"""Numbers as a page shows them: as many digits as the interval allows, in a fitting unit."""

from __future__ import annotations

from dataclasses import dataclass

from scalebook.results import AxisValue, Result
from scalebook.stats.words import count, number

__all__ = [
    "Scale",
    "digits_of",
    "interval_text",
    "point_text",
    "scale_of",
    "unstable",
    "value_text",
    "verdict_words",
]

WIDEST = 2.0
"""An interval whose ends are further apart than this factor makes a number unstable."""


@dataclass(frozen=True)
class Scale:
    """How values of a unit are written: times `factor`, with `after` behind the number."""

    factor: float = 1.0
    after: str = ""

    def text(self, value: float, digits: int) -> str:
        """The number with its unit."""
        return f"{self.bare(value, digits)}{self.after}"

    def bare(self, value: float, digits: int) -> str:
        """The number alone."""
        return number(value * self.factor, digits).replace("-", "\u2212", 1)


_SHARES = ("relative error", "share", "fraction", "percent")
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"))


def scale_of(value: float, unit: str) -> Scale:
    """The scale that fits a value in a figure's `unit`: seconds as ms, bytes as KB, shares as %.

    What a unit says only of the way of counting ("per operation") is left to the text.
    """
    size = abs(value)
    if unit in ("s", "seconds"):
        if size >= 0.9995:
            return Scale(1, " s")
        return Scale(1e3, " ms") if size >= 1e-5 or size == 0 else Scale(1e6, " µs")
    if unit == "1/s":
        return Scale(1, "/s")
    if unit == "ratio":
        return Scale(1, "×")
    if unit.startswith(_SHARES):
        return Scale(100, " %")
    if unit == "bytes":
        fitting = ((1 / amount, f" {name}") for amount, name in _BYTES if size >= amount * 0.9995)
        return Scale(*next(fitting, (1, " byte" if value == 1 else " bytes")))
    return Scale() if unit.startswith("per ") or not unit else Scale(1, f" {unit}")


def digits_of(low: float | None, high: float | None) -> int:
    """Significant digits: three where the bounds lie within 5 % of each other, otherwise two."""
    if low is None or high is None:
        return 2
    if low == high:
        return 3
    return 3 if 0 < high <= 1.05 * low else 2


def value_text(value: float, low: float | None, high: float | None, unit: str) -> str:
    """A value as the text shows it, such as "0.86 ms" or "9.4×"; near 1 a ratio has 3 digits."""
    near_one = unit == "ratio" and 0.9 < value < 1.2
    return scale_of(value, unit).text(value, 3 if near_one else digits_of(low, high))


def interval_text(value: float, low: float | None, high: float | None, unit: str) -> str:
    """The interval in the same unit as the value, such as "[0.83, 0.89]"; "" where none is."""
    if low is None or high is None:
        return ""
    scale, digits = scale_of(value, unit), digits_of(low, high)
    return f"[{scale.bare(low, digits)}, {scale.bare(high, digits)}]"


def unstable(low: float | None, high: float | None) -> str:
    """Why a number is unstable, in words; "" for one that is not."""
    if low is None or high is None:
        return "it has no interval"
    if low == high:
        return ""
    if min(low, high) <= 0 <= max(low, high):
        return "its interval reaches zero"
    near, far = sorted((abs(low), abs(high)))
    factor = far / near
    return f"its interval spans a factor of {number(factor, 2)}" if factor > WIDEST else ""


def verdict_words(result: Result) -> str:
    """The verdict in words: "holds from 2,630 reviews per product", "never holds"."""
    verdict = result.verdict
    if verdict.state == "unresolved":
        return "unresolved"
    if verdict.state == "never":
        return "never holds"
    if verdict.state == "holds":
        return "holds"
    word = "holds from" if verdict.state == "holds-from" else "holds up to"
    crossing = verdict.crossing
    if crossing is not None:
        at, low, high = crossing.at, crossing.low, crossing.high
        where = count(at) if at in (low, high) else value_text(at, low, high, "")
        return f"{word} {where} {result.axis or ''}".rstrip()
    edge = _edge(result)
    return f"{word} {point_text(edge, result.axis) if edge is not None else 'a point of the axis'}"


def point_text(point: AxisValue, axis: str | None) -> str:
    """A point in words: "1,000 reviews per product", "isolation level serializable"."""
    if isinstance(point, str):
        return f"{axis} {point}" if axis else point
    return f"{count(point)} {axis or ''}".rstrip()


def _edge(result: Result) -> AxisValue | None:
    """The first or the last point where a claim without a crossing is true."""
    from scalebook.book.pictures.flags import kept_flags
    from scalebook.book.pictures.svg import PictureError

    try:
        true = [point for point, kept in kept_flags(result) if kept]
    except PictureError:
        return None
    if not true:
        return None
    return true[0] if result.verdict.state == "holds-from" else true[-1]
