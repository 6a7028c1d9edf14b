"""The promise matrix: which variant kept which promise, and who was caught breaking one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scalebook.book.pictures.svg import PictureError, breakable, el, glyph
from scalebook.book.pictures.words import count
from scalebook.stats import words

if TYPE_CHECKING:
    from scalebook.results import CheckRecord, Counterexample, Result

__all__ = ["promises"]


def promises(result: Result) -> str:
    """Promise x variant: kept (in how many runs), caught (where), or not tried."""
    cells: list[CheckRecord | Counterexample] = [*result.checks, *result.counterexamples]
    if not cells:
        raise PictureError(
            f"the lab of {result.unit} proves no promise", "leave the block out of this page"
        )
    order = dict.fromkeys(v for record in result.points for v in record.variants)
    order |= dict.fromkeys(cell.variant for cell in cells)
    variants = [v for v in order if any(cell.variant == v for cell in cells)]
    rows = dict.fromkeys((cell.promise, cell.under) for cell in cells)
    head = el("th", "promise", scope="col") + "".join(
        el("th", breakable(name), scope="col") for name in variants
    )
    body = "".join(_row(result, promise, under, variants) for promise, under in rows)
    table = el("table", el("thead", el("tr", head)), el("tbody", body), class_="promises")
    return el(
        "div", table, class_="scroll", tabindex=0, role="region", aria_label="Promises by variant"
    )


def _row(result: Result, promise: str, under: str | None, variants: list[str]) -> str:
    said = escape(f"{promise[:1].upper()}{promise[1:]}", quote=False)
    fault = el("small", f"under {escape(under, quote=False)}") if under else ""
    cells = []
    for variant in variants:
        kept = [
            c for c in result.checks if (c.promise, c.under, c.variant) == (promise, under, variant)
        ]
        caught = [
            c
            for c in result.counterexamples
            if (c.promise, c.under, c.variant) == (promise, under, variant)
        ]
        cells.append(el("td", _cell(result, kept, caught), data_v=variant))
    return el("tr", el("th", said, fault, scope="row"), *cells)


def _cell(result: Result, kept: list[CheckRecord], caught: list[Counterexample]) -> str:
    """One sign for what happened, with the numbers of runs; both where the axis decides."""
    broken = [c for c in kept if c.violations]
    if broken:
        first = broken[0]
        where = f" at {count(first.point)}" if first.point is not None else ""
        return _sign("broke", "broken", f"though it should keep it{where}")
    parts = []
    if kept:
        runs = sum(c.attempts for c in kept)
        elsewhere = " elsewhere" if any(c.caught for c in caught) else ""
        parts.append(_sign("kept", f"kept{elsewhere}", f"in {_runs(runs)}"))
    found = [cell for cell in caught if cell.caught]
    if found:
        parts.insert(0, _sign("broke", "caught", _where(result, found)))
    elif caught:
        parts.append(
            _sign("untested", "not caught", f"in {_runs(sum(c.attempts for c in caught))}")
        )
    return "".join(parts) or _sign("untested", "not tried", "")


def _sign(name: str, word: str, remark: str) -> str:
    class_ = name if name in ("kept", "broke") else "untested"
    small = el("small", escape(remark, quote=False)) if remark else ""
    return el("span", glyph(name), word, class_=f"verdict {class_}") + small


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{count(n)} runs"


def _where(result: Result, cells: list[Counterexample]) -> str:
    """At which points of the axis it was caught, or after how many runs."""
    runs = cells[0].attempts
    after = "in the first run" if runs == 1 else f"within {_runs(runs)}"
    points = [count(cell.point) for cell in cells if cell.point is not None]
    if not points or len(result.points) < 2:
        return after
    where = f"at {words.listed(list(dict.fromkeys(points)))}"
    return where if len(points) > 1 else f"{where}, {after}"
