"""Numbers on pictures, by the rules of the text: digits that the interval bears, one unit."""

from __future__ import annotations

from scalebook.book.values import digits_of, interval_text, scale_of
from scalebook.stats import Wording, words

__all__ = ["amount", "compact", "count", "digits_for", "interval", "saved", "short"]

FIXED = "\u00a0"
"""A blank at which no line breaks."""


def digits_for(low: float | None, high: float | None) -> int:
    """Significant digits that the bounds allow."""
    return digits_of(low, high)


def amount(value: float, unit: str = "ratio", digits: int = 2) -> str:
    """A figure with its unit: "9.4×", "0.86 ms", "12,000/s", "12.4 KB", "0.58 %"."""
    if unit == "ratio" and 0.9 < value < 1.2:
        digits = 3
    return scale_of(value, unit).text(value, digits).replace(" ", FIXED)


def interval(value: float, low: float | None, high: float | None, unit: str = "ratio") -> str:
    """The bounds in the unit of `value`: "[8.9, 9.9]"; "exact", or "" for none."""
    if low is not None and low == high:
        return "exact"
    return interval_text(value, low, high, unit)


def saved(ratio: float) -> str:
    """What a ratio of over / technique saves: 250 is "99.6 %"."""
    return Wording("", "", "", 1, "saving").amount(ratio).replace(" ", FIXED)


def count(value: float | str) -> str:
    """A point of an axis in full: "10,000", "0.5", "serializable"."""
    return value if isinstance(value, str) else words.count(value)


def compact(value: float | str) -> str:
    """A point of an axis where space is short: "10k", "1M"."""
    if isinstance(value, str):
        return value
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{words.number(value / size, 3)}{sign}"
    return words.count(value)


def short(value: float, low: float, high: float) -> str:
    """A place between `low` and `high`, to as many digits as these bear: "2,630"."""
    return words.number(value, digits_of(low, high)) if low < high else words.count(value)
