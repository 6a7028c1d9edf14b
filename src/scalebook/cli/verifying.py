"""`scalebook verify`: promises from fresh starts, and quoted results, on real engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scalebook.cli import choices, failure, judging
from scalebook.errors import ScalebookError

if TYPE_CHECKING:
    from scalebook.authoring.verify import Verified
    from scalebook.book import Unit
    from scalebook.practice.rehearse import Rehearsed

__all__ = ["command"]


@click.command("verify")
@click.argument("names", nargs=-1, metavar="UNIT...")
@click.option("--chapter", "chapters", multiple=True, help="All labs of this chapter.")
@click.option("--quick", is_flag=True, help="Look less closely at the quoted result.")
@click.option(
    "--exercise/--no-exercise", default=True, help="Judge the lab as an exercise (by default)."
)
@choices.engines_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array at the end.")
def command(
    names: tuple[str, ...],
    chapters: tuple[str, ...],
    quick: bool,
    exercise: bool,
    engines: tuple[str, ...],
    as_json: bool,
) -> int:
    """Try every promise from two fresh starts, and see whether the quoted result still agrees.

    It agrees with the same verdict and a crossing within a factor of two. A result that was
    made on another machine is not compared, and that is said. Then the judge of the exercise
    must fail the starter, pass the reference, and fail each broken variant by a promise that it
    breaks; its speed is not compared. Exit status 1 where any of this does not hold; 2 to 4 as
    for `run`.

    \b
    Examples:
      scalebook verify redis/counter
      scalebook verify --quick --no-exercise redis/counter
    """
    asked = choices.named(names, chapters)
    explicit = choices.assignments(engines, "--engine")
    statuses: list[int] = []
    rows: list[dict[str, object]] = []
    for one in asked:
        try:
            if one.unit is None:
                raise one.fault or ScalebookError(f"no unit {one.name}")
            found = _verified(one.unit, quick, explicit, quiet=as_json)
            if not as_json:
                click.echo("\n".join(_lines(found)))
            told = _rehearsed(found, one.unit, explicit, quiet=as_json) if exercise else []
        except ScalebookError as error:
            facts = {"what": error.what, "remedy": error.remedy, "exit": error.exit_status}
            rows.append({"unit": one.unit.id if one.unit else one.name, "error": facts})
            failure.tell(error)
            statuses.append(error.exit_status)
            continue
        passed = found.passed and all(answer.good for answer in told)
        statuses.append(int(not passed))
        judged = {"exercise": [answer.to_json() for answer in told]} if exercise else {}
        rows.append({**found.to_json(), "passed": passed, **judged})
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    return failure.worst(statuses)


def _verified(unit: Unit, quick: bool, engines: dict[str, str], *, quiet: bool) -> Verified:
    choices.readable(unit)
    # Imported here, because the engines' drivers take a moment, and wrong use should not.
    from scalebook.authoring.verify import verify

    if quiet:
        return verify(unit, quick=quick, engines=engines)
    from scalebook.cli.progress import Progress
    from scalebook.cli.screen import screen

    with Progress(screen()) as progress:
        return verify(unit, quick=quick, engines=engines, reporter=progress)


def _rehearsed(
    found: Verified, unit: Unit, engines: dict[str, str], *, quiet: bool
) -> list[Rehearsed]:
    """Each answer judged, and told as soon as it is; none where the lab cannot judge anybody."""
    from scalebook.practice.rehearse import rehearse

    if not all(start.validity.valid for start in found.starts):
        if not quiet:
            click.echo("  Not judged as an exercise: the lab's own promises come first.")
        return []
    if quiet:
        return list(rehearse(unit, engines=engines))
    told = []
    with judging.Judging("as an exercise") as reporter:
        for answer in rehearse(unit, engines=engines, reporter=reporter):
            reporter.clear()
            for line in judging.folded(f"{'✓' if answer.good else '✗'} judged {answer.text}"):
                click.echo(line)
            told.append(answer)
    return told


def _lines(found: Verified) -> Iterator[str]:
    """The outcome of one unit: a line for each start, then what it means."""
    yield f"{found.unit}: {'passed' if found.passed else 'FAILED'}"
    for number, result in enumerate(found.starts, 1):
        kept = sum(check.violations == 0 for check in result.checks)
        caught = sum(example.caught for example in result.counterexamples)
        seconds = (result.finished - result.started).total_seconds()
        valid = "valid" if result.validity.valid else "NOT VALID"
        yield f"  start {number}: {valid}, {kept} kept, {caught} caught, in {seconds:.0f} s"
    for problem in found.problems:
        yield from judging.folded(f"✗ {problem}")
    yield from judging.folded(f"{_MARKS[found.agreement]}: {found.reason}")


_MARKS = {
    "agrees": "The quoted result agrees",
    "disagrees": "The quoted result does NOT agree",
    "undecided": "This run could not tell",
    "elsewhere": "Not compared",
    "nothing": "Nothing to compare",
}
