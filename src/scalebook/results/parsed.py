"""Python files as syntax trees: a lab is parsed once, however many want to look at it."""

import ast
import functools
from pathlib import Path

__all__ = ["parsed"]

KEPT = 32
"""Trees kept, for as long as their files do not change."""


def parsed(file: Path) -> ast.Module:
    """The tree of a file, to be read only; SyntaxError, ValueError or OSError without one."""
    found = file.stat()
    return _parsed(file, found.st_mtime_ns, found.st_size, found.st_ino)


@functools.lru_cache(maxsize=KEPT)
def _parsed(file: Path, *_stamp: int) -> ast.Module:
    return ast.parse(file.read_bytes(), filename=str(file))
