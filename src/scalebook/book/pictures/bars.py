"""Bars and ratios: all variants at one point, with intervals and the claim through all of them."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.book.pictures.labels import NARROW, ROOMY, fitting, row
from scalebook.book.pictures.reading import at_point, claim_ratio, claimed, figure_of, point_of
from scalebook.book.pictures.scales import Across
from scalebook.book.pictures.svg import (
    PictureError,
    circle,
    el,
    frame,
    line,
    pct,
    text,
    tspan,
    whisker,
)
from scalebook.book.pictures.words import amount, count, digits_for, interval

if TYPE_CHECKING:
    from scalebook.results import RatioRecord, Result

__all__ = ["bars", "ratios"]

STEP, TOP = 54, 16
LOG_FROM = 25.0
"""Figures that differ more than this are drawn as dots on a logarithmic scale, not as bars."""


@dataclass(frozen=True)
class _Row:
    """One line of the picture: name, remark, figure with its bounds, words."""

    name: str
    remark: str
    value: float
    low: float
    high: float
    said: str
    bounds: str
    class_: str = "bar-ink"


def bars(
    result: Result, point: float | str | None, op: str | None, stat: str, *, id: str = ""
) -> str:
    """A statistic ("median", "throughput"; without `op` a lab's own figure) of every variant.

    From zero as bars; where they differ more than 25 times, as dots on a logarithmic scale.
    """
    record = point_of(result, point)
    found = {}
    missing = None
    for name in record.variants:
        try:
            found[name] = figure_of(record, name, op, stat)
        except PictureError as error:
            missing = error
    if not found:
        raise missing or PictureError(
            f"no variant was measured at {count(record.point)}", f"scalebook run {result.unit}"
        )
    rows = []
    technique = result.verdict.technique
    for name, figure in found.items():
        low = figure.value if figure.low is None else figure.low
        high = figure.value if figure.high is None else figure.high
        digits = digits_for(figure.low, figure.high)
        rows.append(
            _Row(
                name,
                "",
                figure.value,
                low,
                high,
                amount(figure.value, figure.unit, digits),
                interval(figure.value, figure.low, figure.high, figure.unit),
                "m" if name == technique else "bar-ink",
            )
        )
    unit = next(iter(found.values())).unit
    values = [row.value for row in rows if row.value > 0]
    log = len(values) == len(rows) and max(values) / min(values) > LOG_FROM
    most = max(max(row.value, min(row.high, 2 * row.value)) for row in rows) or 1.0
    low = min(max(row.low, row.value / 2) for row in rows) / 1.5 if log else 0.0
    across = Across(low, most * ((most / low) ** 0.3 if log else 1.3), log)
    what = f"{op} {stat}" if op else stat
    title = f"{what} at {at_point(result, record.point)}: " + "; ".join(
        f"{r.name} {r.said}" for r in rows
    )
    return _draw(rows, across, title, id=id, unit=unit)


def ratios(
    result: Result, point: float | str | None, *, technique: str | None = None, id: str = ""
) -> str:
    """How many times better than the baseline each variant is, as the claim measures it.

    With `technique`: that one over every other variant, so that the baselines can be compared.
    """
    record = point_of(result, point)
    claim = claim_ratio(record)
    if claim is None:
        raise PictureError(
            f"no ratio of the claim could be had at {count(record.point)}",
            "draw the statistic with `bars`, or take another point",
        )
    chosen = [
        ratio
        for ratio in record.ratios
        if (ratio.op, ratio.statistic, ratio.kind) == (claim.op, claim.statistic, claim.kind)
        and (ratio.technique == technique if technique else ratio.over == claim.over)
        and ratio.value
    ]
    if not chosen:
        known = ", ".join(dict.fromkeys(ratio.technique for ratio in record.ratios))
        raise PictureError(f"no ratio of {technique}", f"use one of {known}")
    rows = [_ratio_row(ratio, technique, claim.technique) for ratio in chosen]
    factor = result.verdict.factor
    values = [row.value for row in rows]
    lows = [max(row.low, row.value / 2) for row in rows]
    highs = [min(row.high, row.value * 2) for row in rows]
    least, most = min([1.0, *lows]), max([2.0, *values, *highs, factor or 1.0])
    across = Across(least if least == 1.0 else least / 1.15, most * (most / least) ** 0.26, True)
    claim_said = None if factor is None else (factor, claimed(result))
    title = f"Times better at {at_point(result, record.point)}: " + "; ".join(
        f"{row.name} {row.remark} {row.said}" for row in rows
    )
    return _draw(rows, across, title, id=id, unit="ratio", claim=claim_said)


def _ratio_row(ratio: RatioRecord, technique: str | None, claimed_by: str) -> _Row:
    value = ratio.value or 0.0
    low = value if ratio.low is None else ratio.low
    high = value if ratio.high is None else ratio.high
    name, remark = (ratio.over, f"{ratio.technique} over it")
    if technique is None:
        name, remark = (ratio.technique, f"over {ratio.over}")
    digits = 3 if low == high else digits_for(low, high)
    said = amount(value, "ratio", digits)
    class_ = "m" if ratio.technique == claimed_by else "bar-ink"
    return _Row(
        name, remark, value, low, high, said, interval(value, ratio.low, ratio.high), class_
    )


def _draw(
    rows: Sequence[_Row],
    across: Across,
    title: str,
    *,
    id: str,
    unit: str,
    claim: tuple[float, str] | None = None,
) -> str:
    height = STEP * len(rows)
    parts = _grid(across, height, unit, claim)
    for i, entry in enumerate(rows):
        parts += _line(entry, across, TOP + i * STEP, dots=across.log and unit != "ratio")
    return el("div", frame(height, title, parts, id=id), class_="plot bars")


def _grid(across: Across, height: float, unit: str, claim: tuple[float, str] | None) -> str:
    parts, names, said = [], [], ""
    if claim is not None:
        x = across.place(claim[0])
        parts.append(line(x, -6, x, height, "claim-line"))
        said = f"claimed {claim[1]}"
        names.append((x, said))
    values = across.ticks()
    for value in values:
        x = across.place(value)
        even = unit == "ratio" and value == 1
        parts.insert(0, line(x, 0, x, height, "grid even" if even else "grid"))
        names.append((x, "0" if value == 0 else amount(value, unit, 3)))
    parts.append(row(fitting(names, ROOMY), fitting(names, NARROW), height + 18, said, "c hd lbl"))
    return "".join(parts)


def _line(entry: _Row, across: Across, y: float, *, dots: bool) -> str:
    """Name above, bar or dot below, the whisker in ink, the figure at its end."""
    middle = y + 13.5
    start, low, at, high = (
        across.place(v)
        for v in (
            1.0 if not dots and across.log else across.low,
            entry.low,
            entry.value,
            entry.high,
        )
    )
    name = tspan(entry.name, class_="mono hd i")
    remark = tspan(entry.remark, dx=8, class_="roomy") if entry.remark else ""
    parts = [el("text", name, remark, class_="lbl", y=y)]
    if dots:
        parts.append(line(0, middle, at, middle, "grid"))
    else:
        left, right = sorted((start, at))
        parts.append(
            el("rect", x=pct(left), y=y + 9, width=pct(right - left), height=9, class_=entry.class_)
        )
    if entry.high > entry.low:
        parts.append(whisker(low, high, middle, "ink-whisk"))
    if dots:
        parts.append(circle(at, middle, 4.5, "dot" if entry.class_ == "m" else "dot ink"))
    class_ = "m hd" if entry.class_ == "m" else "hd i"
    said = tspan(entry.said, class_=class_) + (tspan(entry.bounds, dx=6) if entry.bounds else "")
    far = max(high, at, start)
    room = far < 100 - 100 * (len(entry.said) + len(entry.bounds) + 3) * 7.2 / ROOMY
    end = text(far, y + 18.5, said, dx=9, class_="lbl roomy") if room else ""
    above = text(100, y, said, anchor="end", class_="lbl narrow" if room else "lbl")
    return "".join(parts) + end + above
