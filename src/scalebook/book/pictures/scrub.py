"""The handle on the axis: a range input whose data lets the site's script read the curve off."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from scalebook.book.pictures.reading import Ratio
from scalebook.book.pictures.scales import Axis, Height
from scalebook.book.pictures.svg import el, verdict_word
from scalebook.book.pictures.words import count, interval

if TYPE_CHECKING:
    from scalebook.results import VerdictRecord

__all__ = ["Handle", "scrubber"]

STEPS = 1000
FINER = 5
"""Significant digits of the numbers that the script interpolates between."""
AFTER = {
    "speedup": ("is", "faster than {}"),
    "saving": ("takes", "less than {}"),
    "throughput": ("reaches", "the throughput of {}"),
    "latency": ("is", "sooner than {}"),
    "ratio": ("is", "better than {}"),
}
SAID = {
    "holds": "the claim is true here",
    "never": "the claim is false here",
    "unresolved": "too close to call",
}


@dataclass(frozen=True)
class Handle:
    """What the handle reads: a curve and its claim."""

    axis: Axis
    height: Height
    ratios: Sequence[Ratio]
    verdict: VerdictRecord
    name: str

    @property
    def say(self) -> tuple[str, str]:
        """Words before and after a ratio: "CacheAside is", "faster than DatabaseOnly"."""
        verb, after = AFTER.get(self.verdict.metric or "ratio", AFTER["ratio"])
        return f"{self.verdict.technique} {verb}", after.format(self.verdict.over)

    def data(self) -> dict[str, object]:
        """All that the script needs, as JSON."""
        say, after = self.say
        return {
            "scale": self.axis.kind,
            "x": [_brief(self.axis.low), _brief(self.axis.high)],
            "y": [_brief(self.height.low), _brief(self.height.high)],
            "yscale": "log" if self.height.log else "linear",
            "h": self.height.pixels,
            "points": [self._point(ratio) for ratio in self.ratios],
            "labels": [count(ratio.point) for ratio in self.ratios],
            "claim": self.verdict.factor,
            "below": False,
            "axis": self.name,
            "say": say,
            "unit": "×",
            "after": after,
        }

    def _point(self, ratio: Ratio) -> list[float | None]:
        low, high = (None, None) if ratio.exact else (ratio.low, ratio.high)
        numbers = (self.axis.number(ratio.point), low, ratio.value, high)
        return [None if n is None else _brief(n) for n in numbers]

    def state(self, ratio: Ratio) -> str:
        """holds, never or unresolved at a point."""
        low, high = ratio.bounds
        factor = self.verdict.factor or 1.0
        if ratio.side is not None:
            return {"above": "holds", "below": "never"}.get(ratio.side, "unresolved")
        return "holds" if low > factor else "never" if high < factor else "unresolved"


def _brief(value: float) -> float:
    if not value or not math.isfinite(value):
        return 0.0
    return round(value, FINER - 1 - math.floor(math.log10(abs(value))))


def scrubber(handle: Handle, *, id: str) -> str:
    """The input over the axis, and the sentence for the point where it starts."""
    first = handle.ratios[1]
    value = round(STEPS * handle.axis.place(first.point) / 100)
    put = el(
        "input",
        type="range",
        id=f"{id}-r",
        min=0,
        max=STEPS,
        value=value,
        aria_describedby=f"{id}-o",
    )
    label = el("label", escape(handle.name, quote=False), class_="sr", for_=f"{id}-r")
    sentence = el("output", _sentence(handle, first), id=f"{id}-o", for_=f"{id}-r")
    data = json.dumps(handle.data(), ensure_ascii=False, separators=(",", ":"))
    return el("div", label, put, sentence, class_="scrub", data_for=id, data_curve=data)


def _sentence(handle: Handle, ratio: Ratio) -> str:
    say, after = (escape(words, quote=False) for words in handle.say)
    state = handle.state(ratio)
    at = el("b", escape(count(ratio.point), quote=False))
    name = escape(handle.name, quote=False)
    where = f"{at}: {say}" if handle.axis.kind == "label" else f"With {at} {name} {say}"
    bounds = interval(ratio.value, ratio.low, ratio.high)
    shown = el("span", bounds, class_="ci") + " " if bounds else ""
    number = el("span", ratio.says(), class_="num")
    return f"{where} {number} {shown}{after}: {verdict_word(state, SAID[state])}."
