"""Starts processes, and counts which of their descendants live, also those without parents."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from scalebook.services.watch import processes_inside

__all__ = ["Census"]

SET_CHILD_SUBREAPER, GET_CHILD_SUBREAPER = 36, 37
"""Of prctl(2): orphans below this process become its children instead of init's."""


class Census:
    """Knows every process that comes from those that it started; a context manager.

    On Linux nothing escapes it, wherever it works and whatever session it has. Elsewhere only
    processes inside the directory of runs are seen. What is left at the end is killed.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._linux = sys.platform == "linux"
        self._before: set[int] = set()
        self._started: dict[int, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        self._reaped_before = self._reaper()
        self._set_reaper(1)
        self._before = {process.pid for process in psutil.Process().children(recursive=True)}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while strays := self.strays():
            for pid in strays:
                os.kill(pid, 9)
            for child in self._started.values():
                child.poll()
        self._set_reaper(self._reaped_before)

    def start(self, command: list[str], **options: Any) -> "subprocess.Popen[str]":
        """As `Popen`, in text."""
        child = subprocess.Popen(command, text=True, **options)
        self._started[child.pid] = child
        return child

    def strays(self, *spared: int) -> list[int]:
        """Live processes that are neither one of the `spared` nor below it."""
        self._bury()
        kept = self._before | {pid for head in spared for pid in _family(head)}
        if not self._linux:
            return [pid for pid in processes_inside(self._base) if pid not in kept]
        below = psutil.Process().children(recursive=True)
        return [process.pid for process in below if process.pid not in kept and _lives(process)]

    def _bury(self) -> None:
        """Wait for the orphans that have come to us and died; for the others, others wait."""
        if not self._linux:
            return
        for child in psutil.Process().children():
            foreign = child.pid not in self._before and child.pid not in self._started
            if foreign and not _lives(child):
                os.waitpid(child.pid, os.WNOHANG)

    def _reaper(self) -> int:
        value = ctypes.c_int(0)
        if self._linux:
            ctypes.CDLL(None).prctl(GET_CHILD_SUBREAPER, ctypes.byref(value), 0, 0, 0)
        return value.value

    def _set_reaper(self, on: int) -> None:
        if self._linux:
            ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, on, 0, 0, 0)


def _family(head: int) -> Iterator[int]:
    yield head
    try:
        below = psutil.Process(head).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    yield from (process.pid for process in below)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
