"""The same operation for a native load generator, which costs no Python per request."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Native", "Pgbench", "RedisBenchmark"]


@dataclass(frozen=True)
class Pgbench:
    """A `pgbench -f` script: one transaction of it is one operation. Source: pgbench manual."""

    script: str
    on: str = "pg"
    clients: int = 1
    protocol: str = "prepared"


@dataclass(frozen=True, init=False)
class RedisBenchmark:
    """A command for `redis-benchmark`, sent `pipeline` at a time by each of `clients`.

    `__rand_int__` in an argument becomes a number below `keyspace`, with twelve digits.
    """

    command: tuple[str, ...]
    on: str
    clients: int
    pipeline: int
    keyspace: int

    def __init__(
        self,
        *command: str,
        on: str = "redis",
        clients: int = 1,
        pipeline: int = 1,
        keyspace: int = 1,
    ) -> None:
        for name, value in {
            "command": command,
            "on": on,
            "clients": clients,
            "pipeline": pipeline,
            "keyspace": keyspace,
        }.items():
            object.__setattr__(self, name, value)


Native = Pgbench | RedisBenchmark
