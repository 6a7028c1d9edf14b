"""Tie this process to whoever started it: when standard input ends, it ends as on Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

from scalebook.cli.failure import INTERRUPTED

__all__ = ["GRACE_SECONDS", "end_with_input"]

STANDARD_INPUT = 0
GRACE_SECONDS = 20.0
"""After which a process that does not heed the interrupt ends all the same."""


def end_with_input(grace_seconds: float = GRACE_SECONDS) -> None:
    """Watch standard input from now on, without keeping the process alive.

    A pipe ends when its writer dies, however that happens, so a run that a server started does
    not outlive it. What the run's own engines are, its watcher removes when the process ends.
    """
    threading.Thread(target=_watch, args=(grace_seconds,), daemon=True).start()


def _watch(grace_seconds: float) -> None:
    with contextlib.suppress(OSError):  # There may be none: then it has ended.
        while os.read(STANDARD_INPUT, 4096):
            pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(grace_seconds)
    os._exit(INTERRUPTED)
