"""Does a client wait for a lock? PostgreSQL is asked; of other engines, time must tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from scalebook.load.gate import Line, Seat

__all__ = ["LockWatch"]

QUESTION = """
    SELECT pid FROM pg_stat_activity AS backend
    WHERE pid = ANY(%s) AND (wait_event = 'PgSleep' OR EXISTS (
        SELECT FROM pg_locks AS lock WHERE lock.pid = backend.pid AND NOT lock.granted))
"""
HOLDERS = "SELECT DISTINCT unnest(pg_blocking_pids(pid)) FROM unnest(%s::int[]) AS waiting (pid)"

WAITS_FOR_NOBODY = re.compile(rb"\b(SELECT|COMMIT|ROLLBACK)\b", re.IGNORECASE)
MAY_WAIT = re.compile(rb"\b(FOR|UPDATE|INSERT|DELETE|MERGE|LOCK|CALL|COPY)\b", re.IGNORECASE)


class LockWatch:
    """Connections of our own, past the gates, to the PostgreSQL services among `accesses`.

    A lock that is released is granted to the next in the same moment, before the releaser is
    answered; so after each answer this says exactly who is blocked, and a schedule replays.
    """

    def __init__(self, accesses: Iterable[Any]) -> None:
        self._connections = {
            id(access): access.connect(autocommit=True)
            for access in accesses
            if access.kind == "postgresql"
        }

    def knows(self, seat: Seat) -> bool:
        """Can it tell of this client, which awaits an answer?"""
        return bool(self._backends([seat]))

    def blocked(self, seats: Iterable[Seat]) -> list[Seat]:
        """Those who wait for a lock now (or for pg_sleep)."""
        seats = list(seats)
        found = self._ask(QUESTION, seats)
        return [s for s in seats if any(li.awaiting and li.backend in found for li in s.lines)]

    def free_to_go(self, blocked: Iterable[Seat], pending: Iterable[Seat]) -> list[Seat]:
        """Of those pending: who hold what the `blocked` wait for, who read, and who commit.

        Two clients that wait for the same row race inside the engine once it is free, where no
        schedule reaches, and such a run would not replay.
        """
        found = self._ask(HOLDERS, blocked)
        return [
            seat
            for seat in pending
            if any(line.backend in found for line in seat.lines)
            or all(_waits_for_nobody(line) for line in seat.lines if line.held)
        ]

    def close(self) -> None:
        """End the connections."""
        for connection in self._connections.values():
            connection.close()

    def _ask(self, question: str, seats: Iterable[Seat]) -> set[int]:
        """The backends that a question about those of the seats yields."""
        found: set[int] = set()
        wanted = self._backends(seats)
        for name in {name for name, _ in wanted}:
            pids = [pid for other, pid in wanted if other == name]
            rows = self._connections[name].execute(question, [pids]).fetchall()
            found |= {pid for (pid,) in rows}
        return found

    def _backends(self, seats: Iterable[Seat]) -> list[tuple[int, int]]:
        return [
            (id(line.access), line.backend)
            for seat in seats
            for line in seat.lines
            if line.awaiting and line.backend is not None and id(line.access) in self._connections
        ]


def _waits_for_nobody(line: Line) -> bool:
    if line.access.kind != "postgresql":
        return True
    return bool(WAITS_FOR_NOBODY.search(line.held)) and not MAY_WAIT.search(line.held)
