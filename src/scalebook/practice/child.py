"""The process that judges: `python -m scalebook.practice.child`, with its task on standard input.

It forks at once: the one that goes on judging has a parent whose end harms nobody. What it has
to say goes out as lines of JSON on what was standard output; whatever the learner's code prints
goes to the log. If it is started by root, it gives root up before it runs any of that code.

What this does not do: the learner's code shares this process with the judge, so it can change
the judge's mind if it wants to. That is guarded against accidents, not against cheating. The
machine is guarded as `services/isolation.py` says: by a user of its own under root, by
namespaces where they can be had, and else by limits only. What every user of the machine may
read is always within its reach, and so is the network but for bubblewrap's namespaces.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalebook.practice.judgement import Finding

if TYPE_CHECKING:
    from scalebook.practice.limits import Interpreter

__all__ = ["Task", "main"]

COPY = 13
"""With which status a copy of the judge ends."""
COPIED = "your code copied the process that judges it, behind Python's back"
"""What such a copy says of itself when it goes on judging."""
UNWRITTEN = re.compile(r"\w+\.\w+ failed: NotImplementedError: ")
"""How a process that carries load tells of a method that is not written."""
DUMP = "dump"
"""Where the stacks of a judge lie that was still at it when its time was over."""


@dataclass(frozen=True)
class Task:
    """What is to be judged: all as plain data."""

    unit: str
    number: int | None
    title: str
    question: str
    claim_text: str | None
    lab: str
    """The unit's lab.py."""
    joined: str
    """The lab file that holds the learner's class too."""
    source: str
    """The learner's code, as it was read when the check began."""
    shown: str
    technique: str
    parts: tuple[str, ...]
    seed: int
    folder: str
    """Where this process and its engines live."""
    uid: int | None
    gid: int | None
    others: int
    """Threads of this user that are not of the check."""
    engines: dict[str, str]

    @property
    def id(self) -> str:
        """The unit's."""
        return self.unit


class _Out:
    """Lines of JSON to the front."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process: int | None = None
        self._mutex = threading.Lock()

    def only_from_here(self) -> None:
        """A copy of this process, made behind Python's back, only says that it is one."""
        self._process = os.getpid()

    def __call__(self, event: dict[str, object]) -> None:
        if self._process not in (None, os.getpid()):
            os.write(self._descriptor, _line({"event": "code", **asdict(Finding("code", COPIED))}))
            os._exit(COPY)  # Without the mutex, which whoever was copied may have held.
        data = memoryview(_line(event))
        with self._mutex:
            while data:
                data = data[os.write(self._descriptor, data) :]


def _line(event: Mapping[str, object]) -> bytes:
    return (json.dumps(event, default=repr) + "\n").encode()


def main() -> None:
    """Fork; judge in one process, and tell in the other how it ended."""
    from scalebook.practice import limits

    out = _Out(os.dup(1))
    os.dup2(2, 1)
    limits.adopt_orphans()
    worker = os.fork()
    if worker == 0:
        _work(out)
        return
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    _, status = os.waitpid(worker, 0)
    limits.kill_descendants(os.getpid())
    out({"event": "ended", "status": os.waitstatus_to_exitcode(status)})


def _work(out: _Out) -> None:
    """Judge, and never return: threads of the learner's may still be at work."""
    try:
        raw = json.loads(sys.stdin.buffer.read())
        task = Task(**{**raw, "parts": tuple(raw["parts"])})
        out.only_from_here()
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        out({"event": "harness", "what": words, "remedy": None, "exit": 4, "trace": ""})
        os._exit(0)
    try:
        interpreter = _prepare(task)
        out({"event": "verdict", "judgement": _judged(task, out, interpreter)})
    except BaseException as error:
        _explain(error, task, out)
    sys.stdout.flush()
    os._exit(0)


def _prepare(task: Task) -> Interpreter:
    from scalebook.labfile import import_lab_module
    from scalebook.practice import limits

    limits.load_early(Path(task.source).read_bytes())
    import_lab_module(Path(task.lab))
    interpreter = limits.Interpreter()
    if task.uid is not None and task.gid is not None:
        limits.become(task.uid, task.gid)
        interpreter.use()
    limits.restrict(task.others)
    # A copy of this process would go on judging, and tell its own verdict.
    os.register_at_fork(after_in_child=lambda: os._exit(COPY))
    return interpreter


def _judged(task: Task, out: _Out, interpreter: Interpreter) -> dict[str, Any]:
    from scalebook.engine import Workbench
    from scalebook.engine.arm import LabFile
    from scalebook.labfile import import_lab_module
    from scalebook.practice.compose import your_name
    from scalebook.practice.judge import Judge
    from scalebook.services.rundir import RunDirectory

    dump = open(Path(task.folder) / DUMP, "w")  # noqa: SIM115 - as long as this process lives

    def tell(event: dict[str, object]) -> None:
        if isinstance(limit := event.get("limit"), float):
            faulthandler.dump_traceback_later(limit, file=dump)
        out(event)

    tell({"event": "part", "part": "import", "limit": 30.0})
    module = import_lab_module(Path(task.joined))
    folder = Path(task.folder)
    run = RunDirectory.inside(folder, interpreter.descriptors, interpreter.env)
    bench = Workbench(task.engines, reporter=tell, run=run)
    bench.seed = task.seed
    bench.guests.add(your_name(task.technique))
    judge = Judge(
        bench=bench,
        unit=task,
        file=LabFile(Path(task.joined), {}),
        lab=module.LAB,
        reference=getattr(module, task.technique),
        yours=getattr(module, your_name(task.technique)),
        seed=task.seed,
        tell=tell,
        parts=task.parts,
    )
    return judge.judgement().to_json()


def _explain(error: BaseException, task: Task, out: _Out) -> None:
    """Whose fault it is: the learner's, where their code stands in the traceback."""
    from scalebook.errors import ScalebookError

    finding = _blame(error, task)
    if finding is not None:
        out({"event": "code", **finding.__dict__})
        return
    traceback.print_exception(error)
    known = isinstance(error, ScalebookError)
    what = error.what if isinstance(error, ScalebookError) else f"{type(error).__name__}: {error}"
    remedy = error.remedy if isinstance(error, ScalebookError) else None
    status = error.exit_status if isinstance(error, ScalebookError) and known else 4
    trace = "".join(traceback.format_exception(error)[-8:])
    out({"event": "harness", "what": what, "remedy": remedy, "exit": status, "trace": trace})


def _blame(error: BaseException, task: Task) -> Finding | None:
    from scalebook.errors import HarnessError, ScalebookError
    from scalebook.practice.compose import NoSolution, your_name

    if isinstance(error, NoSolution):
        return Finding("code", f"{error.what}: {error.remedy}")
    for one in _chain(error):
        if isinstance(one, SyntaxError) and one.filename == task.shown:
            return Finding("code", f"{task.shown}:{one.lineno}: {one.msg}")
        lines = [f.lineno for f in traceback.extract_tb(one.__traceback__) if _is(f, task)]
        if lines:
            return Finding("code", f"{task.shown}:{lines[-1]}: {_said(one)}")
    if not isinstance(error, ScalebookError):
        return None
    if task.shown in error.what or your_name(task.technique) in error.what:
        where = _still_in(task) if isinstance(error, HarnessError) else None
        if where is None and isinstance(error, HarnessError):
            return None
        text = UNWRITTEN.sub("still to be done: ", error.what)
        return Finding("code", text + (f"; your code is still at {where}" if where else ""))
    return None


def _chain(error: BaseException) -> list[BaseException]:
    """The error, and those that it came from, the first cause first."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.insert(0, one)
        one = one.__cause__ or one.__context__
    return found


def _is(frame: traceback.FrameSummary, task: Task) -> bool:
    return frame.filename == task.shown


def _said(error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        return f"still to be done: {error}"
    return f"{type(error).__name__}: {error}"


def _still_in(task: Task) -> str | None:
    """Where in the learner's code a thread is at this moment."""
    for frame in sys._current_frames().values():
        for one in reversed(traceback.extract_stack(frame)):
            if _is(one, task):
                return f"{task.shown}:{one.lineno}"
    return None


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
