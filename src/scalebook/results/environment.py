"""The machine that a result was made on: what must be equal to compare, and what was noisy."""

import hashlib
import json
import os
import platform
import statistics
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from scalebook.errors import HarnessError
from scalebook.results.model import Record

__all__ = [
    "Environment",
    "comparable",
    "differences",
    "fsync_seconds",
    "load_average",
    "noisy",
    "observe",
]

_CLIENTS = ("psycopg", "redis")
_STABLE = ("cpu", "cores", "memory_gb", "system", "kernel", "python", "clients")


class Environment(Record):
    """Facts about the machine. `fingerprint` covers the stable ones only (not load, not disk)."""

    cpu: str
    cores: int
    """Cores that this process may use."""
    memory_gb: int
    system: str
    kernel: str
    python: str
    clients: dict[str, str]
    """Client library -> version."""
    load_before: float
    load_after: float | None = None
    """Load average over one minute."""
    fsync_seconds: float | None = None
    """Median of small synchronous writes in the directory where the engines keep their data."""
    fingerprint: str

    def finish(self) -> "Environment":
        """The same with the load as it is now, at the end of the run."""
        return self.model_copy(update={"load_after": load_average()})


def observe(directory: Path | None = None) -> Environment:
    """Look at this machine now; `directory` is where fsync is timed (None: it is not)."""
    facts: dict[str, object] = {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "clients": {name: found for name in _CLIENTS if (found := _version(name))},
    }
    stable = json.dumps([facts[name] for name in _STABLE], sort_keys=True)
    return Environment.model_validate(
        {
            **facts,
            "load_before": load_average(),
            "fsync_seconds": None if directory is None else fsync_seconds(directory),
            "fingerprint": hashlib.sha256(stable.encode()).hexdigest()[:16],
        }
    )


def noisy(load_before: float, cores: int, load_after: float | None = None) -> bool:
    """Say whether a result earns the badge of a noisy machine.

    Rule: before the run, more than half of the cores were busy with something else; or after
    it the load was above twice the cores, more than our own clients and engines would make.
    """
    return load_before > cores / 2 or (load_after is not None and load_after > 2 * cores)


def comparable(a: Environment, b: Environment) -> bool:
    """Say whether numbers made on `a` and on `b` may be compared."""
    return a.fingerprint == b.fingerprint


def differences(a: Environment, b: Environment) -> list[str]:
    """Name what makes two environments differ: "cores: 2 and 8"."""
    pairs = [(name, getattr(a, name), getattr(b, name)) for name in _STABLE]
    return [
        f"{name.replace('_', ' ')}: {_plain(one)} and {_plain(other)}"
        for name, one, other in pairs
        if one != other
    ]


def fsync_seconds(directory: Path, times: int = 20) -> float:
    """Median seconds of a 4 KB write and fsync in `directory`; HarnessError where it cannot."""
    taken = []
    try:
        with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
            for _ in range(times):
                start = time.perf_counter()
                file.write(b"\0" * 4096)
                os.fsync(file.fileno())
                taken.append(time.perf_counter() - start)
    except OSError as error:
        raise HarnessError(
            f"cannot time fsync in {directory}: {error.strerror or error}",
            remedy="Free some space there, or name another place in SCALEBOOK_RUN_DIR.",
        ) from error
    return statistics.median(taken)


def load_average() -> float:
    """Load average over the last minute."""
    return round(psutil.getloadavg()[0], 2)


def _cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    """Model of the processor as the kernel names it; the architecture where it does not."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    """Installed version of a client library, None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plain(value: object) -> str:
    """A fact as said in a sentence."""
    if isinstance(value, dict):
        return " ".join(f"{name} {what}" for name, what in value.items()) or "none"
    return str(value)
