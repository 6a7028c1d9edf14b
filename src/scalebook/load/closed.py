"""The closed loop: each client starts its next operation when the last one has been answered."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from scalebook.errors import HarnessError
from scalebook.lab import Op, Workload
from scalebook.load.draw import Chooser, keys_at
from scalebook.load.process import LoadProcess
from scalebook.load.quiet import quiet
from scalebook.load.session import Recipe, Session, close_client, new_session

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["BACKOFF_SECONDS", "CUT_SECONDS", "HANG_SECONDS", "ClosedLoop", "ClosedTask", "Team"]

clock = time.perf_counter
HANG_SECONDS = 10.0
CUT_SECONDS = 2.0
BACKOFF_SECONDS = 0.02  # A client that cannot reach its engine does not spin.
PROCESS_LEAD_SECONDS = 0.005


@dataclass(frozen=True)
class _Turn:
    """What one worker does in a slice: work until `until`, and each of `must` at least once."""

    begin: float
    until: float
    must: Sequence[str]


class _Worker(threading.Thread):
    """A thread with one session, which opens in it and takes turns until it gets None."""

    def __init__(self, recipe: Recipe, workload: Workload, number: int, trial_seed: int) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.number = number
        self.turns: queue.SimpleQueue[_Turn | None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.session: Session | None = None
        self.cancelled = False
        self._open = (recipe, number, trial_seed)
        keys = keys_at(workload.keys, recipe.point)
        self._chooser = Chooser(workload.mix, keys, f"{trial_seed}//{number}/next")

    def run(self) -> None:
        """Open, then answer each turn with None or with what went wrong."""
        try:
            self.session = new_session(*self._open)
        except BaseException as error:
            self.answers.put(error)
            return
        self.answers.put(None)
        while (turn := self.turns.get()) is not None:
            try:
                self._take(self.session, turn)
            except BaseException as error:
                self.answers.put(error)
            else:
                self.answers.put(None)

    def _take(self, session: Session, turn: _Turn) -> None:
        record, op, key = session.record, self._chooser.op, self._chooser.key
        if (early := turn.begin - clock()) > 0:
            time.sleep(early)
        record(op(), key())
        while clock() < turn.until and not self.cancelled:
            record(op(), key())
            if session.broken:
                time.sleep(BACKOFF_SECONDS)
        for name in turn.must:
            if name not in session.done() and not self.cancelled:
                record(name, key())


class Team:
    """The workers of a closed loop that live in this process, one thread each."""

    def __init__(
        self, recipe: Recipe, workload: Workload, numbers: Iterable[int], trial_seed: int
    ) -> None:
        """Open all clients, side by side. Raises what the first failing `open` raised."""
        self._recipe, self._workload, self._seed = recipe, workload, trial_seed
        self._hung: list[_Worker] = []
        recipe.variant_class()
        self._workers = [self._hired(number) for number in numbers]
        self._await(self._workers, clock() + HANG_SECONDS)

    def slice(self, begin: float, seconds: float) -> list[Op]:
        """Let every client work from `begin` (perf_counter) for `seconds`; their operations.

        A client that hangs for 10 s more is cut off from its engine, and its operation's outcome
        is unknown.
        """
        until = begin + seconds
        names, count = list(self._workload.mix), self._workload.clients
        if self._hung:
            self._replace()
        with quiet():
            for worker in self._workers:
                must = [n for i, n in enumerate(names) if i % count == worker.number]
                worker.turns.put(_Turn(begin, until, must))
            hung = self._await(self._workers, until + HANG_SECONDS)
            for worker in hung:
                worker.cancelled = True
                if worker.session is not None:
                    worker.session.cut()
            self._hung = self._await(hung, clock() + CUT_SECONDS)
        for worker in hung:
            worker.cancelled = worker in self._hung
        ops = []
        for worker in self._workers:
            if worker.session is not None:
                ops += worker.session.take()
                ops += worker.session.lost() if worker in self._hung else []
        return ops

    def close(self) -> None:
        """End the threads and close the clients."""
        for worker in self._workers:
            worker.turns.put(None)
        for worker in self._workers:
            worker.join(timeout=CUT_SECONDS)
            if worker.session is not None and not worker.is_alive():
                close_client(worker.session.client)

    def _hired(self, number: int) -> _Worker:
        worker = _Worker(self._recipe, self._workload, number, self._seed)
        worker.start()
        return worker

    def _replace(self) -> None:
        """Put new workers in the place of those that never came back."""
        fresh = {worker: self._hired(worker.number) for worker in self._hung}
        self._hung = []
        self._workers = [fresh.get(worker, worker) for worker in self._workers]
        self._await(list(fresh.values()), clock() + HANG_SECONDS)

    def _await(self, workers: list[_Worker], deadline: float) -> list[_Worker]:
        """Wait for each worker's answer; those that gave none. Raises the first error."""
        late, errors = [], []
        for worker in workers:
            try:
                error = worker.answers.get(timeout=max(deadline - clock(), 0.001))
            except queue.Empty:
                late.append(worker)
                continue
            if error is not None:
                errors.append(error)
        if errors:
            raise errors[0]
        if late and late[0].session is None:
            raise HarnessError(
                f"{len(late)} clients of {self._recipe.variant} did not open in {HANG_SECONDS:g} s",
                remedy="look at what `open` waits for, or use fewer clients",
            )
        return late


@dataclass(frozen=True)
class ClosedTask:
    """What a load process of a closed loop is told to be."""

    recipe: Recipe
    workload: Workload
    numbers: tuple[int, ...]
    trial_seed: int

    def team(self) -> Team:
        """Its clients, open."""
        return Team(self.recipe, self.workload, self.numbers, self.trial_seed)


class ClosedLoop:
    """The persistent clients of one arm: in threads here, or in `workload.processes` processes.

    A context manager. Operations carry times of `time.perf_counter`, which all processes share.
    """

    def __init__(
        self, recipe: Recipe, workload: Workload, run: RunDirectory, trial_seed: int
    ) -> None:
        """Open all clients. Raises LabError or HarnessError as `open_client` does."""
        self._team: Team | None = None
        self._processes: list[LoadProcess] = []
        numbers = range(workload.clients)
        if workload.processes <= 0:
            self._team = Team(recipe, workload, numbers, trial_seed)
            return
        count = min(workload.processes, workload.clients)
        try:
            for i in range(count):
                task = ClosedTask(recipe, replace(workload), tuple(numbers[i::count]), trial_seed)
                self._processes.append(LoadProcess(run, f"load-{recipe.variant}-{i}", task))
            for process in self._processes:
                process.expect("ready", seconds=HANG_SECONDS * 3)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def slice(self, seconds: float) -> list[Op]:
        """Every client works until the time (s) is over; each kind of operation occurs."""
        if self._team is not None:
            return self._team.slice(clock(), seconds)
        begin = clock() + PROCESS_LEAD_SECONDS
        for process in self._processes:
            process.send(("slice", begin, seconds))
        ops: list[Op] = []
        limit = seconds + 2 * HANG_SECONDS
        for process in self._processes:
            ops += process.expect("ops", seconds=limit)
        return ops

    def close(self) -> None:
        """End the load processes, or the threads; close the clients."""
        if self._team is not None:
            self._team.close()
        for process in self._processes:
            process.end()
