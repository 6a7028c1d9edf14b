"""Numbers on pictures: as many digits as the interval bears, units as a reader writes them."""

from __future__ import annotations

from scalebook.stats import Wording, words

__all__ = ["amount", "compact", "count", "digits_for", "interval", "rounded", "saved", "short"]

UNITS = {"s": "seconds", "relative error": "share"}
FIXED = "\u00a0"
"""A blank at which no line breaks."""


def digits_for(low: float | None, high: float | None) -> int:
    """Three significant digits where the bounds lie within 5 % of each other, otherwise two."""
    if low is None or high is None or low <= 0 or high <= 0:
        return 2
    return 3 if high / low < 1.05 else 2


def rounded(value: float, digits: int) -> float:
    """`value` to that many significant digits."""
    return float(words.number(value, digits).replace(",", "")) if value else 0.0


def amount(value: float, unit: str = "ratio", digits: int = 2) -> str:
    """A figure with its unit: "9.4×", "0.86 ms", "12,000/s", "12 KB", "0.58 %"."""
    unit = UNITS.get(unit, unit)
    if unit == "ratio":
        return f"{words.number(value, 3 if 0.9 < value < 1.2 else digits)}×"
    if unit == "seconds":
        said = words.duration(rounded(value, digits))
        return (f"{said[:-3]} µs" if said.endswith(" us") else said).replace(" ", FIXED)
    if unit == "bytes":
        return words.size(value).replace(" ", FIXED)
    if unit == "1/s":
        return f"{words.number(value, digits)}/s"
    if unit == "share":
        return f"{words.number(100 * value, digits)}{FIXED}%"
    return f"{words.number(value, max(digits, 3))}{FIXED}{unit}".rstrip()


def interval(low: float | None, high: float | None, unit: str = "ratio") -> str:
    """Bounds in brackets, their unit said once: "[8.9, 9.9]"; "exact", or "" for none."""
    if low is None or high is None:
        return ""
    if low == high:
        return "exact"
    digits = digits_for(low, high)
    if unit == "ratio":
        return f"[{words.number(low, digits)}, {words.number(high, digits)}]"
    first, second = amount(low, unit, digits), amount(high, unit, digits)
    head, _, tail = first.rpartition(FIXED)
    if head and second.endswith(f"{FIXED}{tail}"):
        first = head
    return f"[{first.removesuffix('/s')}, {second}]"


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
    wide = high - low > 0.02 * abs(value)
    return words.count(rounded(value, 2 if wide else 3))
