"""Write files so that nobody meets half of one, and make those that only their owner may read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scalebook.errors import HarnessError

__all__ = ["MAKING", "make_private", "whole_file", "write_whole"]

MAKING = threading.Lock()
"""Held while `make_private` has a file open, and by whoever must not open it at that moment."""


@contextmanager
def whole_file(path: Path, *, remedy: str | None = None) -> Iterator[Path]:
    """Yield a path to write to, which takes the place of `path` at the end, in one step.

    Where anything fails, `path` stays as it was and the other is removed. With a `remedy` an
    OSError becomes a HarnessError with that remedy. The folder is made where it is missing.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if remedy is None or not isinstance(error, OSError):
            raise
        what = f"{path} cannot be written: {error.strerror or error}"
        raise HarnessError(what, remedy=remedy) from error


def write_whole(path: Path, content: str | bytes, *, remedy: str | None = None) -> None:
    """Put text (as UTF-8) or bytes into a file in one step; errors as `whole_file` has them."""
    data = content.encode() if isinstance(content, str) else content
    with whole_file(path, remedy=remedy) as partial:
        partial.write_bytes(data)


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, with its folder, where there is none.

    A file that exists is not opened: closing it would take away the locks that SQLite holds on it
    in other threads of this process, as POSIX has it, and with them what they write.
    """
    with MAKING:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
