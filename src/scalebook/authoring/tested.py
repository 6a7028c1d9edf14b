"""What a result says of a published claim: its curve, its decisive point, where it is true."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scalebook.authoring import words
from scalebook.book import PublishedClaim
from scalebook.book.pictures.flags import kept_flags
from scalebook.book.pictures.svg import PictureError
from scalebook.results import PointRecord, RatioRecord, Result
from scalebook.stats.words import count, number

__all__ = ["CurvePoint", "Measured", "curve_of", "decisive", "where_true"]


@dataclass(frozen=True)
class CurvePoint:
    """The claim at one point of its axis.

    `value` is the measured ratio, `share` that over the claimed one; of a promise there is only
    `kept`, None where the result does not tell.
    """

    at: float | str
    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    side: str | None = None
    kept: bool | None = None


@dataclass(frozen=True)
class Measured:
    """Our figure at the point that decides: the one nearest the claim; `why` says so in words.

    `share` is measured over published, with its interval.
    """

    value: float
    low: float | None
    high: float | None
    text: str
    interval: str
    at: str
    why: str
    kind: str
    share: float
    share_low: float | None
    share_high: float | None


def curve_of(result: Result) -> tuple[CurvePoint, ...]:
    """The claim along the axis of its lab."""
    return tuple(_curve_point(result, point) for point in result.points)


def decisive(result: Result, claim: PublishedClaim) -> Measured | None:
    """The claim's figure nearest the published one; None for a promise."""
    factor = result.verdict.factor
    measured = [
        (ratio, point)
        for point in result.points
        if (ratio := _claimed_ratio(point)) is not None and ratio.value and ratio.value > 0
    ]
    if not factor or factor < 0 or not measured:
        return None
    ratio, point = min(measured, key=lambda pair: abs(math.log(_value(pair[0]) / factor)))
    value = _value(ratio)
    values = [_value(each) for each, _ in measured]
    return Measured(
        value=value,
        low=ratio.low,
        high=ratio.high,
        text=words.amount(value, claim),
        interval=words.interval(ratio.low, ratio.high, claim),
        at=words.axis_point(point.point, result.axis),
        why=_why(value, values, factor),
        kind=ratio.kind,
        share=value / factor,
        share_low=None if ratio.low is None else ratio.low / factor,
        share_high=None if ratio.high is None else ratio.high / factor,
    )


def where_true(result: Result, claim: PublishedClaim) -> str:
    """Where along the axis the claim is true: "from 503,000 rows [391,000, 671,000]"."""
    verdict = result.verdict
    way = {"holds-from": "from", "holds-up-to": "up to"}.get(verdict.state)
    if way and verdict.crossing:
        found = verdict.crossing
        at = f"{way} {number(found.at)} {result.axis or ''}".rstrip()
        if verdict.factor is None:  # A promise was tried at points, and nothing lies between.
            return at
        return f"{at} [{number(found.low)}, {number(found.high)}]"
    if way:
        return _labels(result, way)
    best = decisive(result, claim)
    if verdict.state == "never" and best:
        return f"best {best.text} at {best.at}"
    if verdict.state == "unresolved" and best:
        return f"too close to call at {best.at}"
    if verdict.state == "holds":
        return f"everywhere tried, {_extent(result)}" if len(result.points) > 1 else "as tried"
    return verdict.reason


def _claimed_ratio(point: PointRecord) -> RatioRecord | None:
    """The ratio that the verdict is about, at one point."""
    return next((ratio for ratio in point.ratios if ratio.claim), None)


def _value(ratio: RatioRecord) -> float:
    assert ratio.value is not None
    return ratio.value


def _curve_point(result: Result, point: PointRecord) -> CurvePoint:
    at, factor = point.point, result.verdict.factor
    label = at if isinstance(at, str) else count(at)
    ratio = _claimed_ratio(point)
    if not factor or ratio is None:
        return CurvePoint(at, label, side=point.side, kept=_kept(result, at))
    share = ratio.value / factor if ratio.value is not None else None
    return CurvePoint(at, label, ratio.value, ratio.low, ratio.high, share, point.side)


def _kept(result: Result, at: float | str) -> bool | None:
    """Did the technique keep its promise here? As far as the record tells."""
    if result.verdict.metric != "invariant":
        return None
    try:
        return dict(kept_flags(result)).get(at)
    except PictureError:
        return None


def _why(value: float, values: list[float], factor: float) -> str:
    if len(values) == 1:
        return "the only point"
    if value == max(values) and value < factor:
        return "the largest"
    if value == min(values) and value > factor:
        return "the smallest"
    return "nearest the claim"


def _labels(result: Result, way: str) -> str:
    """An axis of labels has no crossing; the first or last point where the claim is true."""
    curve = curve_of(result)
    true = [point.at for point in curve if point.kept or point.side == "above"]
    if not true:
        return result.verdict.reason
    return f"{way} {words.axis_point(true[0 if way == 'from' else -1], result.axis)}"


def _extent(result: Result) -> str:
    first, last = result.points[0].point, result.points[-1].point
    if isinstance(first, str) or isinstance(last, str):
        return f"{first} to {last}"
    return f"{count(first)} to {count(last)} {result.axis or ''}".rstrip()
