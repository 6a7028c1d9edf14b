"""A fault proxy in front of an engine: cut, heal, delay, and imposed capacity.

It is no hole: its socket lies in a folder that nobody else can enter, and the client proves
itself to the engine through it.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Self, TypeVar

from scalebook.errors import HarnessError
from scalebook.services import proxy_process
from scalebook.services.access import Handle
from scalebook.services.rundir import RunDirectory
from scalebook.services.service import Capacity, Service

__all__ = ["Controlled", "Proxy"]

A = TypeVar("A", bound=Handle)
HANDSHAKE_ENDS = {"postgresql": b"Z\x00\x00\x00\x05I".hex()}
ANSWER_SECONDS = 10.0


class Controlled(Service):
    """A child process that obeys lines on its standard input, and answers each with "done"."""

    as_engine = False  # The interpreter may lie where the engines' user cannot enter.

    def __init__(self, name: str, run: RunDirectory) -> None:
        """Prepare it; `start` starts it."""
        super().__init__(name, run)
        self._mutex = threading.Lock()

    def launch(self) -> None:
        """Start the process with its standard streams as control."""
        self._process = self.run.spawn(
            self.command(),
            cwd=self.folder,
            log=self.log,
            as_engine=self.as_engine,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def answers(self) -> bool:
        """Has it said that it listens?"""
        return self._answered(seconds=0)

    def tell(self, line: str) -> None:
        """Have one command carried out; HarnessError when the process is dead or silent."""
        process = self._process
        if process is None or process.stdin is None:
            raise HarnessError(f"cannot {line.split()[0]} {self.name}: it is not running")
        with self._mutex:
            try:
                process.stdin.write(f"{line}\n".encode())
                process.stdin.flush()
            except BrokenPipeError:
                raise self.failure("has died") from None
            deadline = time.monotonic() + ANSWER_SECONDS
            while not self._answered(seconds=0.1):
                if not self.alive or time.monotonic() > deadline:
                    raise self.failure(f"did not obey {line!r}")

    def _answered(self, seconds: float) -> bool:
        """Take one answer off its standard output, if one comes within `seconds`."""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(output, select.POLLIN)
        return bool(poll.poll(seconds * 1000)) and os.read(output, 5) == b"done\n"


class Proxy(Controlled, Generic[A]):
    """One fault proxy process; `access` is the engine's (or program's) access led through it."""

    def __init__(
        self, name: str, run: RunDirectory, access: A, capacity: Capacity | None = None
    ) -> None:
        """Prepare a proxy in front of `access`; `start` starts it."""
        super().__init__(name, run)
        self.capacity = capacity
        self.access: A = access.through(self.folder)
        self._target = access.socket

    @classmethod
    def in_front_of(
        cls, run: RunDirectory, access: A, name: str, capacity: Capacity | None = None
    ) -> Self:
        """Start a proxy in front of `access`, with an imposed service time if `capacity` is given.

        Raises HarnessError when it does not start.
        """
        proxy = cls(name, run, access, capacity)
        proxy.start()
        return proxy

    def command(self) -> Sequence[str | Path]:
        """The interpreter on the script that forwards."""
        options = {
            "listen": str(self.access.listen_path(self.folder)),
            "target": str(self._target),
            "slots": self.capacity.slots if self.capacity else 0,
            "seconds": self.capacity.seconds if self.capacity else 0.0,
            "handshake": HANDSHAKE_ENDS.get(self.access.kind, ""),
        }
        isolated = ["-I", "-S"] if sys.platform == "linux" else ["-I"]
        return [sys.executable, *isolated, proxy_process.__file__, json.dumps(options)]

    def cut(self) -> None:
        """Drop every connection and refuse new ones, until `heal`."""
        self.tell("cut")

    def heal(self) -> None:
        """Accept connections again."""
        self.tell("heal")

    def lose(self) -> None:
        """Drop each connection instead of sending its next answer; accept new ones."""
        self.tell("lose")

    def delay(self, seconds: float) -> None:
        """Let each request arrive `seconds` later from now on; 0 ends that."""
        self.tell(f"delay {seconds!r}")
