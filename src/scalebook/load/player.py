"""One player of a whole trial: a thread with a client that works, or listens."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scalebook.errors import LabError, ScalebookError
from scalebook.lab import Op
from scalebook.load.closed import BACKOFF_SECONDS
from scalebook.load.draw import Chooser, keys_at
from scalebook.load.openloop import Arrivals
from scalebook.load.outcomes import (
    ENGINE_ERRORS,
    PROGRAMMING_FAULTS,
    classify,
    describe,
    lab_line,
)
from scalebook.load.part import CrewReport, Part, message_id
from scalebook.load.session import Session, close_client, open_client

if TYPE_CHECKING:
    from scalebook.load.crew import Crew

__all__ = ["Journal", "Player"]

clock = time.perf_counter
DRAIN_SECONDS = 1.0
LISTEN_PAUSE_SECONDS = 0.05
Journal = Callable[[str, list[Op]], None]


class _JournalSession(Session):
    """Tells the runner of each operation before and after it, so that SIGKILL loses nothing."""

    def __init__(self, client: Any, role: str, reopen: Any, journal: Journal) -> None:
        super().__init__(client, role, reopen)
        self._journal = journal

    def record(self, op: str, key: Any, scheduled: float | None = None) -> None:
        """As in Session, between two frames."""
        begun = Op(op, self.client.worker, key, clock(), 0.0, scheduled=scheduled, role=self.role)
        self._journal("begin", [begun])
        super().record(op, key, scheduled)
        self._journal("end", self.take())


class Player(threading.Thread):
    """One worker of a part: opens its client, then works or listens."""

    def __init__(self, crew: Crew, part: Part, number: int, arrivals: Arrivals | None) -> None:
        super().__init__(name=f"{part.role or 'client'}-{number}", daemon=True)
        self.opened = threading.Event()
        self.session: Session | None = None
        self.report = CrewReport()
        self.part = part
        self._crew = crew
        self._number = number
        self._arrivals = arrivals

    def run(self) -> None:
        """Everything; what goes wrong becomes the crew's trouble."""
        try:
            with self._crew.doors:
                self.session = self._open()
            self.opened.set()
            self._crew.all_open.wait()
            if self.part.listens:
                self._listen(self.session)
            else:
                self._crew.started.wait()
                if self._arrivals is None:
                    self._closed(self.session)
                else:
                    self._open_loop(self.session, self._arrivals)
        except BaseException as error:
            self._crew.fail(error)
        finally:
            self.opened.set()

    def ops(self) -> list[Op]:
        """What it did, and what it still hangs in."""
        if self.session is None:
            return self.report.ops
        hung = self.session.lost() if self.is_alive() else []
        return self.report.ops + self.session.take() + hung

    def _open(self) -> Session:
        crew, role = self._crew, self.part.role
        client = open_client(crew.recipe, self._number, crew.trial_seed, role)

        def reopen(broken: Any) -> None:
            broken.open(crew.recipe.services)

        if crew.journal is None:
            return Session(client, role, reopen)
        return _JournalSession(client, role, reopen, crew.journal)

    def _closed(self, session: Session) -> None:
        crew, part = self._crew, self.part
        keys = None if part.keys is None else keys_at(part.keys, crew.recipe.point)
        seed = f"{crew.trial_seed}/{part.role}/{self._number}/next"
        chooser = Chooser(part.mix, keys or keys_at(1, None), seed)
        _sleep_until(crew.t0)
        number = crew.begun
        while clock() < crew.end and not crew.ended:
            if keys is None:
                key: Any = message_id(number * part.clients + self._number, part)
                number += 1
            else:
                key = chooser.key()
            session.record(chooser.op(), key)
            if session.broken:
                time.sleep(BACKOFF_SECONDS)

    def _open_loop(self, session: Session, arrivals: Arrivals) -> None:
        crew, report = self._crew, self.report
        while not crew.ended and (arrival := arrivals.take()) is not None:
            after, op, key = arrival
            due = crew.t0 + after
            now = clock()
            if now > crew.end + DRAIN_SECONDS:
                return
            _sleep_until(due)
            late = clock() - due
            report.lateness_seconds.append(late)
            if now < due:
                report.wake_lateness_seconds.append(late)
            session.record(op, key, due)

    def _listen(self, session: Session) -> None:
        stopped, client = self._crew.stopped, session.client
        while not stopped.is_set():
            start = clock()
            try:
                client.follow(self._deliver, stopped)
            except Exception as error:
                self._interrupted(client, start, error)
            else:
                return
            while not stopped.wait(LISTEN_PAUSE_SECONDS):
                close_client(client)
                with contextlib.suppress(*ENGINE_ERRORS):
                    client.open(self._crew.recipe.services)
                    break

    def _interrupted(self, client: Any, start: float, error: Exception) -> None:
        """Keep a listener's failure as an operation `follow`; a fault of the lab goes up."""
        if isinstance(error, ScalebookError):
            raise error
        if isinstance(error, PROGRAMMING_FAULTS) and not self._crew.stopped.is_set():
            where = lab_line(error, client)
            name = f"{type(client).__name__}.follow"
            raise LabError(f"{where}: {name} failed: {describe(error)}") from error
        outcome, text = classify(error), describe(error)
        self._keep(Op("follow", self._number, None, start, clock(), outcome, error=text))

    def _deliver(self, message: str | bytes | int) -> None:
        now = clock()
        key = message.decode() if isinstance(message, bytes) else str(message)
        self._keep(Op("delivery", self._number, key, now, now))

    def _keep(self, op: Op) -> None:
        op.role = self.part.role
        if self._crew.journal is None:
            self.report.ops.append(op)
        else:
            self._crew.journal("end", [op])
        self._crew.latest_delivery = op.end


def _sleep_until(moment: float) -> None:
    if (early := moment - clock()) > 0:
        time.sleep(early)
