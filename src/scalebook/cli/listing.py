"""`scalebook list`: the units that there are, without importing a lab."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import groupby

import click

from scalebook.book import Unit, all_units
from scalebook.book.survey import survey

__all__ = ["command"]


@click.command("list")
@click.option("--chapter", help="Only this chapter.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def command(chapter: str | None, as_json: bool) -> None:
    """List the units: number, name, question, published claim.

    \b
    Example:
      scalebook list --chapter redis
    """
    found = all_units(chapter)
    survey(found)
    if as_json:
        click.echo(json.dumps([_facts(unit) for unit in found], indent=1, ensure_ascii=False))
        return
    click.echo("\n".join(_lines(found)))


def _facts(unit: Unit) -> dict[str, object]:
    return {
        "unit": unit.id,
        "number": unit.number,
        "title": unit.title,
        "question": unit.question,
        "claim": unit.claim_text,
        "kinds": list(unit.kinds),
        "engines": list(unit.engines),
        "folder": str(unit.folder),
        "fault": unit.fault,
    }


def _lines(found: list[Unit]) -> Iterator[str]:
    width = shutil.get_terminal_size().columns
    for chapter, members in groupby(found, key=lambda unit: unit.chapter):
        yield chapter
        for unit in members:
            yield _line(unit, width)
            if unit.fault:
                yield f"       broken: {unit.fault}"
        yield ""
    broken = sum(unit.fault is not None for unit in found)
    count = f"{len(found)} unit{'' if len(found) == 1 else 's'}"
    if broken:
        count += f", {broken} broken"
    yield f"{count}; `scalebook plan` shows what is still to be written."


def _line(unit: Unit, width: int) -> str:
    number = "" if unit.number is None else str(unit.number)
    text = unit.question or unit.title
    if unit.claim_text:
        text += f'  "{unit.claim_text}"'
    line = f"{number:>5}  {unit.name:<22} {text}"
    return line if len(line) <= width else line[: width - 1] + "…"
