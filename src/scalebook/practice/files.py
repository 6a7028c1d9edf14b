"""The learner's files: which unit each belongs to, where a new one goes, when one has changed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalebook.errors import UsageError
from scalebook.files import write_whole
from scalebook.practice.starter import MARK

__all__ = ["Solution", "changes", "read_solution", "solution_here", "starter_name", "write_anew"]

LARGEST_BYTES = 1_000_000
POLL_SECONDS = 0.3
LINE = re.compile(rf"^{re.escape(MARK)} ([a-z0-9-]+/[a-z0-9-]+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Solution:
    """A learner's file as it was read."""

    path: Path
    text: str
    unit: str


def starter_name(unit: str) -> str:
    """The name of a unit's starter: one that Python could import."""
    return unit.replace("/", "_").replace("-", "_") + ".py"


def write_anew(path: Path, text: str) -> None:
    """Put `text` into the file in one step: a reader sees the old file or the new one."""
    write_whole(path, text, remedy="choose another --to")


def read_solution(path: Path) -> Solution:
    """Read a learner's file. `UsageError` where it is none, or does not say of which unit."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path} is larger than 1 MB", remedy="name the file of your solution")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        remedy = "make one with: scalebook practice UNIT"
        raise UsageError(f"{path}: {error.strerror or error}", remedy=remedy) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text", remedy="save it as UTF-8") from None
    found = LINE.search(text)
    if found is None:
        remedy = f"keep the line of the starter that begins with: {MARK}"
        raise UsageError(f"{path} does not say which unit it practises", remedy=remedy)
    return Solution(path, text, found[1])


def solution_here(folder: Path) -> Path:
    """The one learner's file in a folder; `UsageError` where there is none, or more than one."""
    found = []
    for path in sorted(folder.glob("*.py")):
        try:
            read_solution(path)
        except UsageError:
            continue
        found.append(path)
    if len(found) == 1:
        return found[0]
    if not found:
        remedy = "make one with: scalebook practice UNIT"
        raise UsageError(f"no exercise in {folder}", remedy=remedy)
    names = ", ".join(path.name for path in found)
    raise UsageError(f"more than one exercise in {folder}", remedy=f"name one of {names}")


def changes(path: Path, poll_seconds: float = POLL_SECONDS) -> Iterator[None]:
    """Yield now, and whenever the file's text has changed since the last time.

    It is read again and again, which also works where a file is saved by renaming another, and
    where the system tells of no changes. A file that is gone for a moment is waited for.
    """
    last: bytes | None = None
    while True:
        try:
            text = path.read_bytes()
        except OSError:
            text = last or b""
        if text != last:
            last = text
            yield
        time.sleep(poll_seconds)
