"""`scalebook new`: begin a unit."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("new")
@click.argument("kind", type=click.Choice(["lab", "article", "system"]))
@click.argument("name", metavar="CHAPTER/NAME")
def command(kind: str, name: str) -> None:
    """Make the folder of a unit, with a lab that runs and a page to be written.

    WRITE(...) stands wherever only you can write; `scalebook lint` finds what is left. What
    exists is never changed. SCALEBOOK_CHAPTERS says where the folder goes, else the book.

    \b
    Examples:
      scalebook new lab redis/batched-reads
      scalebook new article caching/cdn-usage
    """
    from scalebook.authoring.new import KINDS, new_unit

    made = new_unit(KINDS[KINDS.index(kind)], name)
    for file in made.files:
        click.echo(made.folder / file)
    if "lab.py" in made.files:
        click.echo(f"Run it:    scalebook run --quick {made.unit}")
        click.echo(f"Quote it:  scalebook run --reference {made.unit}")
    click.echo(f"Check it:  scalebook lint {made.unit}")
