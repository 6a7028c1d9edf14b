"""A place where the real command line runs: its user, its run directories, its store."""

import functools
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.trust.census import Census

__all__ = ["CHAPTERS", "ORDINARY_UID", "Kept", "Place", "ordinary_python", "places"]

CHAPTERS = Path(__file__).parent / "chapters"
SOURCE = Path(__file__).parents[2] / "src"
ORDINARY_UID = 65534
MAIN = "import sys; from scalebook.cli import main; sys.argv[0] = 'scalebook'; sys.exit(main())"
NEXT_START = """
import json, os, sqlite3
from scalebook.results.store import Store
from scalebook.services.rundir import RunDirectory

RunDirectory.create().close()
with Store() as store:
    readable = [row.id for row in store.recent(limit=10**6) if store.load(row.id)]
file = os.environ["SCALEBOOK_STORE"].removeprefix("sqlite:///")
whole = sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone()[0]
print(json.dumps({"readable": readable, "integrity": whole}))
"""


@dataclass(frozen=True)
class Kept:
    """What the store holds: the runs that can be read, and SQLite's own opinion of the file."""

    readable: set[str]
    integrity: str


class Place:
    """Runs the command line as one user; `census` sees all that comes from it.

    `folder`: of that user, with `runs` (the run directories), `results.db` and `cache`.
    """

    def __init__(self, folder: Path, census: Census, python: str, uid: int | None) -> None:
        self.folder = folder
        self.census = census
        self.runs = folder / "r"
        self._python = python
        self._user = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        self.env = {
            **{name: text for name, text in os.environ.items() if "SCALEBOOK" not in name},
            "PYTHONPATH": os.pathsep.join([str(SOURCE), *site.getsitepackages()]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SCALEBOOK_RUN_DIR": str(self.runs),
            "SCALEBOOK_STORE": f"sqlite:///{folder / 'results.db'}",
            "SCALEBOOK_CHAPTERS": str(CHAPTERS),
        }
        if uid is not None:
            self.env |= {"HOME": str(folder), "SCALEBOOK_CACHE": str(folder / "cache")}

    def start(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """`scalebook ARGUMENTS` under way, with pipes for its output."""
        return self._popen(MAIN, *arguments, **env)

    def call(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """`scalebook ARGUMENTS`, to its end."""
        child = self.start(*arguments, **env)
        out, err = child.communicate()
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def next_start(self) -> Kept:
        """Make and remove a run directory, which sweeps; then read all that is stored."""
        child = self._popen(NEXT_START)
        out, err = child.communicate()
        if child.returncode:
            raise RuntimeError(err)
        found: dict[str, Any] = json.loads(out)
        return Kept(set(found["readable"]), found["integrity"])

    def run_directories(self) -> list[Path]:
        """What is left in the directory of runs, lock files included."""
        return sorted(self.runs.iterdir()) if self.runs.exists() else []

    def _popen(self, code: str, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        return self.census.start(
            [self._python, "-P", "-c", code, *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **self._user,
        )


@contextmanager
def places(uid: int | None = None) -> Iterator[Place]:
    """A place of this user, or of the user `uid` (only root can); it goes away at the end."""
    python = sys.executable if uid is None else ordinary_python()
    if python is None:
        raise RuntimeError("the ordinary user cannot run any Python that has the packages")
    folder = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        if uid is not None:
            os.chown(folder, uid, uid)
        with Census(folder) as census:
            yield Place(folder, census, python, uid)
    finally:
        shutil.rmtree(folder)


@functools.cache
def ordinary_python() -> str | None:
    """A Python of this version that an ordinary user may run, with the packages; None if none.

    ORDINARY_PYTHON names one of an environment of that user, as `.ci/run` makes.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    env = {"PYTHONPATH": os.pathsep.join([str(SOURCE), *site.getsitepackages()])}
    user = {"user": ORDINARY_UID, "group": ORDINARY_UID, "extra_groups": []}
    named = [os.environ["ORDINARY_PYTHON"]] if "ORDINARY_PYTHON" in os.environ else []
    for python in (*named, sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        command = [python, "-P", "-B", "-c", "import scalebook.engine, scalebook.cli.session"]
        try:
            options: Any = {"env": env, "cwd": "/", "capture_output": True, **user}
            if subprocess.run(command, check=False, **options).returncode == 0:
                return python
        except OSError:
            continue
    return None
