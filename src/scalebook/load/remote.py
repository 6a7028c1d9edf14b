"""Players of a whole trial in a process of their own, as the runner sees them."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from scalebook.errors import HarnessError
from scalebook.lab import Op
from scalebook.load.closed import HANG_SECONDS
from scalebook.load.crew import CrewTask
from scalebook.load.part import CrewReport
from scalebook.load.process import LoadProcess

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["RemoteCrew"]

clock = time.perf_counter
OPEN_SECONDS = 30.0


class RemoteCrew:
    """A load process with a crew. Killed, it leaves what it did, and *unknown* what it was at."""

    def __init__(self, run: RunDirectory, name: str, task: CrewTask) -> None:
        """Start the process; it imports the lab and waits for `open`."""
        self.parts = task.parts
        self.silent = not task.journal and any(part.listens for part in task.parts)
        self.report = CrewReport()
        self.latest_delivery = 0.0
        self.begun = 0
        self.error: BaseException | None = None
        self.ready, self.worked, self.reported, self.trouble = (threading.Event() for _ in range(4))
        self._pending: dict[tuple[str, int], Op] = {}
        self._killed = False
        self._process = LoadProcess(run, name, task, self._hear)

    def open(self) -> None:
        """Let it open its clients, without waiting for that."""
        self._process.send("open")

    def wait_until_ready(self) -> None:
        """Wait until all clients are open. Raises what went wrong there."""
        deadline = clock() + OPEN_SECONDS
        while not self.ready.wait(0.02):
            self.raise_trouble()
            if clock() > deadline:
                raise HarnessError(
                    f"the load process {self._process.name} did not open its clients "
                    f"within {OPEN_SECONDS:g} s",
                    remedy="look at what `open` waits for, or use fewer clients",
                )

    def begin(self, t0: float, begun: int = 0) -> None:
        """The trial begins, or began, at `t0`; earlier crews began `begun` operations."""
        self._process.send((t0, begun))

    def kill(self) -> None:
        """SIGKILL. What it was doing has an unknown outcome."""
        if self._killed:
            return
        self._killed = True
        self._process.signal(signal.SIGKILL)
        self._process.drained()
        now = clock()
        for op in self._pending.values():
            op.end, op.outcome = now, "unknown"
            op.error = "its process was killed"
            self.report.ops.append(op)
        self._pending.clear()
        for event in (self.worked, self.reported):
            event.set()

    def pause(self) -> None:
        """SIGSTOP."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._process.signal(signal.SIGCONT)

    def join(self, deadline: float) -> bool:
        """Wait until those who work have ended; false when they have not by `deadline`."""
        return self.worked.wait(max(deadline - clock(), 0.001))

    def stop(self) -> None:
        """Tell the listeners to stop, and it to report."""
        if not self._killed:
            self._process.send("stop")

    def collect(self) -> CrewReport:
        """What its players did. A process that does not say so is killed."""
        if not self.reported.wait(HANG_SECONDS):
            self.kill()
        return self.report

    def close(self) -> None:
        """End the process."""
        self._process.end()

    def raise_trouble(self) -> None:
        """Raise the first thing that went wrong, if anything did."""
        if self.error is not None:
            raise self.error

    def _hear(self, frame: tuple[str, Any]) -> None:
        kind, body = frame
        if kind == "begin":
            for op in body:
                self._pending[op.role, op.session] = op
                self.begun += 1
        elif kind == "end":
            for op in body:
                self._pending.pop((op.role, op.session), None)
                if op.name == "delivery":
                    self.latest_delivery = op.end
            self.report.ops += body
        elif kind == "report":
            self.report.add(body)
            self.reported.set()
        elif kind in ("ready", "worked"):
            (self.ready if kind == "ready" else self.worked).set()
        elif kind == "error" or not (self._killed or self.reported.is_set()):
            self.error = self.error or (body if kind == "error" else self._process.gone())
            self.trouble.set()
