"""`scalebook shell`: a unit's engines with its data, handed over on the terminal."""

from __future__ import annotations

from typing import Any

import click

from scalebook.book import with_lab
from scalebook.cli import choices
from scalebook.errors import UsageError

__all__ = ["command"]


@click.command("shell")
@click.argument("name", metavar="UNIT")
@click.option("--service", help="Which of the lab's services; by default its database.")
@click.option("--variant", help="Prepared for this variant; by default the first.")
@choices.engines_option
def command(name: str, service: str | None, variant: str | None, engines: tuple[str, ...]) -> int:
    """Start a unit's engines with its data, and hand over psql or redis-cli; then clean up.

    \b
    Examples:
      scalebook shell btree-index
      scalebook shell key-value-cache --service redis
    """
    unit = with_lab(name)
    choices.readable(unit)
    explicit = choices.assignments(engines, "--engine")
    # Imported here, because the engines' drivers take a moment, and wrong use should not.
    from scalebook.cli import terminal
    from scalebook.cli.progress import Progress
    from scalebook.cli.screen import screen
    from scalebook.engine import Workbench
    from scalebook.engine.arm import Arm, LabFile
    from scalebook.labfile import import_lab

    file = LabFile(unit.folder / "lab.py", {})
    lab = import_lab(file.path)
    point = lab.points[0]
    at = lab.resolved(point)
    chosen_variant = _chosen({v.__name__: v for v in at.variants}, variant, "variant")
    kinds = {name: spec.kind for name, spec in at.services.items()}
    default = next((n for n, kind in kinds.items() if kind == "postgresql"), None)
    target = _chosen({name: name for name in kinds}, service or default, "service")
    with (
        Progress(screen()) as progress,
        Workbench(explicit, reporter=progress) as bench,
        Arm(bench, file, at, chosen_variant) as arm,
    ):
        access = arm.services[target]  # Engines start when they are first asked for.
        progress.close()
        click.echo(
            f"{target} of {unit.id} at {point} {lab.axis}, prepared for "
            f"{chosen_variant.__name__}; leave it, and everything here is removed."
        )
        return terminal.hand_over(access, bench)


def _chosen(known: dict[str, Any], name: str | None, what: str) -> Any:
    """The one of that name, or the first."""
    if not known:
        raise UsageError(f"this lab has no {what} to connect to", remedy="choose another unit")
    if name is None:
        return next(iter(known.values()))
    if name not in known:
        raise UsageError(f"there is no {what} {name!r}", remedy=f"known: {', '.join(known)}")
    return known[name]
