"""`scalebook plan`: how far the book is, computed from the catalogue and what exists."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator

import click

from scalebook.authoring import ChapterProgress, Obstacle, Plan, make_plan

__all__ = ["command"]

MOST = 20
"""Obstacles that are listed without --all."""


@click.command("plan")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--all", "everything", is_flag=True, help="Every obstacle, not the first only.")
def command(as_json: bool, everything: bool) -> None:
    """Show the progress of each chapter, and what stands in the way.

    A lab runs while its result is of the code as it is, is valid while that result is,
    and has its page while nothing is found on it by `scalebook lint`.

    \b
    Example:
      scalebook plan --json
    """
    plan = make_plan()
    if as_json:
        click.echo(json.dumps(plan.to_json(), indent=1))
        return
    click.echo("\n".join([*_table(plan), *_obstacles(plan, everything)]))


def _table(plan: Plan) -> Iterator[str]:
    yield f"{'':<17} {'labs':^31} {'articles':^14} {'systems':^9}"
    heads = f"{'exist':>7} {'run':>5} {'valid':>5} {'page':>5} {'exist':>8} {'pass':>5}"
    yield f"{'chapter':<17} {'':>5} {heads} {'pass':>8} {'bound':>6}"
    for chapter in plan.chapters:
        yield _line(chapter)
    yield "-" * 78
    yield _line(plan.total)
    total = plan.total
    beyond = f", and {total.beyond} beyond it" if total.beyond else ""
    yield f"{total.units_passing} of the catalogue's {total.units_wanted} units pass{beyond}."
    if total.unbacked:
        yield f"{total.unbacked} figures come from nowhere."
    yield f"{total.labs} labs of {plan.target:,} in the long run."


def _line(at: ChapterProgress) -> str:
    labs = articles = systems = ""
    if at.labs_wanted:
        labs = f"{at.labs_run:>5} {at.labs_proven:>5} {at.labs_pages:>5}"
    if at.articles_wanted:
        articles = f"{at.articles_passing:>5}"
    if at.systems_wanted:
        systems = f"{at.systems_passing} of {at.systems_wanted}"
    bound = str(at.bound) if at.bound else ""
    wanted = f"{_of(at.labs, at.labs_wanted):>13} {labs:<17}"
    wrote = f"{_of(at.articles, at.articles_wanted):>9} {articles:>5}"
    return f"{at.chapter:<17} {wanted} {wrote} {systems:>7} {bound:>6}".rstrip()


def _of(there: int, wanted: int) -> str:
    return f"{there} of {wanted}" if wanted else ""


def _obstacles(plan: Plan, everything: bool) -> Iterator[str]:
    rows = plan.obstacles if everything else plan.obstacles[:MOST]
    if rows:
        yield "\nWhat stands in the way:"
    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for row in rows:
        yield from textwrap.wrap(
            _obstacle(row), width, initial_indent="  ", subsequent_indent="      "
        )
    if more := len(plan.obstacles) - len(rows):
        yield f"  and {more} more: scalebook plan --all"


def _obstacle(row: Obstacle) -> str:
    remedy = f"; {row.remedy}" if row.remedy else ""
    return f"{row.unit}: {row.finding} ({row.place}){remedy}"
