"""Claims that end with the process that holds them: run ids and spare user ids."""

import fcntl
import grp
import os
import pwd
import random
import socket
import stat
from pathlib import Path

import psutil

from scalebook.errors import HarnessError

__all__ = ["base_directory", "claim", "claim_port", "claim_spare_uid"]

SPARE_UIDS = range(61184, 65520)
PORTS = range(10_000, 32_768)  # Below what Linux and macOS hand out to outgoing connections.
LONGEST_BASE_BYTES = 45


def claim(path: Path) -> int | None:
    """A descriptor that holds an exclusive lock on the file, made if need be; None if taken.

    The claim lasts until each copy of the descriptor is closed. A file that was removed while it
    was being locked is not a claim.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def claim_spare_uid(base: Path) -> tuple[int, int, Path]:
    """A uid that no account and no live process uses, with the descriptor and file of its claim."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    for process in psutil.process_iter(["uids"]):
        taken.update(process.info["uids"] or ())
    free = [uid for uid in SPARE_UIDS if uid not in taken]
    random.shuffle(free)
    for uid in free:
        path = base / f"uid.{uid}"
        descriptor = claim(path)
        if descriptor is not None:
            return uid, descriptor, path
    raise HarnessError(
        f"no user id from {SPARE_UIDS.start} to {SPARE_UIDS.stop - 1} is free for the engines",
        remedy="End other runs, or run as an ordinary user.",
    )


def claim_port(base: Path) -> tuple[int, int, Path]:
    """A TCP port of 127.0.0.1 on which nobody listens, with the descriptor and file of its claim.

    No other run of this user gets it while the claim lasts. Raises HarnessError when all are taken.
    """
    for port in random.sample(PORTS, len(PORTS)):
        path = base / f"port.{port}"
        descriptor = claim(path)
        if descriptor is None:
            continue
        if _is_free(port):
            return port, descriptor, path
        path.unlink(missing_ok=True)
        os.close(descriptor)
    raise HarnessError(
        f"no port from {PORTS.start} to {PORTS.stop - 1} is free on 127.0.0.1",
        remedy="End other runs and servers of this machine.",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def base_directory() -> Path:
    """The folder of all runs of this user, made if need be; SCALEBOOK_RUN_DIR names another.

    Raises HarnessError when somebody else could have made or could change it.
    """
    uid = os.getuid()
    chosen = os.environ.get("SCALEBOOK_RUN_DIR")
    base = Path(chosen).absolute() if chosen else Path(f"/var/tmp/scalebook-{uid}")  # noqa: S108
    if len(os.fsencode(base)) > LONGEST_BASE_BYTES:
        raise HarnessError(
            f"the run directory {base} is too long for Unix sockets",
            remedy=f"Set SCALEBOOK_RUN_DIR to a path of at most {LONGEST_BASE_BYTES} bytes.",
        )
    mode = 0o711 if uid == 0 else 0o700  # The engines of root run as another user.
    base.mkdir(mode=mode, parents=True, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise HarnessError(
            f"{base} is a link or belongs to another user, so it cannot be trusted",
            remedy="Remove it, or set SCALEBOOK_RUN_DIR to a folder of your own.",
        )
    if stat.S_IMODE(found.st_mode) != mode:
        base.chmod(mode)
    _check_parents(base)
    return base


def _check_parents(base: Path) -> None:
    """Refuse a place that another user could exchange, or that engines of root cannot enter."""
    for parent in base.resolve().parents:
        found = parent.stat()
        shared = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
        if shared or found.st_uid not in (0, os.getuid()):
            raise HarnessError(
                f"{parent} can be changed by other users, so {base} cannot be trusted",
                remedy="Set SCALEBOOK_RUN_DIR to a folder below one of your own.",
            )
        if os.getuid() == 0 and not found.st_mode & stat.S_IXOTH:
            raise HarnessError(
                f"engines that root starts run as another user, who cannot enter {parent}",
                remedy="Set SCALEBOOK_RUN_DIR to a folder that everybody can enter.",
            )
