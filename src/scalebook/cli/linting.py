"""`scalebook lint`: what keeps a unit from being good enough for the book."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from scalebook.book import Unit, find
from scalebook.book.faults import Fault

__all__ = ["command"]


@click.command("lint")
@click.argument("names", nargs=-1, metavar="[UNIT]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of findings.")
@click.option("--rules", "as_rules", is_flag=True, help="Explain the rules instead.")
def command(names: tuple[str, ...], as_json: bool, as_rules: bool) -> int:
    """Check units, or the whole book: parts, numbers, sums, sources, links, words.

    Nothing is run and no lab is imported. A finding is file:line: rule: message; remedy.
    Exit status 1 where there is one.

    \b
    Examples:
      scalebook lint
      scalebook lint redis/counter
      scalebook lint --rules
    """
    if as_rules:
        click.echo("\n".join(_rules()))
        return 0
    from scalebook.authoring.lint import lint

    units = _chosen(names)
    found = lint(units)
    if as_json:
        rows = [
            {
                "file": str(fault.file),
                "line": fault.line,
                "rule": fault.rule,
                "message": fault.message,
                "remedy": fault.remedy,
            }
            for fault in found
        ]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return int(bool(found))
    for places in _together(found):
        fault = places[0]
        tail = f"; {fault.remedy}" if fault.remedy else ""
        if len(places) > 1:
            tail += f" (also lines {', '.join(str(place.line) for place in places[1:])})"
        click.echo(f"{_short(fault.file)}:{fault.line}: {fault.rule}: {fault.message}{tail}")
    what = f"{len(units)} unit{'' if len(units) == 1 else 's'}" if units else "the whole book"
    click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'} in {what}.", err=bool(found))
    return int(bool(found))


def _together(found: list[Fault]) -> Iterator[list[Fault]]:
    """The findings, those that say the same of several lines of a file as one."""
    same: dict[tuple[Path, str, str], list[Fault]] = {}
    for fault in found:
        same.setdefault((fault.file, fault.rule, fault.message), []).append(fault)
    yield from same.values()


def _chosen(names: tuple[str, ...]) -> list[Unit] | None:
    return [find(name) for name in names] or None


def _short(file: Path) -> str:
    """The path from here, where that is shorter and does not climb."""
    try:
        return str(file.relative_to(os.getcwd()))
    except ValueError:
        return str(file)


def _rules() -> Iterator[str]:
    from scalebook.authoring.lint import RULES
    from scalebook.authoring.lint.binder import BINDER_RULES

    for family, rules in groupby(RULES.values(), key=lambda rule: rule.family):
        yield f"{family}"
        for rule in rules:
            yield from _explained(rule.name, " ".join(rule.explanation.split()))
        yield ""
    yield "binder: found by rendering the page"
    for name, text in BINDER_RULES.items():
        yield from _explained(name, text)


def _explained(name: str, text: str) -> list[str]:
    first, rest = f"  {name:<22} ", " " * 25
    return textwrap.wrap(text, 80, initial_indent=first, subsequent_indent=rest)
