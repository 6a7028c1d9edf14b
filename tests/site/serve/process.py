"""`scalebook serve` as a process, and how to talk to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.trust.place import Place
from tests.site.serve.conftest import Served

__all__ = ["Server", "wait_for"]

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=([0-9a-f]{32})\b")


def wait_for(true: Callable[[], Any], seconds: float = 60.0) -> None:
    """Return once it is so; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@dataclass
class Server(Served):
    """`scalebook serve` of one place, with its process."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, place: Place, *arguments: str, **env: str) -> Self:
        given = {"SCALEBOOK_JOBS": str(place.folder / "jobs"), **env}
        words = ("serve", "--no-browser", *(arguments or ("--port", "0")))
        process = place.start(*words, **given)
        assert process.stdout is not None
        found = ADDRESS.search(process.stdout.readline())
        assert found, process.communicate()
        return cls(int(found[1]), found[2], process)

    def begin(self, order: object) -> dict[str, Any]:
        answer = self.post("/api/jobs", order)
        assert answer.status == 201, answer
        started: dict[str, Any] = json.loads(answer.body)
        return started

    def state_of(self, job: dict[str, Any]) -> str:
        return str(self.json(f"/api/jobs/{job['id']}")["state"])

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Exit status, and what it said on standard error."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err
