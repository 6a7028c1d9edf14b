"""Kill every process of a run and remove its directory; as a script, do so when the runner dies.

A process belongs to a run when its working directory lies inside the run directory: that finds
PostgreSQL's backends too, which start their own sessions and overwrite their environment. The
script uses the standard library alone and is started by its path, so that it is ready quickly.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

__all__ = ["clear", "kill_inside", "processes_inside"]

PAUSE_SECONDS = 0.003
DELETED = " (deleted)"
SYSV_SEGMENT = re.compile(r"^\S+ \S+ \S+ \S+ (\d+) +/SYSV[0-9a-f]{8}", re.MULTILINE)
POSIX_SEGMENT = re.compile(r"(/dev/shm/PostgreSQL\.\d+)$", re.MULTILINE)


def processes_inside(directory: Path) -> list[int]:
    """The ids of the live processes, this one excepted, whose working directory is inside."""
    root = os.path.realpath(directory)
    own = os.getpid()
    return [
        pid
        for pid, cwd in _working_directories()
        if pid != own and (cwd in (root, root + DELETED) or cwd.startswith(root + "/"))
    ]


def kill_inside(directory: Path, *, seconds: float = 10.0) -> None:
    """SIGKILL every process inside until none is left, also stopped ones and new forks.

    Shared memory of killed PostgreSQL servers outlives them and is removed too.
    Raises TimeoutError when processes are still there after `seconds`.
    """
    deadline = time.monotonic() + seconds
    segments: set[tuple[str, int]] = set()
    while pids := processes_inside(directory):
        for pid in pids:
            segments |= _shared_memory(pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {pids} in {directory} do not die")
        time.sleep(PAUSE_SECONDS)
    for segment, uid in segments:
        _remove_segment(segment, uid)


def clear(directory: Path, *, seconds: float = 10.0) -> None:
    """Kill everything inside the directory, then remove it; a missing directory is fine.

    Raises TimeoutError or OSError when that is impossible within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        kill_inside(directory, seconds=seconds)
        try:
            shutil.rmtree(directory)
        except FileNotFoundError:
            if not directory.exists():
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(PAUSE_SECONDS)


def _working_directories() -> list[tuple[int, str]]:
    if not Path("/proc/self/cwd").exists():
        return _working_directories_by_psutil()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            # Gone, a zombie, or somebody else's: not a live process of ours.
            with contextlib.suppress(OSError):
                found.append((int(entry), os.readlink(f"/proc/{entry}/cwd")))
    return found


def _working_directories_by_psutil() -> list[tuple[int, str]]:
    import psutil

    processes = psutil.process_iter(["pid", "cwd"])
    return [(p.info["pid"], p.info["cwd"]) for p in processes if p.info["cwd"]]


def _shared_memory(pid: int) -> set[tuple[str, int]]:
    """Shared memory of a process that the kernel keeps when it dies, with the owner's uid."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
        uid = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return set()
    names = [*SYSV_SEGMENT.findall(maps), *POSIX_SEGMENT.findall(maps)]
    return {(name, uid) for name in names}


def _remove_segment(segment: str, uid: int) -> None:
    """Remove a segment when it belongs to `uid` and nobody is attached any more."""
    if segment.startswith("/"):
        with contextlib.suppress(FileNotFoundError):
            if os.lstat(segment).st_uid == uid:
                os.unlink(segment)
        return
    for line in Path("/proc/sysvipc/shm").read_text(encoding="utf-8").splitlines()[1:]:
        fields = line.split()
        identifier, attached, owner = fields[1], int(fields[6]), int(fields[7])
        if identifier == segment and attached == 0 and owner == uid:
            import ctypes

            ctypes.CDLL(None).shmctl(int(segment), 0, None)  # 0 is IPC_RMID


def _wait_for_end_of(runner: int) -> None:
    """Return when the runner is dead: its end of the pipe on standard input is closed.

    Where the kernel has them, a process descriptor says so even if a fork of the runner lives on.
    """
    poll = select.poll()
    poll.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
    if hasattr(os, "pidfd_open"):
        try:
            poll.register(os.pidfd_open(runner), select.POLLIN)
        except OSError:
            return
        if os.getppid() != runner:
            return
    poll.poll()


def _main() -> None:
    runner, directory, *locks = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _wait_for_end_of(int(runner))
    clear(Path(directory))
    for lock in locks:
        Path(lock).unlink(missing_ok=True)


if __name__ == "__main__":
    _main()
