"""Tables: statistics of all variants along the axis, and engine counters at one point."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scalebook.book.pictures.reading import figure_of, point_of
from scalebook.book.pictures.svg import PictureError, breakable, el
from scalebook.book.pictures.words import amount, count, digits_for, interval
from scalebook.stats import words

if TYPE_CHECKING:
    from scalebook.results import Figure, Result

__all__ = ["counters", "table"]


def table(
    result: Result, *, op: str | None = None, stat: str = "median", figure: str | None = None
) -> str:
    """Variants by points: a statistic of an operation with intervals, or an exact figure."""
    if not result.points:
        raise PictureError(
            f"the result of {result.unit} holds no points", f"scalebook run {result.unit}"
        )
    variants = list(dict.fromkeys(v for record in result.points for v in record.variants))
    found: dict[tuple[str, int], Figure] = {}
    fault = None
    for i, record in enumerate(result.points):
        for variant in record.variants:
            try:
                found[variant, i] = figure_of(
                    record, variant, None if figure else op, figure or stat
                )
            except PictureError as error:
                fault = error
    if not found:
        raise fault or PictureError("no variant was measured", f"scalebook run {result.unit}")
    head = el("th", escape(result.axis or "", quote=False), scope="col") + "".join(
        el("th", breakable(name), class_="r mono", scope="col") for name in variants
    )
    rows = "".join(
        el(
            "tr",
            el("th", escape(count(record.point), quote=False), scope="row"),
            *(_cell(found.get((name, i)), name) for name in variants),
        )
        for i, record in enumerate(result.points)
    )
    return _framed(head, rows, f"{figure or f'{op} {stat}'} by {result.axis}")


def _cell(figure: Figure | None, name: str) -> str:
    if figure is None:
        return el("td", "–", class_="r dim", data_v=name)
    said = amount(figure.value, figure.unit, digits_for(figure.low, figure.high))
    bounds = interval(figure.value, figure.low, figure.high, figure.unit)
    small = el("small", bounds, class_="ci") if bounds not in ("", "exact") else ""
    return el("td", said, small, class_="r", data_v=name)


def _framed(head: str, rows: str, label: str) -> str:
    body = el("table", el("thead", el("tr", head)), el("tbody", rows), class_="figures")
    return el("div", body, class_="scroll", tabindex=0, role="region", aria_label=label)


def counters(result: Result, point: float | str | None) -> str:
    """What the engines counted, per operation where the unit says so, for every variant."""
    record = point_of(result, point)
    names = dict.fromkeys(n for held in record.variants.values() for n in held.evidence.counters)
    if not names:
        raise PictureError(
            f"no engine counter was read at {count(record.point)}",
            "counters come from trials of operations; use `table` for a lab's own figures",
        )
    head = el("th", "counted", scope="col") + "".join(
        el("th", breakable(name), class_="r mono", scope="col") for name in record.variants
    )
    rows = []
    for name in names:
        held = [v.evidence.counters.get(name) for v in record.variants.values()]
        unit = next((figure.unit for figure in held if figure), "")
        title = escape(name.replace(": ", " · "), quote=False)
        small = el("small", escape(unit, quote=False)) if unit else ""
        cells = [
            el("td", _counted(figure), class_="r" if figure else "r dim", data_v=variant)
            for variant, figure in zip(record.variants, held, strict=True)
        ]
        rows.append(el("tr", el("th", title, small, scope="row"), *cells))
    return _framed(head, "".join(rows), "Engine counters by variant")


def _counted(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return words.number(figure.value, 3)
