"""The private directory of one run: every process of the run lives in it and goes with it."""

import contextlib
import logging
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from scalebook.errors import HarnessError
from scalebook.services import watch
from scalebook.services.claims import base_directory, claim, claim_port, claim_spare_uid

__all__ = ["RunDirectory"]

LOG = logging.getLogger(__name__)
LONGEST_NAME = 24
RUN_ID = re.compile(r"[0-9a-f]{8}")
WATCHER_SECONDS = 5.0
Stream = int | IO[Any] | None


class RunDirectory:
    """A directory that nobody else can enter, with a watcher that outlives the runner.

    `path`: the directory. `id`: eight hexadecimal digits. `uid`, `gid`: the spare user of this
    run's engines when the runner is root, else None. Use it as a context manager, or `close()` it.
    """

    def __init__(self, base: Path) -> None:
        """Make the directory under `base`; `RunDirectory.create()` is the way to call this."""
        self._locks: dict[Path, int] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._names: set[str] = set()
        self._closed = False
        self._lent: tuple[int, ...] = ()
        self._env: dict[str, str] = {}
        self._mutex = threading.Lock()
        self.uid: int | None = None
        self.gid: int | None = None
        self.id = self._claim_id(base)
        self.path = base / self.id
        self._base = base
        if os.getuid() == 0:
            self.uid, descriptor, lock = claim_spare_uid(base)
            self.gid = self.uid
            self._locks[lock] = descriptor
        self.path.mkdir(mode=0o700)
        if self.gid is not None:
            os.chown(self.path, 0, self.gid)
            self.path.chmod(0o710)  # The engines may pass through to their own folders, no more.
        self._watcher: subprocess.Popen[bytes] | None = self._watch()

    @classmethod
    def create(cls) -> Self:
        """Clean up after dead runs of this user, then make the directory of a new one.

        Raises HarnessError when the place for run directories cannot be trusted or made.
        """
        base = base_directory()
        _sweep(base)
        try:
            return cls(base)
        except OSError as error:
            raise HarnessError(
                f"cannot make a run directory in {base}: {error}",
                remedy="Free some space there, or set SCALEBOOK_RUN_DIR to another folder.",
            ) from error

    @classmethod
    def inside(
        cls, folder: Path, descriptors: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> Self:
        """A run in a folder of another run, whose owner watches over it and removes it.

        Every process of the run gets the `descriptors`, and `env` besides its own environment.
        """
        run = cls.__new__(cls)
        run._locks, run._children, run._names = {}, [], set()
        run._closed, run._mutex, run._watcher = False, threading.Lock(), None
        run._lent, run._env = tuple(descriptors), dict(env or {})
        run.uid = run.gid = None
        run.id, run.path = secrets.token_hex(4), folder
        run._base = folder
        return run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def folder(self, name: str, *, as_engine: bool = True) -> Path:
        """A new 0700 folder for one process, owned by the spare user if there is one.

        The name is shortened and made unique, so that socket paths stay under 100 bytes.
        """
        short = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST_NAME] or "service"
        with self._mutex:
            unique = short
            while unique in self._names:
                unique = f"{short}-{secrets.token_hex(2)}"
            self._names.add(unique)
        path = self.path / unique
        path.mkdir(mode=0o700)
        if as_engine:
            self.give(path)
        return path

    def give(self, path: Path) -> None:
        """Let the engines' user own this file or folder (nothing to do unless root)."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def port(self) -> int:
        """A port of 127.0.0.1 for one process of this run, claimed until the run is closed.

        For engines whose nodes know each other by TCP address alone. Raises HarnessError when
        every port is taken, or when the run is closed.
        """
        with self._mutex:
            if self._closed:
                raise HarnessError(f"the run {self.id} is closed, so it claims no port")
            port, descriptor, lock = claim_port(self._base)
            self._locks[lock] = descriptor
        return port

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        as_engine: bool = True,
        uid: int | None = None,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process of this run: the only way in which processes are started.

        `cwd` must lie inside the run directory, which is how the process is found again. Output
        is appended to `log` (`stdout` can lead elsewhere). With `as_engine` a process of root
        drops to the spare user (`uid` names another). The environment is `env` and little else.
        Raises HarnessError when the run is closed or the command cannot be started.
        """
        if not cwd.is_relative_to(self.path):
            raise HarnessError(f"the working directory {cwd} is outside the run {self.path}")
        drop: dict[str, Any] = {}
        if as_engine and self.uid is not None:
            drop = {"user": uid or self.uid, "group": self.gid, "extra_groups": []}
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        minimal = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(cwd), "LANG": "C.UTF-8"}
        with self._mutex, os.fdopen(os.open(log, flags, 0o600), "ab") as output:
            if self._closed:
                raise HarnessError(f"the run {self.id} is closed, so {command[0]} cannot start")
            try:
                child = subprocess.Popen(
                    [os.fspath(word) for word in command],
                    cwd=cwd,
                    env={**minimal, **self._env, **(env or {})},
                    stdin=stdin,
                    stdout=output if stdout is None else stdout,
                    stderr=output,
                    start_new_session=True,
                    umask=0o077,
                    pass_fds=self._lent,
                    **drop,
                )
            except OSError as error:
                raise HarnessError(
                    f"cannot start {command[0]}: {error}",
                    remedy="Look at what was found on this machine: scalebook doctor",
                ) from error
            self._children.append(child)
        return child

    def close(self) -> None:
        """Kill every process of the run and remove the directory; doing so twice is fine."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
        try:
            watch.clear(self.path)
        finally:
            for child in self._children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=1)
                for stream in (child.stdin, child.stdout):
                    if stream is not None:
                        with contextlib.suppress(BrokenPipeError):
                            stream.close()
            self._end_watcher()

    def _claim_id(self, base: Path) -> str:
        while True:
            identifier = secrets.token_hex(4)
            lock = base / f"{identifier}.lock"
            descriptor = claim(lock)
            if descriptor is not None:
                self._locks[lock] = descriptor
                return identifier

    def _watch(self) -> subprocess.Popen[bytes]:
        """Start the watcher; it shares the locks, so nobody sweeps while it cleans."""
        isolated = ["-I", "-S"] if sys.platform == "linux" else ["-I"]
        script = [sys.executable, *isolated, watch.__file__]
        return subprocess.Popen(
            [*script, str(os.getpid()), str(self.path), *map(str, self._locks)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=list(self._locks.values()),
            start_new_session=True,
        )

    def _end_watcher(self) -> None:
        for lock in self._locks:
            lock.unlink(missing_ok=True)
        if self._watcher is not None:
            if self._watcher.stdin is not None:
                self._watcher.stdin.close()
            try:
                self._watcher.wait(timeout=WATCHER_SECONDS)
            except subprocess.TimeoutExpired:
                self._watcher.kill()
                self._watcher.wait()
        for descriptor in self._locks.values():
            os.close(descriptor)


def _sweep(base: Path) -> None:
    """Clean up after runs that are dead, watcher included: their locks are free."""
    for path in sorted(base.iterdir()):
        stem = path.name.removesuffix(".lock")
        is_run = RUN_ID.fullmatch(stem) is not None
        if not is_run and not path.name.startswith(("uid.", "port.")):
            continue
        lock = base / f"{stem}.lock" if is_run else path
        descriptor = claim(lock)
        if descriptor is None:
            continue
        try:
            if is_run:
                watch.clear(base / stem)
            lock.unlink(missing_ok=True)
        except OSError as error:
            LOG.warning("cannot clean up after the dead run %s: %s", base / stem, error)
        finally:
            os.close(descriptor)
