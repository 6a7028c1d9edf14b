"""A reader's run beside the reference: what it says of it, and both ratios on one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scalebook.results import Result, compare
from scalebook.results.figures import RatioRecord
from scalebook.stats import words

__all__ = ["Outcome", "Plot", "Plotted", "claim_ratio", "outcome"]

GLYPHS = {
    "reproduced": "reproduced",
    "weaker": "weaker",
    "contradicted": "contradicted",
    "other environment": "other",
    "other lab": "other",
}
TONES = {"reproduced": "kept", "contradicted": "never"}


@dataclass(frozen=True)
class Plotted:
    """One ratio on the axis, in percent of its width; `text` and `interval` as they are read."""

    name: str
    text: str
    interval: str
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Plot:
    """Ratios at one point of the axis: rows, the claimed factor and ticks as (text, place)."""

    point: str
    rows: tuple[Plotted, ...]
    claim: tuple[str, float] | None
    ticks: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Outcome:
    """What a run says of the reference; `seconds` is how long it took, `plot` its claim's ratio."""

    word: str
    glyph: str
    tone: str
    reason: str
    run: str
    started: str
    budget: str
    seconds: float
    pairs: int
    noisy: bool
    interrupted: bool
    valid: bool
    verdict: str
    changed: tuple[str, ...]
    """Constants that were set for this run, as NAME=value."""
    plot: Plot | None


def outcome(run: Result, reference: Result | None, names: frozenset[str]) -> Outcome:
    """Compare a stored run with the reference; without one there is nothing to compare.

    `names` are the lab's constants: of the run's settings only these are told.
    """
    word, reason = "no reference", "This lab has no reference run yet."
    if reference is not None:
        found = compare(run, reference)
        word, reason = found.outcome, found.reason
    return Outcome(
        word=word,
        glyph=GLYPHS.get(word, "untested"),
        tone=TONES.get(word, "unresolved"),
        reason=reason,
        run=run.run,
        started=run.started.isoformat(),
        budget=run.budget,
        seconds=(run.finished - run.started).total_seconds(),
        pairs=max((r.pairs for p in run.points for r in p.ratios if r.claim), default=0),
        noisy=run.noisy,
        interrupted=run.interrupted,
        valid=run.validity.valid,
        verdict=run.verdict.reason,
        changed=tuple(f"{n}={v}" for n, v in run.settings.items() if n in names),
        plot=_plot(run, reference),
    )


def claim_ratio(result: Result | None, point: object) -> RatioRecord | None:
    """The ratio that the verdict is about, at a point; None where it was not resolved."""
    for record in result.points if result else ():
        if record.point == point:
            for ratio in record.ratios:
                if ratio.claim and ratio.value is not None and ratio.value > 0:
                    return ratio
    return None


def _common(run: Result, reference: Result | None) -> tuple[object, list[tuple[str, RatioRecord]]]:
    """The last point at which both have the claim's ratio, else the last of the run's own."""
    both, own = None, None
    for record in run.points:
        mine, theirs = claim_ratio(run, record.point), claim_ratio(reference, record.point)
        if mine is not None:
            own = (record.point, [("yours", mine)])
        if mine is not None and theirs is not None:
            both = (record.point, [("reference", theirs), ("yours", mine)])
    return both or own or ("", [])


def _plot(run: Result, reference: Result | None) -> Plot | None:
    """Both ratios, the claim and the ticks on one logarithmic axis; None without a ratio."""
    point, pair = _common(run, reference)
    factor = run.verdict.factor
    ends = [
        bound
        for _, ratio in pair
        for bound in (ratio.low, ratio.value, ratio.high)
        if bound is not None and bound > 0
    ]
    if not ends:
        return None
    ends += [factor] if factor else []
    scale = _Scale(min(ends) / 1.3, max(ends) * 1.3)
    return Plot(
        point=words.count(point) if isinstance(point, int | float) else str(point),
        rows=tuple(_row(name, ratio, scale) for name, ratio in pair),
        claim=(_times(factor), scale.place(factor)) if factor else None,
        ticks=tuple((_times(tick), scale.place(tick)) for tick in scale.ticks()),
    )


@dataclass(frozen=True)
class _Scale:
    """A logarithmic axis."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where a value lies, in percent of the width."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def ticks(self) -> list[float]:
        """Round values inside, at most four: powers of ten, or 1, 2 and 5 on a short axis."""
        tens = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        fine = [m * 10.0**e for e in tens for m in (1, 2, 5)]
        inside = [tick for tick in fine if self.low <= tick <= self.high]
        whole = [tick for tick in inside if math.log10(tick) == round(math.log10(tick))]
        chosen = inside if len(inside) <= 4 else whole or inside
        return chosen[:: math.ceil(len(chosen) / 4)] if chosen else []


def _row(name: str, ratio: RatioRecord, scale: _Scale) -> Plotted:
    value = ratio.value or 1.0
    low = ratio.low if ratio.low and ratio.low > 0 else value
    high = ratio.high if ratio.high and ratio.high > 0 else value
    bounded = low < value < high
    return Plotted(
        name=name,
        text=_times(value),
        interval=f"[{words.number(low, 2)}, {words.number(high, 2)}]" if bounded else "",
        middle=scale.place(value),
        low=scale.place(low),
        high=scale.place(high),
    )


def _times(value: float) -> str:
    """A ratio as pages write it."""
    return words.ratio(value).removesuffix("x") + "×"
