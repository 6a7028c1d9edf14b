"""`scalebook plan`: how far the book is, computed from the catalogue and what exists."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from scalebook.authoring import ChapterProgress, Plan, make_plan

__all__ = ["command"]


@click.command("plan")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> None:
    """Show the progress of each chapter: what is wanted, and what exists.

    A lab is proven while its reference result is valid and of the code as it is.

    \b
    Example:
      scalebook plan --json
    """
    plan = make_plan()
    click.echo(json.dumps(plan.to_json(), indent=1) if as_json else "\n".join(_lines(plan)))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{'chapter':<20} {'labs':>9} {'proven':>9} {'articles':>9} {'systems':>9} {'beyond':>7}"
    for chapter in plan.chapters:
        yield _line(chapter)
    yield "-" * 68
    yield _line(plan.total)
    yield f"{plan.total.labs} labs of {plan.target:,} in the long run."


def _line(at: ChapterProgress) -> str:
    labs = _of(at.labs, at.labs_wanted)
    proven = _of(at.labs_proven, at.labs_wanted)
    articles = _of(at.articles, at.articles_wanted)
    systems = _of(at.systems, at.systems_wanted)
    beyond = str(at.beyond) if at.beyond else ""
    line = f"{at.chapter:<20} {labs:>9} {proven:>9} {articles:>9} {systems:>9} {beyond:>7}"
    return line.rstrip()


def _of(there: int, wanted: int) -> str:
    return f"{there} of {wanted}" if wanted else ""
