"""A lab's way into PostgreSQL."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg

from scalebook.errors import HarnessError, LabError
from scalebook.services.access import Access
from scalebook.services.postgres_connection import RecordingConnection, explain
from scalebook.services.postgres_guest import GUEST, admit
from scalebook.services.postgres_node import CONNECT_SECONDS, PORT, administer

if TYPE_CHECKING:
    from scalebook.services.postgres import PostgresDeployment
    from scalebook.services.service import Service

__all__ = ["PostgresAccess"]

POLL_SECONDS = 0.005
RETRY_PAUSE_SECONDS = 0.05
READY_FOR_QUERY = ord("Z")
COPY_IN = ord("G")
AUTHENTICATION = ord("R")
COUNTED = (
    "xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, "
    "tup_inserted, tup_updated, tup_deleted, temp_bytes, deadlocks"
)


class PostgresAccess(Access):
    """One database on a primary and its replicas; `node` is None for whoever is primary now."""

    kind = "postgresql"

    def __init__(
        self,
        deployment: PostgresDeployment,
        database: str,
        real: tuple[Path, ...],
        front: tuple[Path, ...],
        password: str,
    ) -> None:
        """`real`: each server's socket directory; `front`: where clients of each connect."""
        self.name = deployment.name
        self.database = database
        self.user = "postgres"
        self.password = password
        self.node: int | None = None
        self._seed: float | None = None
        self._deployment: PostgresDeployment | None = deployment
        self._topology = deployment.topology
        self._real = real
        self._front = front

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_deployment": None}

    def __repr__(self) -> str:
        return f"<PostgresAccess {self.name} database={self.database} node={self.node}>"

    @property
    def index(self) -> int:
        """The number of the server that this access reaches at the moment; 0 is the first."""
        if self.node is not None:
            return self.node
        return int(json.loads(self._topology.read_text(encoding="ascii"))["primary"])

    @property
    def primary(self) -> Self:
        """The server that is primary now; after a promotion, ask again."""
        topology = json.loads(self._topology.read_text(encoding="ascii"))
        return self._at(topology["primary"])

    @property
    def replicas(self) -> list[Self]:
        """The standbys of the present primary."""
        topology = json.loads(self._topology.read_text(encoding="ascii"))
        return [self._at(index) for index in topology["replicas"]]

    @property
    def directory(self) -> Path:
        """The directory of the socket, as `host` of a client such as psql or pgbench."""
        return self._front[self.index]

    @property
    def socket(self) -> Path:
        """The socket of the server, behind its imposed capacity if it has one."""
        return self.listen_path(self.directory)

    def listen_path(self, directory: Path) -> Path:
        """The name that libpq gives a socket in `directory`."""
        return directory / f".s.PGSQL.{PORT}"

    def through(self, directory: Path) -> Self:
        """A copy whose clients connect to the stand-in in `directory`."""
        changed = copy.copy(self)
        changed._deployment = self._deployment
        front = list(self._front)
        front[self.index] = directory
        changed._front = tuple(front)
        return changed

    def connect(self, **kwargs: Any) -> RecordingConnection:
        """A psycopg connection; `kwargs` as of `psycopg.connect`."""
        defaults: dict[str, Any] = {
            "host": str(self.directory),
            "port": PORT,
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
            "connect_timeout": CONNECT_SECONDS,
        }
        connection = RecordingConnection.connect(**{**defaults, **kwargs})
        if self._seed is not None:
            with psycopg.Cursor(connection) as cursor:
                cursor.execute("SELECT setseed(%s)", [self._seed])
            if not connection.autocommit:
                connection.commit()
        return connection

    def run(self, script: str) -> None:
        """Run one or more statements, each committed on its own unless the script says BEGIN."""
        with self.connect(autocommit=True) as connection:
            text: Any = script
            connection.execute(text)

    def retry(self, script: str, until_seconds: float = 5.0) -> None:
        """Run the script until no lock, timeout or lost connection stops it.

        Raises the last psycopg.OperationalError after `until_seconds`.
        """
        deadline = time.monotonic() + until_seconds
        while True:
            try:
                return self.run(script)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_PAUSE_SECONDS)

    def wait_for_replicas(self, timeout_seconds: float = 10.0) -> None:
        """Wait until each replica shows what the primary has written so far."""
        deadline = time.monotonic() + timeout_seconds
        with self.primary._administer() as connection:
            written = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        for replica in self.replicas:
            with replica._administer() as connection:
                question = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
                while not connection.execute(question, [written]).fetchone()[0]:
                    if time.monotonic() > deadline:
                        raise HarnessError(
                            f"replica {replica.node} of {self.name} has not caught up with the "
                            f"primary within {timeout_seconds:g} s",
                            remedy="Give wait_for_replicas more time, or resume what is paused.",
                        )
                    time.sleep(POLL_SECONDS)

    def promote(self, replica: PostgresAccess) -> None:
        """Make the replica the primary, and let the other replicas follow it."""
        if self._deployment is None:
            raise self._only_in_runner()
        if replica.node not in [other.node for other in self.replicas]:
            raise LabError(
                f"{replica!r} is no replica of {self.name}", remedy="Pass one of .replicas."
            )
        self._deployment.promote(replica.index)

    def service(self) -> Service:
        """The server process behind this access; raises LabError outside of the runner."""
        if self._deployment is None:
            raise self._only_in_runner()
        return self._deployment.nodes[self.index]

    def counters(self) -> dict[str, int]:
        """The database's counters in pg_stat_database, and `wal_bytes` of the whole server.

        A session reports what it did when it closes or is told to `flush_statistics`, and
        otherwise about once a second.
        """
        with self._administer() as connection:
            names = COUNTED.split(", ")
            query = f"SELECT {COUNTED} FROM pg_stat_database WHERE datname = %s"
            row = connection.execute(query, [self.database]).fetchone()
            position = (
                "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
                "ELSE pg_current_wal_insert_lsn() END - '0/0')::bigint"
            )
            wal = connection.execute(position).fetchone()[0]
        return {**dict(zip(names, map(int, row), strict=True)), "wal_bytes": int(wal)}

    def explain(
        self, connection: psycopg.Connection[Any], statement: str, params: Any = None
    ) -> dict[str, Any]:
        """The plan with times and buffers of a statement that is run and rolled back."""
        return explain(connection, statement, params)

    @contextmanager
    def floor(self) -> Iterator[Callable[[], object]]:
        """Each call of the function is one `SELECT 1`."""
        with self.connect(autocommit=True) as connection:
            yield lambda: connection.execute("SELECT 1").fetchone()

    def as_guest(self) -> Self:
        """As of `Access`: a role that is no superuser, and owns what the load has made."""
        if self._deployment is None:
            raise self._only_in_runner()
        changed = copy.copy(self)  # Without the deployment, as if it had been pickled.
        changed.user = GUEST
        changed.password = self._deployment.guest_password()
        primary = self.primary
        with administer(primary._real[primary.index], self.password, self.database) as connection:
            admit(connection, self.database)
        self.wait_for_replicas()
        return changed

    def seeded(self, seed: float) -> Self:
        """As of `Access`: each connection begins with setseed."""
        changed = self.with_levers_of(self)
        changed._seed = seed
        return changed

    def with_levers_of(self, other: Self) -> Self:
        """As of `Access`; it can promote, too."""
        changed = copy.copy(self)
        changed._deployment = other._deployment
        return changed

    def reply_complete(self, data: bytes) -> bool:
        """Do whole messages end with the server waiting for the client?"""
        offset, last, code = 0, 0, 0
        while offset + 5 <= len(data):
            last = data[offset]
            code = int.from_bytes(data[offset + 5 : offset + 9])
            offset += 1 + int.from_bytes(data[offset + 1 : offset + 5])
        if offset != len(data):
            return False
        waits_for_password = last == AUTHENTICATION and code not in (0, 12)
        return last in (READY_FOR_QUERY, COPY_IN) or waits_for_password

    def _at(self, node: int) -> Self:
        single = copy.copy(self)
        single._deployment = self._deployment
        single.node = node
        return single

    def _administer(self) -> Any:
        """A connection past proxies and imposed capacity, for looking at the server."""
        return administer(self._real[self.index], self.password, user=self.user)
