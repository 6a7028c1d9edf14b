"""The lifecycle that all engines, proxies and programs share."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scalebook.errors import HarnessError
from scalebook.services.rundir import RunDirectory
from scalebook.services.watch import kill_inside, processes_inside

__all__ = ["Capacity", "Service", "Settings", "frozen_settings"]

POLL_SECONDS = 0.004
Settings = Mapping[str, object] | tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Capacity:
    """An imposed service time: at most `slots` requests at once, each held `seconds`."""

    slots: int
    seconds: float

    def __post_init__(self) -> None:
        if self.slots < 1 or self.seconds < 0:
            raise ValueError("Capacity needs at least one slot and a time that is not negative")


def frozen_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Settings as sorted pairs of text, so that a spec can be compared and hashed."""
    pairs = settings.items() if isinstance(settings, Mapping) else settings
    switch = {True: "on", False: "off"}
    return tuple(sorted((name, switch[v] if isinstance(v, bool) else str(v)) for name, v in pairs))


class Service(ABC):
    """One child process with all that it forks, in a folder of its own.

    A subclass gives `command`, and `answers`, which asks in the engine's own protocol. The log
    lies in the run directory, where the process itself cannot replace it.
    """

    stop_signal = signal.SIGTERM
    stop_seconds = 10.0
    start_seconds = 60.0
    as_engine = True

    def __init__(self, name: str, run: RunDirectory) -> None:
        """Make the folder `self.folder` in `run`; nothing is started yet."""
        self.name = name
        self.run = run
        self.folder = run.folder(name, as_engine=self.as_engine)
        self.log = run.path / f"{self.folder.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The command line; it holds no secret, for every user can read it."""

    @abstractmethod
    def answers(self) -> bool:
        """Does the process answer in its own protocol by now?"""

    def environment(self) -> Mapping[str, str]:
        """Variables for the process, beside PATH, HOME and LANG."""
        return {}

    @property
    def alive(self) -> bool:
        """Is the main process there (paused or not)?"""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it answers; HarnessError if it does not."""
        if self.alive:
            raise HarnessError(f"{self.name} is already running")
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process without waiting."""
        self._process = self.run.spawn(
            self.command(),
            cwd=self.folder,
            log=self.log,
            env=self.environment(),
            as_engine=self.as_engine,
        )

    def wait_until_ready(self) -> None:
        """Wait until the process answers; raises HarnessError when it dies or takes too long."""
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            if not self.alive:
                assert self._process is not None
                raise self.failure(f"ended with status {self._process.wait()} before it was ready")
            if time.monotonic() > deadline:
                self.kill()
                raise self.failure(f"was not ready after {self.start_seconds:g} s")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask the process to end, wait, and kill what is left after `stop_seconds`."""
        if self._process is not None and self.alive:
            self.resume()
            self._process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=self.stop_seconds)
        self.kill()

    def pause(self) -> None:
        """SIGSTOP the whole tree: it holds its connections and answers nothing."""
        self._require_alive("pause")
        stopped: set[int] = set()
        while fresh := set(self._tree()) - stopped:
            for pid in fresh:
                _signal(pid, signal.SIGSTOP)
            stopped |= fresh

    def resume(self) -> None:
        """SIGCONT the whole tree; harmless when it is not paused."""
        for pid in self._tree():
            _signal(pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL the whole tree and wait until it is gone; harmless when it is already."""
        kill_inside(self.folder)
        if self._process is not None:
            self._process.wait()

    def restart(self) -> None:
        """Stop the process if it runs, and start it on the same data at the same address."""
        self.stop()
        self.start()

    def log_tail(self, lines: int = 10) -> list[str]:
        """The last lines that the process logged."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 64_000))
                return log.read().decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            return []

    def failure(self, what: str) -> HarnessError:
        """An error that says what happened to this service, with the end of its log."""
        lines = "".join(f"\n    {line}" for line in self.log_tail())
        said = f"; its last words:{lines}" if lines else "; it logged nothing"
        return HarnessError(
            f"{self.name} {what} (log {self.log}){said}",
            remedy="Mend the setting that the log names, or see what is installed: "
            "scalebook doctor",
        )

    def _tree(self) -> list[int]:
        """The main process first, so that it forks nothing more once it is stopped."""
        main = self._process.pid if self._process is not None else 0
        return sorted(processes_inside(self.folder), key=lambda pid: pid != main)

    def _require_alive(self, action: str) -> None:
        if not self.alive:
            raise HarnessError(f"cannot {action} {self.name}: it is not running")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
