"""The store of results: one immutable record per run, and the histories worth keeping."""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from platformdirs import user_data_dir
from pydantic import ValidationError
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from scalebook.errors import HarnessError, UsageError
from scalebook.files import make_private
from scalebook.results.failures import explained
from scalebook.results.record import SCHEMA_VERSION, Result
from scalebook.results.tables import (
    histories,
    open_engine,
    prepare,
    runs,
    sqlite_file,
)

__all__ = ["RunRow", "Store", "StoredHistory", "default_url"]


@dataclass(frozen=True)
class StoredHistory:
    """Operations of one trial of one variant; `promise` is the one that failed, if any did."""

    variant: str
    trial: str
    promise: str | None
    operations: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class RunRow:
    """A line of the list of runs; `started` is UTC in ISO form."""

    id: str
    unit: str
    digest: str
    started: str
    purpose: str
    budget: str
    state: str
    valid: bool
    interrupted: bool
    fingerprint: str


_ROW = [runs.c[name] for name in RunRow.__dataclass_fields__]


def default_url() -> str:
    """URL in SCALEBOOK_STORE, else the SQLite file in the user's data directory."""
    if url := os.environ.get("SCALEBOOK_STORE"):
        return url
    return f"sqlite:///{Path(user_data_dir('scalebook')) / 'results.db'}"


class Store:
    """Results in one database, made on the first save; a context manager.

    Every method raises HarnessError with a remedy when the database fails. What `save` returned
    for is on the disk; what it raised for left nothing.
    """

    def __init__(self, url: str | None = None) -> None:
        """Name the database (None: `default_url`), without touching it. UsageError for no URL."""
        self._engine, self.where = open_engine(url or default_url())
        self._file = sqlite_file(self._engine.url)
        self._ready = False

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def save(self, result: Result, kept: Iterable[StoredHistory] = ()) -> None:
        """Store a run and its histories, all or nothing. A run is stored once: HarnessError."""
        packed = [_pack(result.run, history) for history in kept]
        row = {
            "id": result.run,
            "unit": result.unit,
            "digest": result.digest,
            "started": result.started.isoformat(),
            "purpose": result.purpose,
            "budget": result.budget,
            "state": result.verdict.state,
            "valid": result.validity.valid,
            "interrupted": result.interrupted,
            "fingerprint": result.environment.fingerprint,
            "record": result.model_dump_json(),
        }
        with explained(self.where):
            if self._file is not None:
                make_private(self._file)
            prepare(self._engine, self.where, create=True)
            with (
                self._engine.connect().execution_options(writes=True) as connection,
                connection.begin(),
            ):
                try:
                    connection.execute(insert(runs), row)
                except IntegrityError as error:
                    raise HarnessError(
                        f"run {result.run} is stored already, and stored results do not change",
                        remedy="Give the new run its own id.",
                    ) from error
                if packed:
                    connection.execute(insert(histories), packed)

    def load(self, run: str) -> Result:
        """Read a run by its id or a unique beginning of it; UsageError for none or several."""
        chosen = select(runs.c.id, runs.c.record).where(runs.c.id.startswith(run, autoescape=True))
        found = self._rows(chosen.order_by(runs.c.id).limit(10)) if run else []
        exact = [row for row in found if row.id == run] or found
        if not exact:
            raise UsageError(
                f"there is no run {run!r} in {self.where}",
                remedy="Run `scalebook results` to see which runs there are.",
            )
        if len(exact) > 1:
            raise UsageError(
                f"several runs begin with {run!r}: {', '.join(row.id for row in exact)}",
                remedy="Write more of the id.",
            )
        return self._parse(exact[0].id, exact[0].record)

    def recent(self, unit: str | None = None, limit: int = 20) -> list[RunRow]:
        """List runs, the newest first."""
        query = select(*_ROW).order_by(runs.c.started.desc(), runs.c.id).limit(limit)
        if unit is not None:
            query = query.where(runs.c.unit == unit)
        return [RunRow(**row._mapping) for row in self._rows(query)]

    def latest(self, unit: str, digest: str | None = None) -> Result | None:
        """Read the newest run of a unit that came to its end, of this digest where given."""
        query = select(runs.c.id, runs.c.record).where(
            runs.c.unit == unit, runs.c.interrupted.is_(False)
        )
        if digest is not None:
            query = query.where(runs.c.digest == digest)
        rows = self._rows(query.order_by(runs.c.started.desc(), runs.c.id).limit(1))
        return self._parse(rows[0].id, rows[0].record) if rows else None

    def green(self, unit: str, digest: str) -> bool:
        """Say whether a run of exactly this code was valid and came to its end."""
        query = select(runs.c.id).where(
            runs.c.unit == unit,
            runs.c.digest == digest,
            runs.c.valid.is_(True),
            runs.c.interrupted.is_(False),
        )
        return bool(self._rows(query.limit(1)))

    def histories(self, run: str) -> list[StoredHistory]:
        """Read the histories kept for a run, by its whole id."""
        query = select(histories).where(histories.c.run == run).order_by(histories.c.id)
        return [_unpack(row, self.where) for row in self._rows(query)]

    def _rows(self, query: Any) -> list[Any]:
        """Rows of a query; none where there is no store yet."""
        if self._file is not None and not self._file.exists():
            return []
        with explained(self.where), self._reading() as connection:
            return [] if connection is None else list(connection.execute(query))

    @contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        """A connection that reads; None where there are no tables yet."""
        self._ready = self._ready or prepare(self._engine, self.where, create=False)
        if not self._ready:
            yield None
            return
        with self._engine.connect() as connection:
            yield connection

    def _parse(self, run: str, text: str) -> Result:
        """Record from its JSON; HarnessError for a newer or damaged one."""
        try:
            return Result.model_validate_json(text)
        except ValidationError as error:
            version = _schema_version(text)
            if version is not None and version > SCHEMA_VERSION:
                raise HarnessError(
                    f"run {run} in {self.where} was written by a newer Scalebook",
                    remedy="Upgrade Scalebook to read it.",
                ) from error
            raise HarnessError(
                f"run {run} in {self.where} cannot be read: {error.errors()[0]['msg']}",
                remedy="Restore a copy of the store, or run the unit again.",
            ) from error


def _schema_version(text: str) -> int | None:
    """Version that a record claims for itself; None where it cannot be told."""
    try:
        version = json.loads(text)["schema_version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def _pack(run: str, history: StoredHistory) -> dict[str, object]:
    """Row of a history: JSON lines, compressed."""
    lines = "\n".join(json.dumps(operation, default=str) for operation in history.operations)
    return {
        "run": run,
        "variant": history.variant,
        "trial": history.trial,
        "promise": history.promise,
        "operations": zlib.compress(lines.encode()),
    }


def _unpack(row: Any, where: str) -> StoredHistory:
    """History from its row; HarnessError where the bytes are damaged."""
    try:
        lines = zlib.decompress(row.operations).decode().splitlines()
        operations = [json.loads(line) for line in lines]
    except (zlib.error, ValueError) as error:
        raise HarnessError(
            f"a history of run {row.run} in {where} is damaged: {error}",
            remedy="Restore a copy of the store, or run the unit again.",
        ) from error
    return StoredHistory(row.variant, row.trial, row.promise, operations)
