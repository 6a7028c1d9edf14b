"""The load process: `python -m scalebook.load.worker`, with its task as a frame on stdin.

Frames go out on what was standard output; whatever the lab prints goes to the log instead. The
process exits when its standard input ends, that is, when the runner closes it or dies.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
import traceback
from typing import Any

from scalebook.errors import HarnessError, ScalebookError
from scalebook.lab import Op
from scalebook.load.closed import CUT_SECONDS, ClosedTask
from scalebook.load.crew import Crew, CrewTask
from scalebook.load.outcomes import describe
from scalebook.load.process import Portable, read_frame, write_frame
from scalebook.load.quiet import quiet

__all__ = ["main"]


class _Out:
    """The pipe to the runner; safe to use from many threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mutex = threading.Lock()

    def send(self, kind: str, body: Any = None) -> None:
        """Write a frame; when this returns, it outlives this process."""
        with self._mutex:
            write_frame(self._descriptor, (kind, body))

    def ops(self, kind: str, ops: list[Op]) -> None:
        """Send operations; a result or key that cannot be pickled becomes its repr."""
        try:
            self.send(kind, ops)
        except (pickle.PicklingError, TypeError, AttributeError):
            for op in ops:
                op.result, op.key = repr(op.result), repr(op.key)
            self.send(kind, ops)

    def error(self, error: BaseException) -> None:
        """Send what went wrong, as an error that the runner can raise."""
        if not isinstance(error, ScalebookError):
            error = HarnessError(f"a load process failed: {describe(error)}")
        self.send("error", Portable(error))


def main() -> None:
    """Read the task, do as told, exit with the runner."""
    out = _Out(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    task = read_frame(sys.stdin.buffer)
    orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    try:
        if isinstance(task, ClosedTask):
            _closed(task, orders, out)
        elif isinstance(task, CrewTask):
            _crew(task, orders, out)
    except BaseException as error:
        traceback.print_exc()
        out.error(error)
        os._exit(1)  # The listener's thread holds standard input, so this cannot end in order.


def _listen(orders: queue.SimpleQueue[Any]) -> None:
    while True:
        try:
            orders.put(read_frame(sys.stdin.buffer))
        except EOFError:
            os._exit(0)


def _closed(task: ClosedTask, orders: queue.SimpleQueue[Any], out: _Out) -> None:
    team = task.team()
    out.send("ready")
    while True:
        _, begin, seconds = orders.get()
        out.ops("ops", team.slice(begin, seconds))


def _crew(task: CrewTask, orders: queue.SimpleQueue[Any], out: _Out) -> None:
    """Import the lab at once; open, begin and stop as ordered; exit with the runner."""
    task.recipe.variant_class()
    orders.get()
    journal = out.ops if task.journal else None
    crew = Crew(task.recipe, task.parts, task.seconds, task.trial_seed, journal)
    crew.open()
    out.send("ready")
    crew.watch(out.error)
    with quiet(crew.size):
        crew.begin(*orders.get())
        busy = time.process_time()
        crew.join(listeners=False)
        out.send("worked")
        orders.get()
        busy = (time.process_time() - busy) / (time.perf_counter() - crew.t0)
        crew.stopped.set()
        crew.join(listeners=True, deadline=time.perf_counter() + CUT_SECONDS)
    report = crew.collect()
    out.ops("end", report.ops)
    report.ops, report.busy_share = [], busy
    out.send("report", report)
    orders.get()


if __name__ == "__main__":
    main()
