"""Clients for trying the load: a quick read, and an operation of many floors, on both engines.

`LoopCount` does on Redis what `SeriesCount` does on PostgreSQL: about a millisecond of work.
"""

from typing import Any

from scalebook.lab import Client, Pgbench, RedisBenchmark

__all__ = ["CachePing", "DatabasePing", "LoopCount", "SeriesCount"]

SERIES = "SELECT count(*) FROM generate_series(1, 20000)"
LOOP = "local n = 0 for i = 1, 100000 do n = n + i end return n"


class DatabasePing(Client):
    """The cheapest statement."""

    def open(self, services: Any) -> None:
        self.db = services.pg.connect(autocommit=True)

    def read(self, key: object) -> object:  # noqa: ARG002 - as the vocabulary has it
        return self.db.execute("SELECT 1").fetchone()


class CachePing(Client):
    """The cheapest command."""

    def open(self, services: Any) -> None:
        self.redis = services.redis.connect()

    def read(self, key: object) -> object:  # noqa: ARG002 - as the vocabulary has it
        return self.redis.ping()


class SeriesCount(DatabasePing):
    """Counts a series of numbers."""

    native = {"read": Pgbench(f"{SERIES};")}

    def read(self, key: object) -> object:  # noqa: ARG002 - as the vocabulary has it
        return self.db.execute(SERIES).fetchone()


class LoopCount(CachePing):
    """Adds numbers up in Lua."""

    native = {"read": RedisBenchmark("EVAL", LOOP, "0")}

    def read(self, key: object) -> object:  # noqa: ARG002 - as the vocabulary has it
        return self.redis.eval(LOOP, 0)
