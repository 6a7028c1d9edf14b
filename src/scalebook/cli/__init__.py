"""The command line: `scalebook`. Each command is a module, loaded when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

import click

from scalebook import __version__
from scalebook.cli import failure

__all__ = ["app", "main"]

COMMANDS = {
    "list": "listing",
    "show": "showing",
    "run": "running",
    "shell": "shell",
    "results": "results",
    "practice": "practising",
    "check": "checking",
    "path": "pathing",
    "progress": "standing",
    "drill": "drilling",
    "export": "exporting",
    "schema": "schema",
    "plan": "planning",
    "ledger": "ledger",
    "lint": "linting",
    "verify": "verifying",
    "new": "beginning",
    "build": "building",
    "doctor": "doctor",
    "serve": "serving",
}
ELSEWHERE = {"test": "tests are run from a checkout, by ./scalebook test"}
"""Commands of the launcher in a checkout, which the package alone cannot answer."""


class _Commands(click.Group):
    """Knows its commands by name, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name in ELSEWHERE:
            raise click.UsageError(
                f"{name} is not a command of the installed package: {ELSEWHERE[name]}"
            )
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"scalebook.cli.{COMMANDS[name]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and name not in ELSEWHERE and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="scalebook", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """A system-design book that runs: real engines, fair comparisons, your own numbers.

    \b
    Begin with:
      scalebook list
      scalebook run redis/key-value-cache
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; nothing is raised but SystemExit of others."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return failure.guarded(lambda: _call(given))


def _call(arguments: list[str]) -> int:
    with app.make_context("scalebook", arguments) as context:
        status = app.invoke(context)
    return status if isinstance(status, int) else 0
