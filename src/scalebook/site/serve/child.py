"""A run as a child process: `python -m scalebook run ... --events`, which this server outlives.

The child leads a process group of its own, so a Ctrl-C in the server's terminal reaches the server
alone. It reads a pipe whose only writer is the server: when the server dies, however it does, the
child ends as on Ctrl-C. Its engines live in a run directory with a watcher of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import psutil

__all__ = ["Child", "end_stray", "scalebook"]

CREATED_WITHIN_SECONDS = 0.05


def scalebook(*words: str) -> list[str]:
    """The command that runs this very Scalebook."""
    return [sys.executable, "-P", "-m", "scalebook", *words]


class Child:
    """A started run; its events are appended to one file, its complaints to another."""

    def __init__(self, command: Sequence[str], events: Path, complaints: Path) -> None:
        """Start it; OSError where that is impossible."""
        with _private(events) as out, _private(complaints) as err:
            self._process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
            )
        self._killer: threading.Timer | None = None
        self.pid = self._process.pid
        self.created = _created(self.pid)

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        status = self._process.wait()
        if self._killer is not None:
            self._killer.cancel()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return status

    def end(self, grace_seconds: float) -> None:
        """Interrupt it, so that it keeps what it measured and cleans up; kill it if it does not."""
        if self._killer is not None:
            return
        self._process.send_signal(signal.SIGINT)
        self._killer = threading.Timer(grace_seconds, self._process.kill)
        self._killer.daemon = True
        self._killer.start()


def end_stray(pid: int, created: float, grace_seconds: float) -> None:
    """Wait until the child of a dead server has ended by itself, and kill it if it does not."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - created) > CREATED_WITHIN_SECONDS:
            return  # The number belongs to somebody else by now.
    except psutil.NoSuchProcess:
        return
    deadline = time.monotonic() + grace_seconds
    while _lives(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()  # psutil checks that it is still the same process.


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _created(pid: int) -> float:
    """When a process began, in the clock that tells it from a later one of the same number."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _private(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")
