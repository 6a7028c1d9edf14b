"""A load process and the frames that it exchanges with the runner: length, then a pickle."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from scalebook.errors import HarnessError, ScalebookError

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["LoadProcess", "Portable", "made_error", "read_frame", "write_frame"]

LENGTH = struct.Struct("<I")
END_SECONDS = 3.0
LOG_LINES = 8
Frame = tuple[str, Any]


def write_frame(descriptor: int, frame: object) -> None:
    """Write a frame; small ones (up to PIPE_BUF, 4096 bytes) in one piece or not at all."""
    body = pickle.dumps(frame, protocol=pickle.HIGHEST_PROTOCOL)
    data = memoryview(LENGTH.pack(len(body)) + body)
    while data:
        data = data[os.write(descriptor, data) :]


def read_frame(stream: IO[bytes]) -> Any:
    """The next frame; EOFError at the end, also where a frame was cut short."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)  # noqa: S301 - from a child process of ours


class Portable:
    """Pickles a ScalebookError, which takes two arguments, so that it arrives as one."""

    def __init__(self, error: ScalebookError) -> None:
        self._made = (type(error), error.what, error.remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        return made_error, self._made


def made_error(kind: type[ScalebookError], what: str, remedy: str | None) -> ScalebookError:
    """The error of which these are the parts."""
    return kind(what, remedy=remedy)


class LoadProcess:
    """A child process that drives clients: it gets a task and orders, and answers with frames.

    `listen` is called with each frame in the reader's thread; without it, `expect` takes them.
    """

    def __init__(
        self,
        run: RunDirectory,
        name: str,
        task: object,
        listen: Callable[[Frame], None] | None = None,
    ) -> None:
        """Start it; it opens its clients and answers "ready", or "error" with the exception."""
        self.name = name
        folder = run.folder(name, as_engine=False)
        self._log = folder / "log"
        python_path = {k: v for k, v in os.environ.items() if k == "PYTHONPATH"}
        self._child = run.spawn(
            [sys.executable, "-P", "-m", "scalebook.load.worker"],
            cwd=folder,
            log=self._log,
            env=python_path,
            as_engine=False,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._listen = listen
        self._reader = threading.Thread(target=self._read, name=f"{name}-reader", daemon=True)
        self._reader.start()
        self.send(task)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def send(self, message: object) -> None:
        """Give an order. Raises HarnessError when the process is gone."""
        assert self._child.stdin is not None
        try:
            write_frame(self._child.stdin.fileno(), message)
        except (BrokenPipeError, ValueError):
            raise self.gone() from None

    def expect(self, kind: str, *, seconds: float) -> Any:
        """What the next frame, of this kind, carries; an "error" frame is raised."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                got, body = self._frames.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                text = f"the load process {self.name} did not answer within {seconds:g} s"
                raise HarnessError(text, remedy=self._last_lines()) from None
            if got == "error":
                raise body
            if got == "gone":
                raise self.gone()
            if got == kind:
                return body

    def signal(self, number: int) -> None:
        """Send a signal: SIGKILL, SIGSTOP, SIGCONT."""
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(number)

    def end(self) -> None:
        """Close its standard input, at which it exits; kill it when it does not."""
        if self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()
        try:
            self._child.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGCONT)
            self._child.kill()
            self._child.wait()
        self._reader.join(timeout=END_SECONDS)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def drained(self, seconds: float = END_SECONDS) -> None:
        """After its death: wait until every frame that it wrote has been read."""
        self._reader.join(timeout=seconds)

    def _read(self) -> None:
        assert self._child.stdout is not None
        take = self._frames.put if self._listen is None else self._listen
        while True:
            try:
                frame: Frame = read_frame(self._child.stdout)
            except (EOFError, ValueError):
                take(("gone", None))
                return
            take(frame)

    def gone(self) -> HarnessError:
        """What to say of a process that has died unasked, with the end of its log."""
        return HarnessError(f"the load process {self.name} died", remedy=self._last_lines())

    def _last_lines(self) -> str:
        if not self._log.exists():
            return "it left no log"
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "its last words: " + (" | ".join(lines[-LOG_LINES:]) or "none")
