"""`scalebook progress`: what you have read, predicted, run and passed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scalebook.practice.standing import Calibration, Standing

__all__ = ["command"]


@click.command("progress")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--read", "names", multiple=True, metavar="UNIT", help="Note that you have read it.")
def command(as_json: bool, names: tuple[str, ...]) -> None:
    """Show what you have read, predicted, run and passed, in the order of the book.

    Runs are noted by `scalebook run`. With --read you note a page that you have read in an
    exported book, which cannot tell. All of it stays in one file on this machine.

    \b
    Examples:
      scalebook progress
      scalebook progress --read redis/counter
    """
    from scalebook.book import all_units, find
    from scalebook.practice.progress import Progress
    from scalebook.practice.standing import calibration, standings

    progress = Progress()
    for unit in [find(name) for name in names]:
        progress.read(unit.id)
    units = all_units()
    found = standings(progress.events(), [unit.id for unit in units])
    calibrated = calibration(one.guess for one in found if one.guess)
    if as_json:
        facts = {
            "file": str(progress.file),
            "units": [one.to_json() for one in found],
            "calibration": asdict(calibrated) if calibrated else None,
        }
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    if found:
        click.echo("\n".join(_table(found)))
        pages, labs = sum(u.has_article for u in units), sum(u.has_lab for u in units)
        # A result may be of a unit that this book does not have, or no longer.
        ids = {unit.id for unit in units}
        here = [one for one in found if one.unit in ids]
        click.echo(
            f"\nRead {sum(one.read is not None for one in here)} of {pages} pages, "
            f"ran {sum(one.runs > 0 for one in here)} of {labs} labs, "
            f"passed {sum(one.passed is not None for one in here)}."
        )
    else:
        click.echo("Nothing yet; `scalebook run redis/counter` is a beginning.")
    for line in _calibrated(calibrated):
        click.echo(line)
    click.echo(f"Kept in {progress.file}")


def _table(found: Sequence[Standing]) -> Iterator[str]:
    yield f"{'unit':<34} {'read':<10} {'guess':>9} {'runs':>4} {'passed':<10}".rstrip()
    for one in found:
        name = one.unit if len(one.unit) <= 34 else one.unit[:33] + "…"
        read = f"{one.read:%Y-%m-%d}" if one.read else "-"
        guess = f"{_factor(one.guess.factor)} off" if one.guess else "-"
        yield f"{name:<34} {read:<10} {guess:>9} {one.runs or '-':>4} {_passed(one)}"


def _passed(one: Standing) -> str:
    """When it was passed, else how often it was tried, with what helped."""
    said = f"{one.passed:%Y-%m-%d}" if one.passed else ""
    if not one.passed and one.attempts:
        said = f"tried {one.attempts}"
    if one.revealed:
        said += ", shown" if said else "shown"
    elif one.hints:
        said += f"{', ' if said else ''}{one.hints} hint{'s' if one.hints > 1 else ''}"
    return said or "-"


def _calibrated(found: Calibration | None) -> Iterator[str]:
    if found is None:
        return
    noun = "guess" if found.guesses == 1 else "guesses"
    lean = max(found.lean, 1 / found.lean)
    side = "too high" if found.lean > 1 else "too low"
    yield (
        f"First guesses: {found.within_two} of {found.guesses} {noun} within a factor of two, "
        f"typically {_factor(found.factor)} off,"
    )
    yield f"  on the whole {_factor(lean)} {side}." if lean > 1.1 else "  to either side."
    if found.recent is not None and found.before is not None:
        yield f"  The last 5: {_factor(found.recent)} off; before: {_factor(found.before)}."


def _factor(value: float) -> str:
    """A factor in as many digits as say something, in at most five columns."""
    if value >= 9_999.5:
        return ">10k×"
    return f"{value:.1f}×" if value < 99.95 else f"{value:.0f}×"
