"""`scalebook check`: a solution, judged."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scalebook.cli import choices, failure, judging
from scalebook.errors import ScalebookError

if TYPE_CHECKING:
    from scalebook.practice.judgement import Finding, Judgement

__all__ = ["command"]


@click.command("check")
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--watch", is_flag=True, help="Check again whenever the file has changed.")
@click.option("--seed", type=click.IntRange(min=0), help="Make the same choices again.")
@choices.engines_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    file: str | None, watch: bool, seed: int | None, engines: tuple[str, ...], as_json: bool
) -> int:
    """Judge your solution by the lab's own answers, promises, faults and claim.

    FILE is what `scalebook practice` wrote, and may be left out in a folder that holds one. Exit
    status 0: passed; 1: failed; 5: undecided; 4: the harness or the machine failed, which says
    nothing of your code.

    \b
    Examples:
      scalebook check redis_counter.py
      scalebook check --watch
    """
    from scalebook.practice import files

    explicit = choices.assignments(engines, "--engine")
    here = Path.cwd()
    path = Path(file) if file else files.solution_here(here).relative_to(here)
    if not watch:
        return _check(path, seed, explicit, as_json)
    for _ in files.changes(path):
        try:
            _check(path, seed, explicit, as_json)
        except ScalebookError as error:
            failure.tell(error)
        click.echo(f"Waiting for {path} to change (Ctrl-C ends this).", err=True)
    return 0


def _check(path: Path, seed: int | None, engines: dict[str, str], as_json: bool) -> int:
    from scalebook.book import with_lab
    from scalebook.engine import Reporter, silent
    from scalebook.practice import files
    from scalebook.practice.front import Exercise, judge
    from scalebook.practice.progress import Progress

    solution = files.read_solution(path)
    unit = with_lab(solution.unit)
    choices.readable(unit)
    exercise = Exercise(unit, solution.text, str(path.absolute()), engines=engines)
    with ExitStack() as stack:
        said: Reporter = silent if as_json else stack.enter_context(judging.Judging())
        found = judge(exercise, seed=seed, reporter=said)
    if not path.exists():
        files.write_anew(path, solution.text)
        click.echo(f"{path} was deleted during the check; it is back as it was.", err=True)
    broken = next((finding.promise for finding in found.findings), None)
    if as_json:
        replay = _replay(path, found)
        click.echo(json.dumps({**found.to_json(), "replay": replay}, indent=1, default=str))
    else:
        click.echo("\n".join(map(_printable, _lines(found, path))))
    try:
        Progress().checked(unit.id, found.verdict, seed=found.seed, promise=broken)
    except ScalebookError as error:
        click.echo(f"the check was not noted in your progress: {error}", err=True)
    return found.exit_status


def _printable(line: str) -> str:
    """Without what would colour, move or clear the terminal: the code may have said it."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)


def _lines(found: Judgement, path: Path) -> Iterator[str]:
    """The judgement in 80 columns."""
    full = str(path.absolute())
    head = {"pass": "PASSED", "fail": "FAILED", "undecided": "UNDECIDED"}[found.verdict]
    yield f"{found.unit}, {found.technique}: {head} in {found.seconds:.0f} s (seed {found.seed})"
    for text in found.tried:
        yield from judging.folded(f"✓ {text}")
    for finding in found.findings:
        # As the learner named the file, which is shorter.
        yield from _finding(replace(finding, text=finding.text.replace(full, str(path))))
    for text in found.notes:
        yield from judging.folded(f"· {text}")
    if found.stray:
        yield "  Your code printed:"
        yield from (
            f"    | {line.expandtabs()}"[: judging.WIDTH] for line in found.stray.splitlines()[:12]
        )
    if found.findings:
        yield f"  Again: {_replay(path, found)}"
    if found.verdict == "fail":
        yield f"  Stuck?  scalebook practice {found.unit} --hint"
    elif found.verdict == "undecided" and found.bar is not None:
        yield "  Nothing speaks against your code; a machine with less to do can tell."
    elif found.verdict == "pass":
        yield f"  How the lab does it: scalebook practice {found.unit} --solution"


def _finding(finding: Finding) -> Iterator[str]:
    mark = "?" if finding.kind == "few" else "✗"
    where = f"{finding.trial} at {finding.point}" if finding.trial else ""
    where += f" with {finding.workers} workers" if finding.workers else ""
    if finding.promise:
        yield from judging.folded(f"{mark} broken: '{finding.promise}' in {where}")
        yield from judging.folded(f"  {finding.text}")
    else:
        yield from judging.folded(f"{mark} {finding.text}")
    for line in finding.witness:
        yield f"    {line}"[: judging.WIDTH]


def _replay(path: Path, found: Judgement) -> str:
    """The command that makes the same choices; those that led to the witness come first."""
    seeds = [finding.seed for finding in found.findings if finding.seed is not None]
    return f"scalebook check {shlex.quote(str(path))} --seed {seeds[0] if seeds else found.seed}"
