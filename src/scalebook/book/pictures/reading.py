"""What the pictures read from a result: points, the claim's ratios, statistics; with remedies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.book.pictures.svg import PictureError
from scalebook.book.pictures.words import amount, count, digits_for, saved

if TYPE_CHECKING:
    from scalebook.results import Figure, PointRecord, RatioRecord, Result

__all__ = [
    "Ratio",
    "at_point",
    "claim_ratio",
    "claim_ratios",
    "claimed",
    "engine_ratios",
    "figure_of",
    "floor_corrected",
    "point_of",
    "variants_of",
]


@dataclass(frozen=True)
class Ratio:
    """A ratio at a point; `low` and `high` are None where nothing bounds it."""

    point: float | str
    value: float
    low: float | None
    high: float | None
    side: str | None = None
    note: str = ""

    @property
    def exact(self) -> bool:
        """No noise touches it: the interval is the value."""
        return self.low == self.high == self.value

    @property
    def bounds(self) -> tuple[float, float]:
        """Interval, or the value twice."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )

    def says(self) -> str:
        """As a reader writes it: "9.4×"."""
        digits = 3 if self.exact else digits_for(self.low, self.high)
        return amount(self.value, "ratio", digits)


def point_of(result: Result, point: float | str | None) -> PointRecord:
    """The record of that point; the only one where None is given."""
    if not result.points:
        raise PictureError(
            f"the result of {result.unit} holds no points", f"scalebook run {result.unit}"
        )
    if point is None and len(result.points) == 1:
        return result.points[0]
    for record in result.points:
        if point is not None and (record.point == point or str(record.point) == str(point)):
            return record
    known = ", ".join(count(record.point) for record in result.points)
    what = "which point is not said" if point is None else f"no point {count(point)}"
    raise PictureError(
        f"{what} on the axis '{result.axis}' of {result.unit}", f"use one of {known}"
    )


def variants_of(record: PointRecord) -> list[str]:
    """Names of the variants in the lab's order, the baseline first."""
    return list(record.variants)


def claim_ratio(record: PointRecord) -> RatioRecord | None:
    """The ratio that the verdict is about, where it could be had."""
    marked = (ratio for ratio in record.ratios if ratio.claim)
    return next((ratio for ratio in marked if ratio.value is not None), None)


def claim_ratios(result: Result) -> list[Ratio]:
    """The claim's ratio at every point that has it, in the axis's order."""
    found = [(p, r) for p in result.points if (r := claim_ratio(p)) and r.value and r.value > 0]
    return [Ratio(p.point, r.value or 0.0, r.low, r.high, p.side) for p, r in found]


def _alike(result: Result, kind: str) -> list[Ratio]:
    """Ratios of the claim's two variants of another kind, one per point at most."""
    found = []
    for record in result.points:
        claim = claim_ratio(record)
        for ratio in record.ratios if claim else ():
            same = claim and (ratio.op, ratio.technique, ratio.over) == (
                claim.op,
                claim.technique,
                claim.over,
            )
            if same and ratio.kind == kind and ratio.value and ratio.value > 0:
                found.append(
                    Ratio(record.point, ratio.value, ratio.low, ratio.high, note=ratio.note)
                )
                break
    return found


def engine_ratios(result: Result) -> list[Ratio]:
    """The engine alone: the same comparison by a native generator or by counters."""
    return _alike(result, "engine")


def floor_corrected(result: Result) -> list[Ratio]:
    """The same comparison with the client's floor taken off both sides."""
    return _alike(result, "floor-corrected")


def claimed(result: Result) -> str:
    """The claimed factor in words: "22×", "99.6 % saved"."""
    verdict = result.verdict
    if verdict.factor is None:
        return verdict.claim
    if verdict.metric == "saving":
        return f"{saved(verdict.factor)} saved"
    return amount(verdict.factor, "ratio", 3)


def at_point(result: Result, point: float | str) -> str:
    """A point with the axis's name: "1,000 rows", "isolation level 'serializable'"."""
    if isinstance(point, str):
        return f"{result.axis} '{point}'"
    return f"{count(point)} {result.axis or ''}".strip()


def figure_of(record: PointRecord, variant: str, op: str | None, stat: str) -> Figure:
    """A statistic of a variant: "page median", or a lab's own figure such as "memory"."""
    if variant not in record.variants:
        raise PictureError(
            f"no variant {variant} at {count(record.point)}",
            f"use one of {', '.join(record.variants)}",
        )
    held = record.variants[variant]
    name = f"{op} {stat}" if op else stat
    known = {**held.evidence.figures, **held.statistics}
    found = known.get(name)
    if found is None:
        listed = ", ".join(sorted(known)) or "nothing"
        raise PictureError(
            f"{variant} has no '{name}' at {count(record.point)}", f"it has: {listed}"
        )
    evidence = held.evidence.figures.get(name)
    return evidence if evidence is not None and evidence.unit else found
