"""`scalebook show`: a unit's question, its code, and what runs of it said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scalebook.book import Unit, find

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["command"]


@click.command("show")
@click.argument("name", metavar="UNIT")
def command(name: str) -> None:
    """Show a unit: its question, the published claim, its code, the last verdicts.

    \b
    Example:
      scalebook show key-value-cache
    """
    from scalebook.cli.screen import screen

    unit = find(name)
    console = screen()
    for line in _head(unit):
        console.print(line)
    if unit.has_lab:
        console.print()
        _print_code(unit, console)
        console.print()
        for text in _verdicts(unit):
            console.print(text)


def _head(unit: Unit) -> Iterator[Text]:
    from rich.text import Text

    number = "" if unit.number is None else f", lab {unit.number}"
    yield Text(unit.title, "bold").append(f"  ({unit.id}{number})", "not bold dim")
    if unit.question:
        yield Text(unit.question, "italic")
    if unit.claim_text:
        yield Text("Published: ").append(f"“{unit.claim_text}”", "bold")
    if unit.engines:
        yield Text(f"Engines: {', '.join(unit.engines)}")
    if not unit.has_lab:
        yield Text(f"No lab; its page is {unit.folder / 'article.md'}")
    if unit.fault:
        yield Text("broken: ", "bold red").append(unit.fault, "not bold")


def _print_code(unit: Unit, console: Console) -> None:
    """The lab as it is printed on its page; unchanged where it goes into a file or a pipe."""
    from rich.syntax import Syntax

    text = (unit.folder / "lab.py").read_text(encoding="utf-8", errors="replace")
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", word_wrap=True))
    else:
        click.echo(text.rstrip("\n"))


def _verdicts(unit: Unit) -> Iterator[Text]:
    """The verdict of the last run here, and of the reference that the page quotes."""
    from rich.text import Text

    from scalebook.cli.report import verdict_text
    from scalebook.errors import LabError
    from scalebook.results import digest, read_reference
    from scalebook.results.store import Store

    try:
        current = digest(unit.folder / "lab.py")
    except LabError:
        current = ""
    with Store() as store:
        last = store.latest(unit.id)
    seen = {"Last run": last, "Reference": read_reference(unit.folder / "result.json")}
    for label, result in seen.items():
        if result is None:
            yield Text(f"{label}: none")
            continue
        when = f"{result.started:%Y-%m-%d}, run {result.run}"
        stale = "" if result.digest == current else ", of code that has changed since"
        yield Text(f"{label} ({when}{stale}): ").append_text(verdict_text(result))
