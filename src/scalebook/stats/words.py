"""Numbers as people read them: three significant digits, thousands separators, units."""

import functools
import math

__all__ = ["count", "duration", "listed", "number", "quantity", "ratio", "size"]


@functools.lru_cache(maxsize=10_000)
def number(value: float, digits: int = 3) -> str:
    """`value` to `digits` significant digits: 3412 is "3,410", 0.0123 "0.0123", 5.0 "5"."""
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    if abs(rounded) < 1e-6 or abs(rounded) >= 1e15:
        return f"{rounded:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: float) -> str:
    """A point of an axis in full: 10000 is "10,000", 0.5 "0.5"."""
    return f"{round(value):,}" if value == round(value) else f"{value:,.6g}"


def ratio(value: float) -> str:
    """A ratio: "1.6x", "22x", "1,230x"; near one with three digits, "1.02x"."""
    close = 0.9 < value < 1.2
    return f"{number(value, 3 if close or value >= 100 else 2)}x"


_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "bytes"))


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """`value` in the largest unit in which its rounded amount is at least one."""
    for scale, name in units:
        if abs(value) >= scale * 0.9995:
            return f"{number(value / scale)} {name}"
    scale, name = units[-1]
    return f"{number(value / scale)} {name}"


def duration(seconds: float) -> str:
    """Seconds as "1.3 ms", "250 us", "2.5 s"."""
    return "0 s" if seconds == 0 else _scaled(seconds, _SECONDS)


def size(amount: float) -> str:
    """Bytes as "12 KB" (of 1,000 bytes), "1 byte"."""
    return "1 byte" if amount == 1 else _scaled(amount, _BYTES)


def quantity(value: float, unit: str) -> str:
    """`value` in a figure's `unit`: "seconds" and "bytes" are scaled, others follow the number."""
    if unit == "seconds":
        return duration(value)
    if unit == "bytes":
        return size(value)
    if unit == "ratio":
        return ratio(value)
    return f"{number(value)} {unit}".rstrip()


def listed(words: list[str]) -> str:
    """Join words as in a sentence: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
