"""Hand the terminal to psql or redis-cli, or to a plain prompt where there is no redis-cli."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import redis

from scalebook.engine import Workbench
from scalebook.errors import EngineMissing, LabError
from scalebook.services.access import Access
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.postgres_node import PORT
from scalebook.services.redis import RedisAccess

__all__ = ["hand_over"]


def hand_over(access: Access, bench: Workbench) -> int:
    """Let the user talk to this engine until they leave; the exit status, 0 or 1.

    Raises EngineMissing where there is no psql, LabError for an engine without a client.
    """
    if isinstance(access, PostgresAccess):
        return _psql(access, bench)
    if isinstance(access, RedisAccess):
        return _redis(access, bench)
    raise LabError(f"{access.name} has no client for a terminal", remedy="choose --service")


def _psql(access: PostgresAccess, bench: Workbench) -> int:
    provision = bench.provisions.find("postgresql")
    try:
        program, env = provision.executable("psql"), provision.env
    except EngineMissing:
        found = shutil.which("psql")
        if found is None:
            raise
        program, env = Path(found), {}
    arguments = ["-h", str(access.directory), "-p", str(PORT), "-U", access.user]
    return _attached(
        bench, [str(program), *arguments, access.database], {**env, "PGPASSWORD": access.password}
    )


def _redis(access: RedisAccess, bench: Workbench) -> int:
    try:
        tools = bench.provisions.find("redis-tools")
        program = tools.executable("redis-cli")
    except EngineMissing as missing:
        click.echo(f"no redis-cli here ({missing.remedy}); a plain prompt instead", err=True)
        return _prompt(access)
    env = {**tools.env, "REDISCLI_AUTH": access.password or ""}
    return _attached(bench, [str(program), "-s", str(access.socket)], env)


def _attached(bench: Workbench, command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a client on our terminal, inside the run directory, so that it ends with the run."""
    folder = bench.run.folder("shell", as_engine=False)
    with _interrupts_for_the_client():
        ended = subprocess.run(command, cwd=folder, env={**os.environ, **env}, check=False)
    return int(ended.returncode != 0)


@contextmanager
def _interrupts_for_the_client() -> Iterator[None]:
    """Ctrl-C on the terminal is meant for the client; a handler, unlike SIG_IGN, ends with us."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _prompt(access: RedisAccess) -> int:
    """Read commands, print answers; `quit` or the end of the input leaves."""
    client: Any = access.connect()
    failed = 0
    while True:
        if sys.stdin.isatty():
            click.echo("redis (plain)> ", nl=False)
        line = sys.stdin.readline()
        words = _words(line)
        if not line or words[:1] in (["quit"], ["exit"]):
            return failed
        if not words:
            continue
        try:
            click.echo(repr(client.execute_command(*words)))
        except redis.RedisError as error:
            click.echo(f"(error) {error}")
            failed = 1


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
