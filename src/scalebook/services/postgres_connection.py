"""psycopg connections that can note the statements which an operation really ran."""

from collections.abc import Iterable
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

__all__ = ["RecordingConnection", "explain"]

Recorded = list[tuple[str, Any]]


class _RecordingCursor(psycopg.Cursor[TupleRow]):
    """Appends each statement and its parameters to the connection's `recorded`, if it is a list."""

    def execute(
        self,
        query: Any,
        params: Any = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """As in psycopg."""
        self._record(query, params)
        return super().execute(query, params, prepare=prepare, binary=binary)

    def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        """As in psycopg; noted once, with the first parameters."""
        rows = list(params_seq)
        self._record(query, rows[0] if rows else None)
        super().executemany(query, rows, returning=returning)

    def _record(self, query: Any, params: Any) -> None:
        recorded = getattr(self.connection, "recorded", None)
        if recorded is not None:
            composed = isinstance(query, sql.Composable)
            text = query.as_string(self.connection) if composed else query
            recorded.append((text.decode() if isinstance(text, bytes) else text, params))


class RecordingConnection(psycopg.Connection[TupleRow]):
    """A plain psycopg connection; `recorded` is None, or the list that statements go to."""

    recorded: Recorded | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cursor_factory = _RecordingCursor

    def __del__(self, *_: object) -> None:
        """Close what a lab let go of, without the driver's warning: labs need not close."""
        if hasattr(self, "pgconn"):
            self.pgconn.finish()

    def flush_statistics(self) -> None:
        """Report this session's counters to pg_stat_* now; by itself it does so once a second."""
        with psycopg.Cursor(self) as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")


def explain(
    connection: psycopg.Connection[Any], statement: str, params: Any = None
) -> dict[str, Any]:
    """Run the statement under EXPLAIN (ANALYZE, BUFFERS), roll it back, and return the plan."""
    recorded = getattr(connection, "recorded", None)
    if isinstance(connection, RecordingConnection):
        connection.recorded = None
    try:
        with connection.transaction(force_rollback=True), psycopg.Cursor(connection) as cursor:
            question: Any = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            row = cursor.execute(question, params).fetchone()
    finally:
        if isinstance(connection, RecordingConnection):
            connection.recorded = recorded
    assert row is not None
    plan: dict[str, Any] = row[0][0]
    return plan
