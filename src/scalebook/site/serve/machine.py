"""What this machine has for the labs: asked of `scalebook doctor` in a child, and remembered."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scalebook.site.serve.child import scalebook
from scalebook.site.serve.events import hidden

__all__ = ["EngineFound", "Machine"]

FRESH_SECONDS = 600.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class EngineFound:
    """An engine that a lab needs: what it is here, or the command that gets it."""

    name: str
    found: bool
    label: str
    remedy: str | None = None


class Machine:
    """Knows which engines there are. Asking takes a second, so it is not done beside a run."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        """`busy` says whether a run is being measured."""
        self._busy = busy
        self._lock = threading.Lock()
        self._engines: dict[str, EngineFound] | None = None
        self._asked = 0.0

    def engines(self, names: Sequence[str]) -> list[EngineFound]:
        """The engines of these names that the doctor knows; none while nothing is known yet."""
        with self._lock:
            stale = time.monotonic() - self._asked > FRESH_SECONDS
            if (self._engines is None or stale) and not self._busy():
                self._engines = _ask()
                self._asked = time.monotonic()
            known = self._engines or {}
        return [known[name] for name in names if name in known]

    def forget(self) -> None:
        """Ask again next time: something was missing, and may have been fetched."""
        with self._lock:
            self._engines = None


def _ask() -> dict[str, EngineFound]:
    """What the doctor says now; nothing where it cannot say anything."""
    try:
        done = subprocess.run(
            scalebook("doctor", "--json"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        found = json.loads(done.stdout)["engines"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return {}
    return {one["engine"]: _engine(hidden(one)) for one in found}


def _engine(said: dict[str, Any]) -> EngineFound:
    label = said.get("label") or said["engine"]
    version = said.get("version") or ""
    return EngineFound(
        name=said["engine"],
        found=bool(said.get("found")),
        label=label if version in label else f"{label} {version}",
        remedy=said.get("remedy"),
    )
