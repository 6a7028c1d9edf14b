"""The tables of a report: figures per point, ratios of every kind, exact evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scalebook.results import AxisValue, Evidence, Figure, PointRecord, RatioRecord, Result
from scalebook.stats import words

__all__ = ["evidence", "figures", "grid"]

SIDES = {"above": ("true", "green"), "below": ("false", "red"), "undecided": ("open", "magenta")}
AXIS_WIDTH = 14
"""An axis may be called by half a sentence; its points are short."""

MOST_ROWS = 12
MOST_NODES = 4


@dataclass(frozen=True)
class _Headline:
    """What the claim is about: which figure, of which variant over which."""

    op: str
    statistic: str
    technique: str | None
    over: str | None

    @property
    def label(self) -> str:
        """The figure's name in the record: "read median", or "memory"."""
        return self.op if self.statistic in ("", "figure") else f"{self.op} {self.statistic}"


def figures(result: Result) -> Iterator[RenderableType]:
    """What was measured, if anything was: figures, the claim's ratio, all other ratios."""
    headline = _headline(result)
    if headline is None:
        return
    axis = result.axis or "point"
    yield Text(f"\n{headline.label}", "bold")
    yield _main(result, headline, axis)
    if headline.technique and headline.over:
        yield from _beside(result, headline, axis)
    yield from _others(result, headline, axis)
    floors = ", ".join(f"{n} {words.duration(f.value)}" for n, f in result.floor.items())
    if floors:
        yield Text(f"The client's floor, its cheapest round trip: {floors}", "dim")


def evidence(result: Result) -> Iterator[RenderableType]:
    """What no noise can touch, at the last point: plans, counters, figures."""
    if not result.points:
        return
    point = result.points[-1]
    rows = [(name, _facts(variant.evidence)) for name, variant in point.variants.items()]
    if not any(facts for _, facts in rows):
        return
    named = [_point(point.point), result.axis or ""]
    where = "at " + " ".join(named if not isinstance(point.point, str) else named[::-1])
    yield Text("\nExact evidence", "bold").append(f" {where}", "not bold dim")
    table = _table("variant", "what the engine really did")
    for name, facts in rows:
        if facts:
            table.add_row(_folding(name), _folding("; ".join(facts)))
    yield table


def grid(first: int, second: int) -> Table:
    """Two columns without lines: `first` characters wide, and the rest (`second`, 0: any)."""
    table = Table.grid(padding=0)
    table.add_column(width=first, no_wrap=True)
    table.add_column(width=second or None, overflow="fold")
    return table


def _headline(result: Result) -> _Headline | None:
    ratios = [ratio for point in result.points for ratio in point.ratios]
    claimed = [ratio for ratio in ratios if ratio.claim]
    of_technique = [ratio for ratio in ratios if ratio.technique == result.verdict.technique]
    for ratio in claimed or of_technique or ratios:
        return _Headline(ratio.op, ratio.statistic, ratio.technique, ratio.over or None)
    for point in result.points:
        for variant in point.variants.values():
            names = list(variant.statistics) or list(variant.evidence.figures)
            if names:
                chosen = next((name for name in names if name.endswith(" median")), names[0])
                op, _, statistic = chosen.rpartition(" ")
                of, over = result.verdict.technique, result.verdict.over
                return _Headline(op or statistic, statistic if op else "", of, over)
    return None


def _main(result: Result, headline: _Headline, axis: str) -> RenderableType:
    """A row per point and variant; the technique's row says on which side the claim is."""
    with_ratio = any(_ratios(point, headline, kinds=MEASURED) for point in result.points)
    over = f"over {headline.over}" if headline.over else "ratio"
    sided = any(point.side for point in result.points)
    heads = [axis, "variant", headline.label]
    heads += [over] if with_ratio else []
    heads += ["claim"] if sided else []
    table = _table(*heads)
    table.columns[0].max_width = AXIS_WIDTH
    for place, point in enumerate(result.points):
        if place:
            table.add_section()
        shown = _ratios(point, headline, kinds=MEASURED)
        measured = {n: v for n, v in point.variants.items() if v.statistics or v.evidence.figures}
        if any(variant.trials for variant in measured.values()):
            measured = {n: v for n, v in measured.items() if v.trials}
        for row, (name, variant) in enumerate(measured.items()):
            figure = variant.statistics.get(headline.label)
            figure = figure or variant.evidence.figures.get(headline.label)
            style = "bold" if name == headline.technique else ""
            cells: list[RenderableType] = [
                _folding("" if row else _point(point.point)),
                _folding(name, style),
                _folding(_amount(figure, headline.label)),
            ]
            if with_ratio:
                cells.append(_folding(_ratio(shown.get(name)), style))
            if sided:
                word, colour = SIDES[point.side or "undecided"]
                cells.append(Text(word, colour) if name == headline.technique else Text(""))
            table.add_row(*cells)
    return table


MEASURED = ("application", "exact")
BESIDE = {
    "application": "a Python application",
    "floor-corrected": "less the client's floor",
    "engine": "the engine alone",
}


def _beside(result: Result, headline: _Headline, axis: str) -> Iterator[RenderableType]:
    """The claim's ratio as seen from each side: through the client, without it, the engine."""
    there = {ratio.kind for point in result.points for ratio in point.ratios}
    kinds = {kind: text for kind, text in BESIDE.items() if kind in there}
    if not set(kinds) - {"application"}:
        return
    yield Text(f"\n{headline.technique} over {headline.over}, as seen by", "bold")
    table = _table(axis, *kinds.values())
    table.columns[0].max_width = AXIS_WIDTH
    for point in result.points:
        found = {
            kind: _ratios(point, headline, kinds=(kind,), any_statistic=kind == "engine")
            for kind in kinds
        }
        cells = [_ratio(found[kind].get(headline.technique or "")) for kind in kinds]
        if any(cells):
            table.add_row(_folding(_point(point.point)), *map(_folding, cells))
    yield table


def _others(result: Result, headline: _Headline, axis: str) -> Iterator[RenderableType]:
    """Every other ratio of the same statistic, a row each and a column per point."""
    rows: dict[tuple[str, str, str], dict[AxisValue, RatioRecord]] = {}
    for point in result.points:
        for ratio in point.ratios:
            shown = (ratio.op, ratio.over) == (headline.op, headline.over)
            if ratio.kind in MEASURED and ratio.statistic == headline.statistic and not shown:
                key = (ratio.op, ratio.technique, ratio.over)
                rows.setdefault(key, {})[point.point] = ratio
    if not rows:
        return
    yield Text(f"\nEvery other ratio, by {axis}", "bold")
    table = _table("", *(_point(point.point) for point in result.points))
    for (op, technique, over), found in list(rows.items())[:MOST_ROWS]:
        cells = [_short(found.get(point.point)) for point in result.points]
        table.add_row(_folding(f"{op}: {technique} over {over}"), *map(_folding, cells))
    yield table
    if len(rows) > MOST_ROWS:
        more = len(rows) - MOST_ROWS
        yield Text(f"  and {more} more: scalebook results show {result.run} --json", "dim")


def _ratios(
    point: PointRecord, headline: _Headline, kinds: Iterable[str], any_statistic: bool = False
) -> dict[str, RatioRecord]:
    """Technique -> its ratio over the headline's baseline."""
    return {
        ratio.technique: ratio
        for ratio in point.ratios
        if ratio.kind in kinds
        and ratio.op == headline.op
        and (any_statistic or ratio.statistic == headline.statistic)
        and (ratio.over or None) == headline.over
    }


def _ratio(ratio: RatioRecord | None) -> str:
    if ratio is None:
        return ""
    if not ratio.resolvable or ratio.value is None:
        return "not resolvable"
    text = words.ratio(ratio.value)
    if ratio.kind == "exact" and ratio.low == ratio.high:
        return text
    if ratio.low is None and ratio.high is None:
        return f"{text} (one pair)"
    return f"{text} ({_bound(ratio.low)} - {_bound(ratio.high)})"


def _bound(value: float | None) -> str:
    return words.ratio(value).removesuffix("x") if value is not None else "?"


def _short(ratio: RatioRecord | None) -> str:
    return words.ratio(ratio.value) if ratio is not None and ratio.value is not None else ""


def _amount(figure: Figure | None, label: str) -> str:
    if figure is None:
        return ""
    unit = figure.unit
    if not unit and label.endswith((" median", " mean", " p95", " p99", " max")):
        unit = "seconds"
    return _quantity(figure.value, unit)


def _quantity(value: float, unit: str) -> str:
    """A value with its unit, short: "1.3 ms", "4,100/s", "2/op"."""
    if unit in ("s", "seconds"):
        return words.duration(value)
    short = {"1/s": "/s", "per operation": "/op"}.get(unit)
    return words.number(value) + short if short else words.quantity(value, unit)


def _point(point: AxisValue) -> str:
    return point if isinstance(point, str) else words.count(point)


def _facts(found: Evidence) -> list[str]:
    plans = [f"{op}: {text}" for op, plan in found.plans.items() if (text := _plan(plan))]
    counted = {**found.counters, **found.figures}
    amounts = [f"{name} {_quantity(figure.value, figure.unit)}" for name, figure in counted.items()]
    return plans + amounts


def _plan(plan: Any) -> str:
    """A plan's nodes from the root down: "Sort > Index Scan (review)"."""
    root = plan.get("Plan") if isinstance(plan, Mapping) else None
    names = list(_nodes(root)) if isinstance(root, Mapping) else []
    shown = " > ".join(names[:MOST_NODES])
    return f"{shown} > ..." if len(names) > MOST_NODES else shown


def _nodes(node: Mapping[str, Any]) -> Iterator[str]:
    on = node.get("Index Name") or node.get("Relation Name")
    kind = str(node.get("Node Type", ""))
    yield f"{kind} ({on})" if on else kind
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for head in heads:
        table.add_column(Text(head, overflow="fold"), overflow="fold")
    return table


def _folding(text: str, style: str = "") -> Text:
    return Text(text, style, overflow="fold")
