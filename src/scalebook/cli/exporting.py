"""`scalebook export`: stored results as one table, for other tools."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

EVERY = 1_000_000


@click.command("export")
@click.option(
    "--format", "form", type=click.Choice(["json", "csv", "parquet"]), default="csv",
    show_default=True,
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="A file; without it, standard output.")
@click.option("--unit", "name", help="Only the runs of this unit.")
def command(form: str, out: Path | None, name: str | None) -> None:
    """Export the figures of every stored run: a row per run, point, variant, trial, statistic.

    \b
    Example:
      scalebook export --format parquet --out results.parquet
    """
    from scalebook.book import find
    from scalebook.results.export import export
    from scalebook.results.store import Store

    unit = find(name).id if name else None
    with Store() as store:
        rows = store.recent(unit, limit=EVERY)
        written = export((store.load(row.id) for row in reversed(rows)), form, out)
    if out is not None:
        click.echo(f"{written:,} rows of {len(rows):,} runs in {out}", err=True)
