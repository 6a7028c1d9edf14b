"""Answers about files that are kept between runs, for as long as the files do not change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from scalebook.files import write_whole

__all__ = ["Remembered", "cache_folder"]

VERSION = 1


class Remembered:
    """A cache in one small JSON file; whatever is wrong with it costs time, and nothing else."""

    def __init__(self, name: str) -> None:
        """`name` is that of the file in the user's cache (or in SCALEBOOK_CACHE)."""
        self._file = cache_folder() / f"{name}.json"
        self._known = _load(self._file)
        self._changed = False

    @classmethod
    @contextmanager
    def kept(cls, name: str) -> Iterator[Self]:
        """The cache of that name, with new answers written back at the end."""
        remembered = cls(name)
        yield remembered
        remembered.save()

    def answer(self, *files: Path | str) -> Any:
        """What was put for these files as they are now; None for nothing."""
        known, stamp = self._known.get(str(files[0])), _stamp(files)
        return known[-1] if isinstance(known, list) and known[:-1] == stamp else None

    def put(self, answer: object, *files: Path | str) -> None:
        """Keep an answer, plain data, about these files as they are now."""
        if stamp := _stamp(files):
            self._known[str(files[0])] = [*stamp, answer]
            self._changed = True

    def save(self) -> None:
        """Write new answers to the file."""
        if not self._changed:
            return
        # A cache that cannot be written only has to be filled again.
        with suppress(OSError):
            write_whole(self._file, json.dumps(self._known))


def _stamp(files: tuple[Path | str, ...]) -> list[int]:
    """Numbers that change when one of the files does; none where one cannot be looked at."""
    try:
        found = [os.stat(file) for file in files]
    except OSError:
        return []
    return [VERSION, *(n for stat in found for n in (stat.st_mtime_ns, stat.st_size, stat.st_ino))]


def cache_folder() -> Path:
    """The user's cache for Scalebook, or SCALEBOOK_CACHE."""
    if folder := os.environ.get("SCALEBOOK_CACHE"):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("scalebook")


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
