"""Pictures and code that were drawn before, kept in the user's cache by what they are made of."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scalebook.book.remembered import cache_folder
from scalebook.files import write_whole

__all__ = ["Kept"]

PACKAGE = Path(__file__).parents[1]
PARTS = ("book", "results", "stats")


class Kept:
    """A folder of texts by key; whatever is wrong with it costs time, and nothing else."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is by default `pictures` in the user's cache (or in SCALEBOOK_CACHE)."""
        self._folder = folder or cache_folder() / "pictures"

    def text(self, key: tuple[object, ...], make: Callable[[], str]) -> str:
        """What was made for this key by this version of the book, else what `make` makes now.

        The key is plain data and says all that the text depends on; errors of `make` pass.
        """
        name = hashlib.sha256(f"{_code()}{key!r}".encode()).hexdigest()[:32]
        file = self._folder / name
        with suppress(OSError, UnicodeDecodeError):
            text, _, end = file.read_bytes().decode().rpartition("\n")
            if end == name:  # Else it was cut short.
                return text
        made = make()
        # A cache that cannot be written only has to be filled again.
        with suppress(OSError):
            write_whole(file, f"{made}\n{name}")
        return made


@functools.cache
def _code() -> str:
    """A digest of the stamps of everything that draws."""
    files = [file for part in PARTS for file in sorted((PACKAGE / part).rglob("*.py"))]
    found = [(file, file.stat()) for file in files]
    stamps = [(file.name, stat.st_mtime_ns, stat.st_size) for file, stat in found]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()
