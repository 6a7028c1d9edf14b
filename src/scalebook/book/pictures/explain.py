"""EXPLAIN as a table: own time of every node as a bar, and the guilty row marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from scalebook.book.pictures.svg import PictureError, el, pct, verdict_word
from scalebook.book.pictures.words import count

__all__ = ["PlanNode", "explain", "plan_nodes"]

GUILTY, SLOW_MS = 0.5, 1.0
"""A node with this share of a plan that takes this long is named as where the time goes."""
CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Cache Key",
)
DEEPEST = 9


@dataclass(frozen=True)
class PlanNode:
    """A node of a plan: what it is, and its own share of time (ms), rows and pages.

    `own` is actual total time times loops, less that of the children; None where the plan was
    taken without timing. `pages` are those that this node touched itself, in cache or not.
    """

    depth: int
    kind: str
    on: str
    details: tuple[str, ...]
    own: float | None
    rows: float | None
    removed: float
    pages: float | None


def plan_nodes(plan: Any) -> list[PlanNode]:
    """The nodes in order of printing; PictureError if this is no plan of PostgreSQL."""
    root = plan[0] if isinstance(plan, list) and plan else plan
    top = root.get("Plan") if isinstance(root, Mapping) else None
    if not isinstance(top, Mapping) or "Node Type" not in top:
        raise PictureError(
            "this is no plan of PostgreSQL in JSON",
            "take a variant whose operation uses PostgreSQL",
        )
    return list(_nodes(top, 0, 1.0))


def _nodes(node: Mapping[str, Any], depth: int, processes: float) -> Iterator[PlanNode]:
    """The node and those below it; `processes` share the loops of a node below a Gather."""
    children = [child for child in node.get("Plans", ()) if isinstance(child, Mapping)]
    loops = float(node.get("Actual Loops", 1) or 0)
    rows = node.get("Actual Rows", node.get("Plan Rows"))
    below = processes * (float(node.get("Workers Launched", 0)) + 1)
    own = _time(node, processes)
    if own is not None:
        own = max(0.0, own - sum(_time(child, below) or 0.0 for child in children))
    pages = _pages(node)
    if pages is not None:
        pages = max(0.0, pages - sum(_pages(child) or 0.0 for child in children))
    removed = sum(float(node.get(f"Rows Removed by {by}", 0)) for by in ("Filter", "Join Filter"))
    yield PlanNode(
        depth,
        _kind(node),
        str(node.get("Relation Name", "")),
        tuple(_details(node)),
        own,
        None if rows is None else float(rows) * max(loops, 1.0),
        removed * max(loops, 1.0),
        pages,
    )
    for child in children:
        yield from _nodes(child, depth + 1, below)


def _time(node: Mapping[str, Any], processes: float) -> float | None:
    """Milliseconds in this node and below it over all loops, as they passed on the clock."""
    if "Actual Total Time" not in node:
        return None
    loops = float(node.get("Actual Loops", 1))
    return float(node["Actual Total Time"]) * max(loops / processes, min(loops, 1.0))


def _pages(node: Mapping[str, Any]) -> float | None:
    if "Shared Hit Blocks" not in node:
        return None
    return float(node["Shared Hit Blocks"]) + float(node.get("Shared Read Blocks", 0))


def _kind(node: Mapping[str, Any]) -> str:
    strategy = {"Sorted": "Group", "Hashed": "Hash"}.get(str(node.get("Strategy", "")), "")
    name = str(node["Node Type"])
    operation = str(node.get("Operation", ""))
    if name == "ModifyTable" and operation:
        name = operation
    if name == "Aggregate":
        name = f"{strategy}Aggregate"
    partial = str(node.get("Partial Mode", "Simple"))
    before = "" if partial == "Simple" else f"{partial} "
    parallel = "Parallel " if node.get("Parallel Aware") else ""
    return f"{parallel}{before}{name}"


def _details(node: Mapping[str, Any]) -> Iterator[str]:
    if index := node.get("Index Name"):
        condition = node.get("Index Cond")
        yield f"{index}: {_bare(condition)}" if condition else str(index)
    for name in CONDITIONS:
        if name in node and not (name == "Index Cond" and node.get("Index Name")):
            yield f"{name.lower().removesuffix(' cond')}: {_bare(node[name])}"
    if "Sort Method" in node:
        keys = ", ".join(str(key) for key in node.get("Sort Key", ()))
        size = f", {count(node['Sort Space Used'])} kB" if "Sort Space Used" in node else ""
        yield f"by {keys}: {node['Sort Method']}{size}"
    if "Heap Fetches" in node:
        yield f"heap fetches {count(node['Heap Fetches'])}"


def _bare(condition: Any) -> str:
    said = str(condition)
    return said[1:-1] if said.startswith("(") and said.endswith(")") else said


def explain(plan: Any, version: str = "") -> str:
    """The plan's table; `version` of the engine stands in the foot.

    The bar is the share of own time, or of pages where the plan was taken without timing. The
    node with half of the whole or more is marked with a cross and its share, unless the whole
    plan takes less than a millisecond: nobody is guilty of that.
    """
    nodes = plan_nodes(plan)
    timed = all(node.own is not None for node in nodes)
    paged = all(node.pages is not None for node in nodes)
    weights = [(node.own if timed else node.pages if paged else node.rows) or 0.0 for node in nodes]
    total = sum(weights)
    shares = [weight / total if total else 0.0 for weight in weights]
    slow = max(shares) >= GUILTY and len(nodes) > 1 and not (timed and total < SLOW_MS)
    guilty = shares.index(max(shares)) if slow else None
    measure = "time" if timed else "pages" if paged else "rows"
    head = [
        el("th", "node", scope="col"),
        el("th", f"own {measure}", class_="hide-s own", scope="col"),
    ]
    head += [el("th", "ms", class_="r", scope="col")] if timed else []
    head += [el("th", "rows", class_="r", scope="col")]
    head += [el("th", "pages", class_="r hide-s", scope="col")] if paged else []
    body = "".join(
        _row(node, share, i == guilty, timed, paged, measure)
        for i, (node, share) in enumerate(zip(nodes, shares, strict=True))
    )
    table = el(
        "table",
        el("thead", el("tr", *head)),
        el("tbody", body),
        el("tfoot", _foot(nodes, timed, paged, version)),
        class_="explain",
    )
    return el(
        "div", table, class_="scroll", tabindex=0, role="region", aria_label="Plan of the statement"
    )


def _row(node: PlanNode, share: float, guilty: bool, timed: bool, paged: bool, measure: str) -> str:
    said = escape(node.kind, quote=False)
    if node.on:
        said += f" {el('span', f'on {escape(node.on, quote=False)}', class_='dim')}"
    said += "".join(el("small", escape(detail, quote=False)) for detail in node.details)
    if node.removed:
        said += el("small", f"{count(round(node.removed))} rows read and thrown away")
    if guilty:
        said += el("small", verdict_word("broke", f"{100 * share:.0f} % of the {measure}"))
    bar = el("rect", width=pct(max(100 * share, 0.4)), height=10)
    cells = [
        el("td", said),
        el(
            "td",
            el("svg", bar, class_="bar", width="100%", height=10, aria_hidden="true"),
            class_="hide-s own",
        ),
    ]
    cells += [el("td", _milliseconds(node.own), class_="r")] if timed else []
    cells += [el("td", "" if node.rows is None else count(round(node.rows)), class_="r")]
    cells += [el("td", count(node.pages or 0), class_="r hide-s")] if paged else []
    return el("tr", *cells, class_=f"{'guilty ' if guilty else ''}d{min(node.depth, DEEPEST)}")


def _milliseconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"


def _foot(nodes: list[PlanNode], timed: bool, paged: bool, version: str) -> str:
    name = "total" + (f", {escape(version, quote=False)}" if version else "")
    cells = [el("td", name), el("td", class_="hide-s own")]
    if timed:
        cells.append(el("td", _milliseconds(sum(node.own or 0.0 for node in nodes)), class_="r"))
    cells.append(el("td", class_="r"))
    if paged:
        cells.append(el("td", count(sum(node.pages or 0.0 for node in nodes)), class_="r hide-s"))
    return el("tr", *cells)
