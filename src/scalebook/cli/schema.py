"""`scalebook schema`: the JSON schema of what is stored and printed."""

from __future__ import annotations

import json

import click

__all__ = ["command"]


@click.command("schema")
@click.argument("what", type=click.Choice(["result"]))
def command(what: str) -> None:
    """Print the JSON schema of a result, as `run --json` and `results show --json` give it.

    \b
    Example:
      scalebook schema result > result.schema.json
    """
    del what  # There is one, so far.
    from scalebook.results import Result

    click.echo(json.dumps(Result.model_json_schema(), indent=1))
