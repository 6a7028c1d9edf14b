"""How far judged code is kept from the machine: one of three levels, found out by trying."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Isolation", "isolation"]

Level = Literal["own user", "namespaces", "limits only"]
PROBE_SECONDS = 10.0
PROBE = """
import json, os
names = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("user", "pid")}
seen = [name for name in os.listdir("/proc") if name.isdigit()]
own = os.readlink("/proc/self") == str(os.getpid())
with open("written", "w") as file:
    file.write("by judged code")
print(json.dumps({"names": names, "seen": len(seen), "own": own, "uid": os.getuid()}))
"""
MOST_SEEN = 5
"""Processes in a namespace that was just made: the tool's own, and the probe."""


@dataclass(frozen=True)
class Isolation:
    """A level and its reason; at "namespaces" also the tool that makes them.

    "own user": root gives the judge a user id that owns nothing else. "namespaces": its processes
    see and reach each other only; with bubblewrap they can write in the run directory alone, and
    reach no network. "limits only": time, memory and the number of processes are bounded, which
    guards against accidents, and against nothing that is meant.
    """

    level: Level
    reason: str
    tool: str | None = None

    def command(self, words: Sequence[str | Path], writable: Path) -> list[str | Path]:
        """The command that starts `words` at this level; `writable` is the run's directory."""
        if self.tool is None:
            return list(words)
        return [*_TOOLS[Path(self.tool).name](self.tool, writable), *words]


def _bubblewrap(tool: str, writable: Path) -> list[str | Path]:
    return [
        *(tool, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-net"),
        # The network namespace has a loopback device of its own, for engines that need ports.
        # Process 1 cannot be killed from inside, and its end is the end of all.
        *("--as-pid-1", "--die-with-parent", "--ro-bind", "/", "/"),
        *("--dev", "/dev", "--proc", "/proc"),
        *("--bind", writable, writable, "--"),
    ]


def _unshare(tool: str, writable: Path) -> list[str | Path]:
    del writable  # Mounts would need capabilities, which judged code should not have.
    options = ("--user", "--map-current-user", "--pid", "--ipc", "--fork", "--kill-child")
    return [tool, *options, "--mount-proc", "--"]


_TOOLS = {"bwrap": _bubblewrap, "unshare": _unshare}


def isolation(folder: Path) -> Isolation:
    """The level that judged code gets here; tools are tried, in `folder`."""
    if os.getuid() == 0:
        return Isolation("own user", "root gives the judge a user id that owns nothing else")
    if sys.platform != "linux":
        return Isolation("limits only", f"{sys.platform} has no user and PID namespaces")
    failures = []
    for name in _TOOLS:
        tool = shutil.which(name)
        why = "is not installed" if tool is None else _tried(tool, folder)
        if why is None:
            return Isolation("namespaces", f"user and PID namespaces by {name}", tool)
        failures.append(f"{name} {why}")
    return Isolation("limits only", "; ".join(failures))


def _tried(tool: str, folder: Path) -> str | None:
    """What is wrong with the namespaces that this tool makes; None if nothing is."""
    words = [sys.executable, "-I", "-S", "-c", PROBE]
    command = Isolation("namespaces", "", tool).command(words, folder)
    written = folder / "written"
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["said nothing"])[-1]
            return f"failed: {said[:100]}"
        seen = json.loads(done.stdout)
        names = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("user", "pid")}
        if any(seen["names"][name] == names[name] for name in names):
            return "started the probe without namespaces of its own"
        if seen["seen"] > MOST_SEEN or not seen["own"]:
            return "left other processes in sight"
        if seen["uid"] != os.getuid() or not written.exists():
            return "changed who the probe was, or where it could write"
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"failed: {type(error).__name__}: {error}"[:100]
    finally:
        written.unlink(missing_ok=True)
    return None
