"""`scalebook doctor`: what this machine has, and what to do about the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scalebook.services.doctor import DoctorReport

__all__ = ["command"]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--fetch", "engine", help="Get this engine into your cache; nothing is installed.")
def command(as_json: bool, engine: str | None) -> int:
    """Show the engines that were found, the machine, and the command for what is missing.

    The exit status is 3 where PostgreSQL or Redis is missing.

    \b
    Example:
      scalebook doctor --fetch redis-tools
    """
    from scalebook.services.doctor import report
    from scalebook.services.provide import Provisions

    provisions = Provisions()
    if engine is not None:
        found = provisions.fetch(engine, lambda step: click.echo(step, err=True))
        if not as_json:
            name = found.label if found.version in found.label else f"{found.label} {found.version}"
            click.echo(f"{name} is in {found.bin}")
            return 0
    seen = report(provisions)
    if as_json:
        click.echo(json.dumps(seen.to_json(), indent=1))
    else:
        click.echo("\n".join(_lines(seen)))
    return 3 if {"postgresql", "redis"} & set(seen.missing) else 0


_JUDGED = {
    "own user": "as a user of their own",
    "namespaces": "in {}",
    "limits only": "within limits only, which guards against accidents alone: {}",
}


def _lines(seen: DoctorReport) -> Iterator[str]:
    yield "engines"
    for finding in seen.engines:
        mark = "✓" if finding.found else "✗"
        yield f"  {mark} {finding.engine:<19} {finding.label or finding.problem or ''}"
        if finding.found:
            yield f"      {finding.version} ({finding.source}) {finding.path}"
        elif finding.remedy:
            yield f"      {finding.remedy}"
    yield "machine"
    yield f"    {seen.system}, {seen.python}, {seen.cores} cores, load {seen.load[0]}"
    if seen.fsync_seconds is not None:
        yield f"    fsync {seen.fsync_seconds * 1e3:.2f} ms in {seen.run_base}"
    if seen.free_bytes is not None:
        yield f"    {seen.free_bytes / 1e9:.1f} GB free for run directories"
    user = "root: engines run as a user of their own" if seen.root else "an ordinary user"
    yield f"    as {user}"
    yield f"    solutions are judged {_JUDGED[seen.judge].format(seen.judge_reason)}"
    yield f"    results are kept in {seen.store}"
    for warning in seen.warnings:
        yield f"  ! {warning}"
