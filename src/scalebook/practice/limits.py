"""Limits on the process in which a learner's code runs, and a user of its own for it."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import importlib
import os
import pkgutil
import resource
import sys
import time
from pathlib import Path

import psutil

__all__ = [
    "MEMORY_BYTES",
    "Interpreter",
    "adopt_orphans",
    "become",
    "kill_descendants",
    "load_early",
    "restrict",
    "tasks_of",
]

MEMORY_BYTES = 4 * 2**30
"""Of address space: threads and engines need some that they never touch."""
PROCESSES = 700
"""And threads, of the judge, the learner's code and the engines together."""
PAUSE_SECONDS = 0.02
SET_CHILD_SUBREAPER, NO_NEW_PRIVILEGES = 36, 38
PARTS = ("engine", "lab", "load", "results", "services", "stats")
OFTEN = (
    "asyncio base64 bisect collections concurrent.futures contextlib copy dataclasses datetime "
    "decimal encodings.ascii encodings.idna encodings.latin_1 enum functools hashlib heapq "
    "hmac inspect io itertools json linecache logging math operator os pathlib pickle queue "
    "random re secrets select shutil signal socket "
    "statistics string struct subprocess tempfile textwrap threading time traceback typing uuid "
    "zlib numpy psycopg redis redis.lock scipy.stats scalebook.practice.judge "
    "scalebook.practice.compose"
)


def load_early(source: bytes) -> None:
    """Import what will be needed while this process may still read everything.

    The interpreter may lie where another user cannot look, for example below /root. Of the
    learner's imports, those of the standard library are loaded; the code itself is not run.
    """
    import scalebook

    names = OFTEN.split()
    for part in PARTS:
        folder = Path(scalebook.__path__[0]) / part
        names += [f"scalebook.{part}.{m.name}" for m in pkgutil.iter_modules([str(folder)])]
    with contextlib.suppress(SyntaxError, ValueError):  # Told when the code is run.
        names += [n for n in _imported(source) if n.split(".")[0] in sys.stdlib_module_names]
    for name in names:
        if name not in ("scalebook.load.worker", "scalebook.practice.child"):
            with contextlib.suppress(ImportError):  # Told where it is needed.
                importlib.import_module(name)


def _imported(source: bytes) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return found


class Interpreter:
    """Python for a user who may not look where it lies, for example below /root.

    Made while this process may still open that folder: whoever has a descriptor of it finds what
    is in it, and the judge's children get it.
    """

    def __init__(self) -> None:
        """Open the folder (Linux only; elsewhere nothing is lent)."""
        self.descriptors: tuple[int, ...] = ()
        self.env: dict[str, str] = {}
        self._program = Path(sys.executable).resolve()
        if sys.platform == "linux":
            self.descriptors = (os.open(sys.base_prefix, os.O_RDONLY | os.O_DIRECTORY),)

    def use(self) -> None:
        """After root is given up: from now on `sys.executable` is one that can be started."""
        if not self.descriptors or os.access(self._program, os.X_OK):
            return
        home = f"/proc/self/fd/{self.descriptors[0]}"
        sys.executable = f"{home}/{self._program.relative_to(sys.base_prefix)}"
        self.env = {"LD_LIBRARY_PATH": f"{home}/lib"}
        os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)


def restrict(others: int) -> None:
    """No core files, bounded memory, a bounded number of processes; children inherit it.

    `others`: threads that this user had before, which may be out of sight in a namespace.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, MEMORY_BYTES)
    _lower(resource.RLIMIT_NPROC, PROCESSES + max(others, tasks_of(os.getuid())))


def _lower(which: int, limit: int) -> None:
    _, hard = resource.getrlimit(which)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(which, (limit, limit))


def tasks_of(uid: int) -> int:
    """How many threads this user has already: the kernel counts them all."""
    found = 0
    for process in psutil.process_iter(["uids", "num_threads"]):
        uids = process.info["uids"]
        if uids is not None and uids.real == uid:
            found += process.info["num_threads"] or 1
    return found


def adopt_orphans() -> None:
    """Whoever loses its parent below this process becomes its child (Linux alone has this)."""
    _prctl(SET_CHILD_SUBREAPER)


def kill_descendants(pid: int, seconds: float = 5.0) -> None:
    """Kill whatever comes from this process, the orphans that it adopted included."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            below = psutil.Process(pid).children(recursive=True)
            left = [one for one in below if one.is_running() and one.status() != "zombie"]
            for one in left:
                one.kill()
            if left:
                time.sleep(PAUSE_SECONDS)
                continue
        return


def become(uid: int, gid: int) -> None:
    """Give up root for good; a program that is set to another user gains nothing by it."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    _prctl(NO_NEW_PRIVILEGES)


def _prctl(option: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, 1, 0, 0, 0)
