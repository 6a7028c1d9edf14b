"""`scalebook results`: the runs that are stored, and one of them again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scalebook.results.store import RunRow

__all__ = ["command", "show"]


@click.group("results", invoke_without_command=True)
@click.option("--unit", "name", help="Only the runs of this unit.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@click.pass_context
def command(ctx: click.Context, name: str | None, limit: int, as_json: bool) -> None:
    """List the stored runs, the newest first; or show one with `results show RUN`.

    \b
    Examples:
      scalebook results --unit redis/counter
      scalebook results show 3f2a
    """
    if ctx.invoked_subcommand is not None:
        return
    from scalebook.book import find
    from scalebook.results.store import Store

    unit = find(name).id if name else None
    with Store() as store:
        rows = store.recent(unit, limit=limit)
        where = store.where
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=1))
    elif not rows:
        click.echo(f"no runs in {where}; `scalebook run 1` makes one")
    else:
        click.echo("\n".join(_line(row) for row in rows))


@command.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="The whole record, every trial included.")
def show(run: str, as_json: bool) -> None:
    """Show a stored run; RUN is its id or the beginning of it.

    \b
    Example:
      scalebook results show 3f2a --json
    """
    from scalebook.cli.report import print_report
    from scalebook.cli.screen import screen
    from scalebook.results.store import Store

    with Store() as store:
        result = store.load(run)
    if as_json:
        click.echo(json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False))
    else:
        print_report(result, screen())


def _line(row: RunRow) -> str:
    state = row.state if row.valid else f"invalid ({row.state})"
    state += ", interrupted" if row.interrupted else ""
    extra = "" if row.purpose == "run" else f" {row.purpose}"
    return f"{row.id}  {row.started[:16]}  {row.unit:<28} {row.budget:<7} {state}{extra}"
