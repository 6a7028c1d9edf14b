"""Steps and faults: what happens to a trial at which second, and how it is undone."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scalebook.engine.arm import Arm
from scalebook.lab import Fault, Whole
from scalebook.load.whole import Drive
from scalebook.services.namespace import Services

__all__ = ["Timeline", "targets"]

Action = Callable[[], None]
Window = tuple[str, str, float, float]
POLL_SECONDS = 0.05
WIRE = {"cut", "lose", "delay"}
"""Faults of the connections to a service."""


def targets(trial: Whole) -> tuple[set[str], set[str]]:
    """Names that a trial's faults kill, pause or restart; names that they cut or delay."""
    wire = {fault.target for fault in trial.faults if fault.kind in WIRE}
    return {fault.target for fault in trial.faults} - wire, wire


class Timeline:
    """Carries out one trial's steps and faults while a drive runs.

    `windows` tells afterwards what was done and when: kind, target, from, until, in seconds on
    the run's clock.
    """

    def __init__(self, arm: Arm, trial: Whole, drive: Drive) -> None:
        self._arm = arm
        self._drive = drive
        self._trial = trial
        self._undo: dict[int, Action] = {}
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self._errors: list[BaseException] = []
        self.windows: list[Window] = []

    def start(self, t0: float) -> None:
        """Begin; `t0` is the trial's start on the run's clock."""
        for step in self._trial.steps:
            action = getattr(self._arm.client(-1), step.action)
            act = functools.partial(action, self._arm.for_steps())
            self._at(t0 + step.at, step.action, "step", act)
        for number, fault in enumerate(self._trial.faults):
            do, undo = self._pair(fault)
            done = threading.Event()
            self._at(t0 + fault.at, fault.kind, fault.target, self._armed(number, do, undo, done))
            if fault.until is not None:
                end = self._disarm(number, done)
                self._at(t0 + fault.until, "end of " + fault.kind, fault.target, end)

    def finish(self) -> None:
        """Wait for every action, undo what is still done, and raise the first error."""
        for thread in self._threads:
            thread.join()
        self._over.set()
        self.heal()
        if self._errors:
            raise self._errors[0]

    def heal(self) -> None:
        """Undo every fault that is still in force."""
        for number in list(self._undo):
            self._undo.pop(number)()

    @contextmanager
    def settle(self, seconds: float) -> Iterator[Services]:
        """The services after every fault is healed and `seconds` have passed in silence."""
        self.heal()
        time.sleep(seconds)
        yield self._arm.services

    def _at(self, moment: float, kind: str, target: str, action: Action) -> None:
        thread = threading.Thread(target=self._act, args=(moment, kind, target, action))
        self._threads.append(thread)
        thread.start()

    def _act(self, moment: float, kind: str, target: str, action: Action) -> None:
        if self._over.wait(max(0.0, moment - time.perf_counter())):
            return
        begun = time.perf_counter()
        try:
            action()
        except Exception as error:
            self._errors.append(error)
        self.windows.append((kind, target, begun, time.perf_counter()))

    def abandon(self) -> None:
        """End without waiting for what is still to come (the run was interrupted)."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.heal()

    def _armed(self, number: int, do: Action, undo: Action | None, done: threading.Event) -> Action:
        def act() -> None:
            if undo is not None:
                self._undo[number] = undo
            try:
                do()
            finally:
                done.set()

        return act

    def _disarm(self, number: int, done: threading.Event) -> Action:
        def act() -> None:
            # On a busy machine the fault itself may come late, and its end is due already.
            while not done.wait(POLL_SECONDS):
                if self._over.is_set():
                    return
            undo = self._undo.pop(number, None)
            if undo is not None:
                undo()

        return act

    def _pair(self, fault: Fault) -> tuple[Action, Action | None]:
        """What a fault does, and what undoes it."""
        name = fault.target
        if fault.kind in WIRE:
            proxy = self._arm.proxies[name]
            if fault.kind == "cut":
                return proxy.cut, proxy.heal
            if fault.kind == "lose":
                return proxy.lose, None
            return lambda: proxy.delay(fault.seconds), lambda: proxy.delay(0)
        if name in self._arm.accesses:
            access = self._arm.accesses[name]
            back = access.service().start
            kinds: dict[str, tuple[Action, Action | None]] = {
                "kill": (access.kill, back),
                "pause": (access.pause, access.resume),
                "restart": (access.restart, None),
            }
            return kinds[fault.kind]
        if name in self._arm.programs:
            program = self._arm.programs[name]
            return {
                "kill": (program.kill, program.start),
                "pause": (program.pause, program.resume),
                "restart": (program.restart, None),
            }[fault.kind]
        return self._role(fault)

    def _role(self, fault: Fault) -> tuple[Action, Action | None]:
        """A role's workers end with the drive, so a fault without an end is not undone."""
        drive, name = self._drive, fault.target

        def restart() -> None:
            drive.kill(name)
            drive.revive(name)

        if fault.kind == "restart":
            return restart, None
        if fault.kind == "pause":
            return lambda: drive.pause(name), lambda: drive.resume(name)
        back = None if fault.until is None else lambda: drive.revive(name)
        return lambda: drive.kill(name), back
