"""`scalebook practice`: a lab as an exercise."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click

from scalebook.cli import choices, judging
from scalebook.errors import UsageError

__all__ = ["command"]


@click.command("practice")
@click.argument("name", metavar="UNIT")
@click.option("--to", "to", metavar="DIR", default=".", help="The folder of the file (here).")
@click.option("--hint", is_flag=True, help="Show the next hint instead; never the solution.")
@click.option("--solution", is_flag=True, help="Show the lab's own; noted, unless you passed.")
def command(name: str, to: str, hint: bool, solution: bool) -> None:
    """Write the starter of an exercise: a lab's technique, emptied, to be written by you.

    The file says what will be checked. Write the methods, then: scalebook check FILE. A file
    that is there already is only replaced if you say so.

    \b
    Examples:
      scalebook practice redis/counter
      scalebook practice redis/counter --hint
    """
    from scalebook.book import with_lab
    from scalebook.practice import files, hints
    from scalebook.practice.progress import Progress
    from scalebook.practice.starter import Starter

    if hint and solution:
        raise UsageError("--hint and --solution exclude each other", remedy="leave one out")
    unit = with_lab(name)
    choices.readable(unit)
    if hint:
        progress = Progress()
        found = hints.next_hint(unit, progress)
        if found is None:
            click.echo("There are no more hints. --solution shows how the lab does it.")
            return
        step, steps, text = found
        progress.hinted(unit.id, step)
        click.echo(textwrap.fill(f"Hint {step} of {steps}: {text}", judging.WIDTH))
        return
    if solution:
        progress = Progress()
        if not hints.may_see_solution(unit, progress):
            progress.revealed(unit.id)
            click.echo("# Noted in your progress: the solution was shown before a pass.", err=True)
        click.echo(hints.solution_of(unit.folder))
        return
    starter = Starter(unit.id, unit.folder / "lab.py")
    path = Path(to).expanduser() / files.starter_name(unit.id)
    if path.exists() or path.is_symlink():
        _agreed(path)
    files.write_anew(path, starter.text())
    click.echo(path)
    click.echo(f"Write {', '.join(starter.emptied)} of {starter.contract.technique}, then:")
    click.echo(f"  scalebook check {path}")
    click.echo(f"Stuck?  scalebook practice {unit.id} --hint")


def _agreed(path: Path) -> None:
    """Ask before a file is replaced; where nobody can be asked, refuse."""
    if not sys.stdin.isatty():
        remedy = "name another folder with --to, or move the file away"
        raise UsageError(f"{path} is there already; nothing was written", remedy=remedy)
    if not click.confirm(f"{path} is there already. Replace it, with all that you wrote?"):
        raise UsageError(f"{path} was left as it is", remedy="name another folder with --to")
