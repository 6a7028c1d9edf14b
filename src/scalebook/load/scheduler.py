"""Interleaved trials: which client's command goes next is chosen, so races are found by design."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
import redis

from scalebook.errors import HarnessError, LabError
from scalebook.lab import Interleaved, Op, Role, Uniform, Workload
from scalebook.load.draw import Chooser
from scalebook.load.gate import Gate, Seat
from scalebook.load.locks import LockWatch
from scalebook.load.order import Order
from scalebook.load.session import (
    Recipe,
    Session,
    close_client,
    connections_of,
    open_client,
)

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["Scheduler"]

clock = time.perf_counter
POLL_SECONDS = 0.002
PATIENCE = 25  # Empty polls, so 50 ms in which this process was really awake.
SHORT_PATIENCE = 5  # For a client that was blocked already, whenever another one is answered.
KNOWN_PATIENCE = 500  # Where the engine itself says who waits for a lock.
RUN_SECONDS = 10.0
END_SECONDS = 2.0
Job = tuple[int, list[str]]


class _Player(threading.Thread):
    """One client's thread: opens it through its gates, then does a job per run."""

    def __init__(self, gate: Gate, seat: Seat, recipe: Recipe, services: Any, role: str) -> None:
        super().__init__(name=f"interleaved-{seat.number}", daemon=True)
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.session: Session | None = None
        self.error: BaseException | None = None
        self.role = role
        self._gate, self._seat = gate, seat
        self._recipe, self._services = recipe, services

    def run(self) -> None:
        """Ring the gate's bell after opening and after each job."""
        try:
            self.session = self._open()
        except BaseException as error:
            self.error = error
        self._gate.ring(self._seat.number)
        while self.session is not None and (job := self.jobs.get()) is not None:
            key, ops = job
            try:
                for op in ops:
                    self.session.record(op, key)
            except BaseException as error:
                self.error = error
            self._gate.ring(self._seat.number)

    def _open(self) -> Session:
        recipe = self._recipe
        own = Recipe(
            recipe.lab, recipe.settings, recipe.variant, recipe.point, self._services, recipe.seed
        )
        client = open_client(own, self._seat.number, recipe.seed, self.role)
        _steady(client)

        def reopen(broken: Any) -> None:
            broken.open(self._services)
            _steady(broken)

        return Session(client, self.role, reopen)


class Scheduler:
    """Clients of one arm whose commands go on one at a time, in an order that a seed decides.

    A command is all that a client sends before it waits for an answer: a redis-py pipeline, or
    BEGIN with the first statement. Connections to replicas are not led through a gate.
    """

    def __init__(
        self,
        recipe: Recipe,
        work: Workload | Sequence[Role],
        trial: Interleaved,
        run: RunDirectory,
    ) -> None:
        """Open the clients, through the gates; they serve all runs.

        `work`: a workload, whose mix is drawn from, or roles, in turn (listeners play no part).
        Raises LabError or HarnessError as `open_client` does.
        """
        self.order: list[int] = []
        self._operations = trial.operations
        self._variant = recipe.variant
        self._mixes = _mixes(work, trial)
        self._gate = Gate()
        self._gate.on_done = self._done
        self._seats = [Seat(number) for number in range(trial.clients)]
        known = recipe.services.used() or {n: recipe.services[n] for n in recipe.services}
        names = [name for name, access in known.items() if hasattr(access, "listen_path")]
        self._locks = LockWatch(recipe.services[name] for name in names)
        self._players: list[_Player] = []
        try:
            for seat, (role, _) in zip(self._seats, self._mixes, strict=True):
                led = {}
                for name in names:
                    access = recipe.services[name]
                    directory = run.folder(f"gate{seat.number}-{name}", as_engine=False)
                    self._gate.seat(seat, access, access.listen_path(directory))
                    led[name] = access.through(directory)
                services = recipe.services.replaced(**led)
                self._players.append(_Player(self._gate, seat, recipe, services, role))
            recipe.variant_class()
            self._open()
        except BaseException:
            self.close()
            raise

    def run(self, number: int, seed: int) -> list[Op]:
        """One run on key `number`; `order` then says whose command went when.

        The same seed gives the same order, as long as the clients send the same. Raises
        HarnessError when the run is not over after 10 s, LabError for a fault of the lab.
        """
        order = Order(seed, len(self._seats))
        self.order = []
        for seat, player, (role, mix) in zip(self._seats, self._players, self._mixes, strict=True):
            session = player.session
            assert session is not None
            source = f"{seed}/{role}/{seat.number}"
            session.client.random = random.Random(source)  # noqa: S311 - a replay, no secret
            chooser = Chooser(mix, Uniform(1), f"{source}/next")
            seat.state, seat.waited, seat.patience = "thinking", 0, PATIENCE
            player.jobs.put((number, [chooser.op() for _ in range(self._operations)]))
        deadline = clock() + RUN_SECONDS
        while not all(seat.state == "done" for seat in self._seats):
            self._settle()
            candidates = self._candidates()
            if candidates:
                self._go(order.pick(candidates))
            elif not self._gate.poll(POLL_SECONDS) and clock() > deadline:
                raise self._stuck()
        ops = [op for player in self._players if player.session for op in player.session.take()]
        self._raise_trouble()
        return ops

    def close(self) -> None:
        """Close the clients and the gates."""
        self._gate.open = True
        for player in self._players:
            player.jobs.put(None)
        deadline = clock() + END_SECONDS
        while any(player.is_alive() for player in self._players) and clock() < deadline:
            self._gate.poll(POLL_SECONDS)
        for player in self._players:
            if player.session is not None:
                if player.is_alive():
                    player.session.cut()
                else:
                    close_client(player.session.client)
        self._gate.close()
        self._locks.close()

    def _open(self) -> None:
        for seat, player in zip(self._seats, self._players, strict=True):
            seat.state = "thinking"
            player.start()
        deadline = clock() + RUN_SECONDS
        while not all(seat.state == "done" for seat in self._seats):
            if not self._gate.poll(POLL_SECONDS) and clock() > deadline:
                raise self._stuck()
        self._raise_trouble()
        self._gate.open = False

    def _candidates(self) -> list[int]:
        """Whose command may go next, by number."""
        pending = [seat for seat in self._seats if seat.state == "pending"]
        blocked = [seat for seat in self._seats if seat.state == "blocked"]
        if pending and blocked:
            pending = self._locks.free_to_go(blocked, pending) or pending
        return [seat.number for seat in pending]

    def _go(self, number: int) -> None:
        self.order.append(number)
        seat = self._seats[number]
        self._gate.forward(seat)
        seat.waited, seat.recheck = 0, False
        seat.patience = KNOWN_PATIENCE if self._locks.knows(seat) else PATIENCE

    def _settle(self) -> None:
        """Wait until each client is pending, blocked, asleep or done."""
        while restless := [s for s in self._seats if s.state in ("thinking", "sent")]:
            answered = sum(seat.state == "sent" for seat in self._seats)
            if self._gate.poll(POLL_SECONDS):
                if sum(seat.state == "sent" for seat in self._seats) < answered:
                    self._look_again()
                continue
            for seat in restless:
                seat.waited += 1
                if seat.waited >= seat.patience:
                    seat.state = "asleep" if seat.state == "thinking" else "blocked"
            self._ask([seat for seat in restless if seat.state == "sent"])

    def _look_again(self) -> None:
        """Somebody was answered, so a lock may be free: is who was blocked still blocked?"""
        blocked = [seat for seat in self._seats if seat.state == "blocked"]
        for seat in blocked:
            known = self._locks.knows(seat)
            seat.state, seat.waited = "sent", 0
            seat.patience = KNOWN_PATIENCE if known else SHORT_PATIENCE
        self._ask(blocked)

    def _ask(self, seats: list[Seat]) -> None:
        for seat in self._locks.blocked(seats) if seats else []:
            seat.state = "blocked"

    def _done(self, number: int) -> None:
        self._seats[number].state = "done"

    def _raise_trouble(self) -> None:
        for player in self._players:
            if player.error is not None:
                error, player.error = player.error, None
                raise error

    def _stuck(self) -> HarnessError:
        states = ", ".join(f"client {seat.number} is {seat.state}" for seat in self._seats)
        return HarnessError(
            f"interleaved clients of {self._variant} got stuck for {RUN_SECONDS:g} s: {states}",
            remedy="let its operations give up by themselves, e.g. with a lock_timeout",
        )


def _mixes(
    work: Workload | Sequence[Role], trial: Interleaved
) -> list[tuple[str, Mapping[str, float]]]:
    """Each client's role and mix."""
    if isinstance(work, Workload):
        return [("", trial.mix or work.mix)] * trial.clients
    names = [role.name for role in work if not role.listens for _ in range(role.clients)]
    if not names:
        raise LabError(
            "an interleaved trial has nobody whose commands could be scheduled",
            remedy="give it a workload, or a role that does not listen",
        )
    return [(names[i % len(names)], {names[i % len(names)]: 1}) for i in range(trial.clients)]


def _steady(client: Any) -> None:
    """Let each run send the same: connect what connects late, prepare nothing behind the scenes."""
    for thing in connections_of(client):
        if isinstance(thing, redis.Redis):
            thing.ping()
        elif isinstance(thing, psycopg.Connection):
            thing.prepare_threshold = None
