"""The cache of unpacked engines: each folder appears whole or not at all, and never changes."""

import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from scalebook.errors import HarnessError

__all__ = ["Entry", "cache_root", "entries", "sha256_of", "store"]

MANIFEST = "manifest.json"
SYSTEM_CACHE = Path("/var/cache/scalebook")
STALE_SECONDS = 3600.0


@dataclass(frozen=True)
class Entry:
    """One unpacked engine: its folder and what was recorded when it was verified."""

    folder: Path
    manifest: Mapping[str, Any]


def cache_root() -> Path:
    """Return the folder of this user's cache (root's can be read by the engines' spare uid)."""
    if chosen := os.environ.get("SCALEBOOK_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform != "win32" and os.geteuid() == 0:
        return SYSTEM_CACHE
    return platformdirs.user_cache_path("scalebook")


def entries(engine: str, source: str) -> list[Entry]:
    """Return what is unpacked for `engine` from `source`, newest first.

    An ordinary user also sees what root has unpacked for everybody.
    """
    roots = [cache_root()]
    if "SCALEBOOK_CACHE" not in os.environ and SYSTEM_CACHE not in roots:
        roots.append(SYSTEM_CACHE)
    found = [entry for root in roots for entry in _entries_in(root, f"{engine}-{source}-*")]
    return [e for e in found if (e.manifest["engine"], e.manifest["source"]) == (engine, source)]


def store(name: str, fill: Callable[[Path], Mapping[str, Any]]) -> Entry:
    """Return the folder `name` of the cache, made by `fill` unless it is there already.

    `fill` gets an empty folder and returns the manifest. Two processes may do this at once: one
    wins, the other uses the winner's. Raises HarnessError where the cache cannot be written.
    """
    root = cache_root()
    target = root / name
    if entry := _entry(target):
        return entry
    try:
        _prepare(root)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=root))
        try:
            manifest = fill(partial)
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            _open_to_readers(partial)
            _move(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise HarnessError(
            f"cannot unpack {name} into the cache {root}: {error}",
            remedy="free space there, or choose another folder: SCALEBOOK_CACHE=/path scalebook …",
        ) from error
    if entry := _entry(target):
        return entry
    raise HarnessError(
        f"{target} belongs to another user or others may write to it, so it is not trusted",
        remedy="remove it, or choose another folder: SCALEBOOK_CACHE=/path scalebook …",
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prepare(root: Path) -> None:
    """Make the cache folder and clear away what interrupted unpackings left."""
    if not root.exists():
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)
    for partial in root.glob(".partial-*"):
        if datetime.now(UTC).timestamp() - partial.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(partial, ignore_errors=True)


def _move(partial: Path, target: Path) -> None:
    """Rename `partial` to `target` in one step; an equal folder that came first stays."""
    try:
        partial.rename(target)
    except OSError:
        if not (target / MANIFEST).exists():
            raise


def _open_to_readers(folder: Path) -> None:
    """Let every user read (and run) what is in `folder`, and only its owner write."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)


def _entries_in(root: Path, pattern: str) -> Iterator[Entry]:
    folders = [f for f in root.glob(pattern) if (f / MANIFEST).exists()] if root.is_dir() else []
    for folder in sorted(folders, key=lambda f: f.stat().st_mtime, reverse=True):
        if entry := _entry(folder):
            yield entry


def _entry(folder: Path) -> Entry | None:
    """Read a folder of the cache; None if it is not there or another user could have changed it."""
    try:
        status = folder.stat()
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        return None
    return Entry(folder, json.loads(text))
