"""What this machine has for the labs, and what would make their numbers worse."""

import os
import platform
import re
import shutil
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs
import psutil

from scalebook.errors import ScalebookError
from scalebook.services.claims import base_directory
from scalebook.services.isolation import Isolation, isolation
from scalebook.services.provide import Finding, Provisions

__all__ = ["DoctorReport", "report"]

FSYNC_TIMES = 20
NEEDED_FREE_BYTES = 2 * 1024**3
SLOW_FSYNC_SECONDS = 0.010


@dataclass(frozen=True)
class DoctorReport:
    """All that `scalebook doctor` shows; sizes in bytes, times in seconds."""

    engines: list[Finding]
    python: str
    system: str
    cores: int
    load: tuple[float, float, float]
    """Load average over 1, 5 and 15 minutes."""
    run_base: str | None
    """Folder of the run directories; None where it cannot be used (see `warnings`)."""
    free_bytes: int | None
    fsync_seconds: float | None
    """Median of a 4 KB write and fsync where the engines keep their data."""
    store: str
    root: bool
    judge: str
    """How far judged code is kept from the machine: see `services/isolation.py`."""
    judge_reason: str
    warnings: list[str]

    @property
    def missing(self) -> list[str]:
        """Names of the engines that were not found."""
        return [finding.engine for finding in self.engines if not finding.found]

    def to_json(self) -> dict[str, object]:
        """Return the report as plain data, ready for `json.dumps`."""
        return asdict(self)


def report(provisions: Provisions) -> DoctorReport:
    """Look at this machine; what is missing or broken is told in the report, never raised."""
    warnings: list[str] = []
    base = _run_base(warnings)
    cores = _cores()
    load = tuple(round(value, 2) for value in psutil.getloadavg())
    root = os.geteuid() == 0
    free = shutil.disk_usage(base).free if base else None
    fsync = _fsync_seconds(base, warnings) if base else None
    guard = isolation(base) if base else Isolation("limits only", "there is no run directory")
    _warn(warnings, load[0], cores, free, fsync)
    return DoctorReport(
        engines=provisions.survey(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=cores,
        load=(load[0], load[1], load[2]),
        run_base=str(base) if base else None,
        free_bytes=free,
        fsync_seconds=fsync,
        store=_store(),
        root=root,
        judge=guard.level,
        judge_reason=guard.reason,
        warnings=warnings,
    )


def _warn(
    warnings: list[str], load: float, cores: int, free: int | None, fsync: float | None
) -> None:
    """Add what would make measurements worse."""
    if load > cores / 2:
        warnings.append(
            f"other work keeps this machine busy (load {load} on {cores} cores): results will "
            "carry the badge of a noisy machine"
        )
    if cores < 2:
        warnings.append("one core only: the client and the engine share it")
    if free is not None and free < NEEDED_FREE_BYTES:
        warnings.append(
            f"{free / 1024**3:.1f} GB are free for run directories, and labs may need 2 GB: "
            "free some, or set SCALEBOOK_RUN_DIR to a folder on another disk"
        )
    if fsync is not None and fsync > SLOW_FSYNC_SECONDS:
        warnings.append(
            f"fsync takes {fsync * 1000:.0f} ms here: labs with durable writes measure this disk"
        )


def _run_base(warnings: list[str]) -> Path | None:
    try:
        return base_directory()
    except ScalebookError as error:
        warnings.append(str(error))
    except OSError as error:
        warnings.append(
            f"the folder for run directories cannot be made: {error}; "
            "set SCALEBOOK_RUN_DIR to one that can"
        )
    return None


def _fsync_seconds(folder: Path, warnings: list[str]) -> float | None:
    """Return the median seconds of a 4 KB write and fsync in `folder`."""
    taken = []
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            for _ in range(FSYNC_TIMES):
                start = time.perf_counter()
                file.write(bytes(4096))
                os.fsync(file.fileno())
                taken.append(time.perf_counter() - start)
    except OSError as error:
        warnings.append(f"nothing can be written in {folder}: {error.strerror}")
        return None
    return statistics.median(taken)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _store() -> str:
    """Return where results are kept, a password in its URL left out."""
    url = os.environ.get("SCALEBOOK_STORE")
    if not url:
        url = f"sqlite:///{platformdirs.user_data_path('scalebook') / 'results.db'}"
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
