"""One client, what it did, and what becomes of it when its connection breaks."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from scalebook.errors import HarnessError, LabError, ScalebookError
from scalebook.lab import Client, Op
from scalebook.lab.history import Outcome
from scalebook.labfile import import_lab_module, module_name
from scalebook.load.outcomes import ENGINE_ERRORS, PROGRAMMING_FAULTS, classify, describe, lab_line

__all__ = [
    "Recipe",
    "Session",
    "close_client",
    "connections_of",
    "cut_client",
    "new_session",
    "open_client",
]

clock = time.perf_counter
UNANSWERED = "no answer before the end of the trial"
Raw = tuple[str, Any, float, float, Outcome, Any, str | None, float | None]


@dataclass(frozen=True)
class Recipe:
    """How any process makes clients of one arm; picklable."""

    lab: Path
    settings: dict[str, object]
    variant: str
    point: object
    services: Any
    seed: int

    def variant_class(self) -> type[Client]:
        """The variant, from the lab as this process has imported it, or imports it now.

        Raises LabError when the lab has no such client.
        """
        module = sys.modules.get(module_name(self.lab))
        if module is None or getattr(module, "__file__", None) != str(self.lab):
            module = import_lab_module(self.lab, self.settings)
        found = getattr(module, self.variant, None)
        if not (isinstance(found, type) and issubclass(found, Client)):
            raise LabError(f"{self.lab}: no client is called {self.variant!r}")
        return found


def open_client(recipe: Recipe, worker: int, trial_seed: int, role: str = "") -> Client:
    """A client of the arm, connected; its random source depends on seed, role and worker.

    Raises LabError for a fault of its `open` (with file:line), HarnessError when the engine
    cannot be reached.
    """
    client = recipe.variant_class()()
    client.worker = worker
    client.at = recipe.point
    client.random = random.Random(f"{trial_seed}/{role}/{worker}")  # noqa: S311 - a replay
    try:
        client.open(recipe.services)
    except ScalebookError:
        raise
    except Exception as error:
        where, what = lab_line(error, client), describe(error)
        if classify(error) == "unknown":
            raise HarnessError(f"{where}: {recipe.variant} cannot connect: {what}") from error
        raise LabError(f"{where}: {recipe.variant}.open failed: {what}") from error
    return client


def connections_of(client: Client) -> Iterator[Any]:
    """Whatever the client keeps in its attributes (also in lists and dicts) that can be closed."""
    for value in list(vars(client).values()):
        if isinstance(value, list | tuple | set):
            held = list(value)
        else:
            held = list(value.values()) if isinstance(value, dict) else [value]
        for thing in held:
            if not isinstance(thing, Client) and callable(getattr(thing, "close", None)):
                yield thing


def close_client(client: Client) -> None:
    """Call the client's `close`, then close its connections; one that is broken is let go."""
    for close in (client.close, *(thing.close for thing in connections_of(client))):
        with contextlib.suppress(*ENGINE_ERRORS):
            close()
    for thing in connections_of(client):
        if isinstance(thing, redis.Redis):
            thing.connection_pool.disconnect()


def cut_client(client: Client) -> None:
    """Break the client's connections under a call that hangs: its thread sees them end."""
    for thing in connections_of(client):
        with contextlib.suppress(*ENGINE_ERRORS):
            if isinstance(thing, psycopg.Connection):
                with socket.socket(fileno=os.dup(thing.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)
            elif isinstance(thing, redis.Redis):
                thing.connection_pool.disconnect(inuse_connections=True)
            elif isinstance(thing, redis.RedisCluster):
                cluster: Any = thing
                for node in cluster.get_nodes():
                    if node.redis_connection is not None:
                        node.redis_connection.connection_pool.disconnect(inuse_connections=True)


class Session:
    """A client whose operations are timed (seconds on `time.perf_counter`'s clock) and kept.

    After a lost answer the client is closed and opened again at the start of its next operation:
    that time is part of the operation's latency, and the operation has *failed*, for nothing was
    sent, when the engine cannot be reached.
    """

    def __init__(
        self, client: Client, role: str = "", reopen: Callable[[Client], None] | None = None
    ) -> None:
        """`reopen` connects the client again; without it, a broken client stays as it is."""
        self.client = client
        self.role = role
        self.doing: tuple[str, Any, float, float | None] | None = None
        self._raw: list[Raw] = []
        self._reopen = reopen
        self._broken = self._cut = False
        self._worked: set[str] = set()

    def call(self, op: str, key: Any, scheduled: float | None = None) -> Op:
        """Do one operation and return it; it is not kept."""
        self.record(op, key, scheduled)
        return self._made(self._raw.pop())

    def record(self, op: str, key: Any, scheduled: float | None = None) -> None:
        """Do one operation and keep it. Raises LabError for a programming fault of the lab."""
        start = clock()
        self.doing = (op, key, start, scheduled)
        if self._broken and not self._mended(op, key, start, scheduled):
            return
        try:
            result = getattr(self.client, op)(key)
        except Exception as error:
            self._failed(op, key, start, clock(), error, scheduled)
        else:
            self._raw.append((op, key, start, clock(), "ok", result, None, scheduled))
        self.doing = None

    def cut(self) -> None:
        """From another thread: break the connections of the operation that hangs here.

        Whatever error the driver makes of it, the operation's outcome is unknown.
        """
        self._cut = True
        cut_client(self.client)

    def take(self) -> list[Op]:
        """The operations since the last `take`, in order."""
        raw, self._raw = self._raw, []
        self._worked.update(one[0] for one in raw if one[4] == "ok")
        return [self._made(one) for one in raw]

    @property
    def broken(self) -> bool:
        """Was the last answer lost, so that the client must be opened again?"""
        return self._broken

    def done(self) -> set[str]:
        """The names of the operations since the last `take`."""
        return {one[0] for one in self._raw}

    def lost(self) -> list[Op]:
        """The operation that hangs in this session, as one whose outcome is unknown."""
        if self.doing is None:
            return []
        op, key, start, scheduled = self.doing
        return [self._made((op, key, start, clock(), "unknown", None, UNANSWERED, scheduled))]

    def _made(self, raw: Raw) -> Op:
        name, key, start, end, outcome, result, error, scheduled = raw
        worker = self.client.worker
        return Op(name, worker, key, start, end, outcome, result, error, scheduled, role=self.role)

    def _failed(
        self,
        op: str,
        key: Any,
        start: float,
        end: float,
        error: Exception,
        scheduled: float | None,
    ) -> None:
        if self._cut:
            self._cut, self._broken = False, True
            self._raw.append((op, key, start, end, "unknown", None, UNANSWERED, scheduled))
            return
        if isinstance(error, ScalebookError):
            raise error
        if isinstance(error, PROGRAMMING_FAULTS):
            worked = op in self._worked or any(r[0] == op and r[4] == "ok" for r in self._raw)
            if not worked or isinstance(error, NameError):
                where = lab_line(error, self.client)
                name = f"{type(self.client).__name__}.{op}"
                raise LabError(f"{where}: {name} failed: {describe(error)}") from error
        outcome = classify(error)
        self._broken = outcome == "unknown"
        self._raw.append((op, key, start, end, outcome, None, describe(error), scheduled))

    def _mended(self, op: str, key: Any, start: float, scheduled: float | None) -> bool:
        """Open the client again; false, with the operation kept as failed, when that fails."""
        if self._reopen is None:
            return True
        try:
            close_client(self.client)
            self._reopen(self.client)
        except Exception as error:
            if isinstance(error, ScalebookError):
                raise
            text = f"cannot reconnect: {describe(error)}"[:200]
            self._raw.append((op, key, start, clock(), "failed", None, text, scheduled))
            self.doing = None
            return False
        self._broken = False
        return True


def new_session(recipe: Recipe, worker: int, trial_seed: int, role: str = "") -> Session:
    """A session of a newly opened client."""
    client = open_client(recipe, worker, trial_seed, role)
    return Session(client, role, lambda broken: broken.open(recipe.services))
