"""`scalebook ledger`: every published claim beside ours."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby

import click

from scalebook.authoring.ledger import STATES, Ledger, LedgerRow, make_ledger

__all__ = ["command"]


@click.command("ledger")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--sources", is_flag=True, help="And what primary sources say of each figure.")
def command(as_json: bool, sources: bool) -> None:
    """Show every published claim, our figure for it, the verdict, and where it is true.

    Ours is the figure nearest the claim along the lab's axis, with its interval.

    \b
    Example:
      scalebook ledger --sources
    """
    ledger = make_ledger()
    if as_json:
        click.echo(json.dumps(ledger.to_json(), indent=1, ensure_ascii=False))
        return
    click.echo("\n".join(_lines(ledger, sources)))


def _lines(ledger: Ledger, sources: bool) -> Iterator[str]:
    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for chapter, rows in groupby(ledger.rows, key=lambda row: row.chapter):
        yield chapter
        for row in rows:
            yield from _row(row, width)
            if sources and row.published:
                said = f"{row.published.label}: {row.published.says}"
                yield from _folded(said, width, " " * 8)
        yield ""
    if sources:
        yield "published, and claimed by no lab"
        for figure in ledger.others:
            yield f"{'':>6}{figure.unit}: “{figure.figure}”"
            yield from _folded(f"{figure.label}: {figure.says}", width, " " * 8)
        yield ""
    counts = ledger.counts
    said = ", ".join(f"{counts[s]} {s.replace('-', ' ')}" for s in STATES if counts[s])
    yield from _folded(f"{len(ledger.rows)} published claims: {said}.", width, "")


def _row(row: LedgerRow, width: int) -> Iterator[str]:
    number = "" if row.number is None else str(row.number)
    ours = ""
    if row.ours:
        ours = f", here {row.ours.text} {row.ours.interval} at {row.ours.at}"
    name = row.unit.split("/")[1]
    said = f"{number:>5} {name}: “{row.claim}”{ours}"
    if not row.has_lab:
        yield from _folded(f"{said}, not tested: {row.where}", width, " " * 6)
        return
    yield from _folded(said, width, " " * 6)
    tail = f"; {row.remedy}" if row.remedy else ""
    yield from _folded(f"{'':>6}{_verdict(row)}{tail}", width, " " * 8)


def _verdict(row: LedgerRow) -> str:
    """The state in capitals, and where: "HOLDS from 503,000 rows"."""
    if row.state == "not-tested":
        return f"not tested: {row.where}"
    first = row.state.split("-")[0].upper()
    return f"{first}{' ' if '-' in row.state else ': '}{row.where}"


def _folded(text: str, width: int, indent: str) -> list[str]:
    first = text[: len(text) - len(text.lstrip())] or indent
    return textwrap.wrap(
        text.lstrip(), width, initial_indent=first, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
