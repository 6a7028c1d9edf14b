"""`scalebook path`: orders in which to read the book, and where you are on each."""

from __future__ import annotations

import difflib
import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from scalebook.errors import UsageError

if TYPE_CHECKING:
    from scalebook.practice.paths import StepName, WalkedPath, WalkedStage

__all__ = ["command"]

WIDEST = 100


@click.command("path")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON array, or one object with NAME.")
def command(name: str | None, as_json: bool) -> int:
    """Show the paths through the book, or one of them with why each unit is on it.

    A unit comes after what it needs. Those that are not written yet are shown as planned.

    \b
    Examples:
      scalebook path
      scalebook path first-evening
    """
    from scalebook.book.page import Book
    from scalebook.book.paths import load_paths
    from scalebook.practice.paths import walk
    from scalebook.practice.progress import Progress
    from scalebook.practice.standing import standings

    book = Book()
    loaded = load_paths(book)
    for fault in loaded.faults:
        click.echo(str(fault), err=True)
    done = standings(Progress().events(), [unit.id for unit in book.units])
    walked = [walk(path, book, done) for path in loaded.paths]
    shown = walked if name is None else [_named(name, walked)]
    if as_json:
        data = [path.to_json() for path in shown]
        click.echo(json.dumps(data if name is None else data[0], indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(_table(shown) if name is None else _whole(shown[0])))
    return int(bool(loaded.faults))


def _named(name: str, walked: Sequence[WalkedPath]) -> WalkedPath:
    """The path of that name or title; UsageError says which there are."""
    wanted = name.strip().lower().replace(" ", "-")
    by_name = {one.path.name: one for one in walked}
    if wanted in by_name:
        return by_name[wanted]
    near = difflib.get_close_matches(wanted, by_name, n=1)
    begins = [other for other in by_name if other.startswith(wanted)] if wanted else []
    if len(begins) == 1:
        return by_name[begins[0]]
    said = f"did you mean {near[0]}?" if near else f"the paths: {', '.join(by_name)}"
    raise UsageError(f"there is no path {name!r}", remedy=said)


def _table(walked: Sequence[WalkedPath]) -> Iterator[str]:
    yield f"{'path':<28} {'units':>5} {'written':>7} {'read':>5} {'run':>5} {'passed':>6}"
    for one in walked:
        path = one.path
        yield (
            f"{path.name:<28} {len(path.stages):>5} {len(path.written):>7} "
            f"{one.count('read'):>5} {one.count('run'):>5} {one.count('passed'):>6}"
        )
        yield from _wrapped(path.summary, "  ")
    if walked:
        yield f"\n`scalebook path {walked[0].path.name}` shows one of them."


def _whole(walked: WalkedPath) -> Iterator[str]:
    path = walked.path
    yield path.title
    yield from _wrapped(path.summary, "")
    for place, one in enumerate(walked.stages, 1):
        yield ""
        yield f"{place:>3}  {one.stage.title}"
        yield f"     {one.stage.unit}: {_steps(one)}"
        yield from _wrapped(one.stage.why, "     ")
    yield ""
    yield _next(walked)


def _steps(one: WalkedStage) -> str:
    if not one.stage.written:
        return "planned, not written yet"
    return "  ".join(f"[{'x' if done else ' '}] {name}" for name, done in one.steps.items())


def _next(walked: WalkedPath) -> str:
    """What to do now, as a command that exists."""
    from scalebook.cli import COMMANDS

    ways: dict[StepName, str] = {"read": "scalebook serve", "run": "scalebook run {}"}
    if "practice" in COMMANDS:
        ways["passed"] = "scalebook practice {}"
    found = walked.following(ways)
    if found is None:
        planned = len(walked.path.stages) - len(walked.path.written)
        return "All done." + (f" {planned} more are planned." if planned else "")
    stage, step = found
    verb = {"read": "read", "run": "run", "passed": "solve"}[step]
    return f"Next: {verb} {stage.unit} (`{ways[step].format(stage.unit)}`)"


def _wrapped(text: str, indent: str) -> list[str]:
    width = min(WIDEST, shutil.get_terminal_size().columns)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)
